"""The application: an API Gateway proxy event in, a proxy response out, whichever host calls it."""

from collections.abc import Mapping
from contextlib import suppress
from time import perf_counter
from typing import Final

from orders_core import access, problems
from orders_core.operations import (
    comments,
    customers,
    orders,
    payments,
    placing,
    reports,
    returns,
    shipments,
    webhooks,
)
from orders_core.operations.common import Clock, Operation
from orders_core.problems import Problem, problem_from
from orders_core.proxy import Outcome, ProxyEvent, ProxyResponse, Request, common_headers, problem_response
from orders_core.stores import Store, StoreUnavailable
from orders_core.telemetry import Observation, Placed, Telemetry
from orders_core.timed_store import TimedStore
from orders_core.timestamps import utc_now

ROUTES: Final[Mapping[tuple[str, str], Operation]] = {
    ("POST", "/v1/orders"): placing.create_order,
    ("POST", "/v1/orders:batch"): placing.create_orders,
    ("GET", "/v1/orders"): orders.list_orders,
    ("GET", "/v1/orders/stats"): reports.get_statistics,
    ("GET", "/v1/orders/export"): reports.export_orders,
    ("GET", "/v1/orders/{order_id}"): orders.get_order,
    ("PUT", "/v1/orders/{order_id}"): orders.replace_order,
    ("PATCH", "/v1/orders/{order_id}"): orders.change_order,
    ("DELETE", "/v1/orders/{order_id}"): orders.delete_order,
    ("GET", "/v1/orders/{order_id}/events"): reports.list_order_events,
    ("POST", "/v1/orders/{order_id}/returns"): returns.request_return,
    ("PUT", "/v1/orders/{order_id}/returns/{return_id}"): returns.move_return,
    ("POST", "/v1/orders/{order_id}/payments"): payments.record_payment,
    ("PUT", "/v1/orders/{order_id}/payments/{payment_id}"): payments.move_payment,
    ("POST", "/v1/orders/{order_id}/shipments"): shipments.record_shipment,
    ("POST", "/v1/orders/{order_id}/comments"): comments.write_comment,
    ("GET", "/v1/customers/{customer}/personal-data"): customers.export_customer,
    ("DELETE", "/v1/customers/{customer}/personal-data"): customers.erase_customer,
    ("GET", "/v1/webhooks"): webhooks.list_webhooks,
    ("POST", "/v1/webhooks"): webhooks.create_webhook,
    ("GET", "/v1/webhooks/{webhook_id}"): webhooks.get_webhook,
    ("PATCH", "/v1/webhooks/{webhook_id}"): webhooks.change_webhook,
    ("DELETE", "/v1/webhooks/{webhook_id}"): webhooks.delete_webhook,
    ("POST", "/v1/webhooks/{webhook_id}/secret"): webhooks.rotate_webhook_secret,
    ("GET", "/v1/webhooks/{webhook_id}/deliveries"): webhooks.list_webhook_deliveries,
    ("POST", "/v1/webhooks/{webhook_id}/replay"): webhooks.replay_webhook,
}
"""The operation of each method and resource; openapi.yaml and both hosts route by it."""


_UNKNOWN_REQUEST: Final = "00000000-0000-0000-0000-000000000000"


class Application:
    """Answers every event; an exception never leaves it."""

    def __init__(
        self,
        store: Store,
        telemetry: Telemetry,
        cors_allow_origin: str = "*",
        clock: Clock = utc_now,
    ) -> None:
        self._store = store
        self._telemetry = telemetry
        self._clock = clock
        self._common_headers = common_headers(cors_allow_origin)

    def __call__(self, event: ProxyEvent, context: object = None) -> ProxyResponse:
        """Answer one event of API Gateway's proxy integration; `context` is Lambda's and is not read."""
        started = perf_counter()
        store = TimedStore(self._store)
        try:
            request = Request(event)
        except Exception:  # noqa: BLE001 - an event that no gateway sends is answered like any other fault
            return self._crashed(_UNKNOWN_REQUEST)
        outcome = self._answer(request, store)
        outcome.response["headers"].update(self._common_headers)
        try:
            self._telemetry.record(_observe(request, outcome, perf_counter() - started, store))
        except Exception:  # noqa: BLE001 - what was done is done, and its answer must be told
            self._report_crash(request.id)
        return outcome.response

    def _crashed(self, request_id: str) -> ProxyResponse:
        self._report_crash(request_id)
        response = problem_response(problems.internal_error(), request_id)
        response["headers"].update(self._common_headers)
        return response

    def _report_crash(self, request_id: str) -> None:
        with suppress(Exception):  # a telemetry that fails can't report it
            self._telemetry.crashed(request_id)

    def _answer(self, request: Request, store: Store) -> Outcome:
        try:
            operation = ROUTES.get((request.method, request.resource))
            if operation is None:
                raise no_such_route(request.method, request.resource)
            access.require_permission(request.caller, operation.__name__)
            return operation(request, store, self._clock)
        except Exception as error:  # noqa: BLE001 - the last line of defence: whatever happens, the client gets an answer
            problem = problem_from(error)
            if problem.kind is problems.INTERNAL_ERROR:
                self._report_crash(request.id)
            cause = str(error) if isinstance(error, StoreUnavailable) else None
            return Outcome(problem_response(problem, request.id), problem=problem.kind.slug, cause=cause)


def no_such_route(method: str, resource: str) -> Problem:
    """404 for a resource that does not exist, 405 for a method that it does not have."""
    methods = sorted(known for known, path in ROUTES if path == resource)
    if not methods:
        return problems.no_such_resource()
    return problems.method_not_allowed(method, [*methods, "OPTIONS"])


def _observe(request: Request, outcome: Outcome, duration: float, store: TimedStore) -> Observation:
    operation = ROUTES.get((request.method, request.resource))
    return Observation(
        operation=operation.__name__ if operation else "none",
        status=outcome.response["statusCode"],
        request_id=request.id,
        correlation_id=request.headers.get("x-correlation-id", request.id)[:128],
        caller=request.context.get("authorizer", {}).get("claims", {}).get("sub", ""),
        duration_seconds=duration,
        store_seconds=store.seconds,
        store_calls=store.calls,
        problem=outcome.problem,
        placed=[Placed(each.content.total_amount, each.content.currency) for each in outcome.placed],
        cause=outcome.cause,
    )
