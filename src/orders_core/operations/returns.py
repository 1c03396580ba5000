"""Request a return of a delivered order, and move it."""

import uuid

from orders_core import parameters, problems, returns
from orders_core.models import Order, Return, check_version
from orders_core.operations.common import (
    Clock,
    added,
    amount_in,
    id_for,
    order_id_of,
    order_response,
    read_body,
    rewrite,
)
from orders_core.problems import Problem
from orders_core.proxy import Outcome, Request
from orders_core.schemas import ReturnInput, ReturnMove
from orders_core.stores import Store


def request_return(request: Request, store: Store, clock: Clock) -> Outcome:
    """Add a return to a delivered order: 201, or the earlier answer if its Idempotency-Key was used."""
    caller = request.caller
    parameters.reject_query(request.query)
    versions = parameters.if_match(request.headers)
    key = parameters.idempotency_key(request.headers)
    body = read_body(request, ReturnInput)
    order_id = order_id_of(request)
    return_id = id_for(caller.sub, order_id, key) if key else str(uuid.uuid4())
    quantities = [(line.line, line.quantity) for line in body.lines]

    def add(order: Order) -> Order:
        existing = returns.find(order, return_id)
        if existing is not None:
            # Before the version is judged: a retry knows the version from before its first attempt.
            _check_same(existing, quantities, body.reason)
            return order
        check_version(order, versions)
        return returns.request(order, return_id, quantities, body.reason, at=clock(), by=caller.sub)

    return added(request, store, return_id, add)


def move_return(request: Request, store: Store, clock: Clock) -> Outcome:
    """Move a return to another status."""
    caller = request.caller
    parameters.reject_query(request.query)
    versions = parameters.if_match(request.headers)
    body = read_body(request, ReturnMove)
    return_id = request.path_parameters["return_id"].lower()

    def move(order: Order) -> Order:
        returns.get(order, return_id)
        check_version(order, versions)
        refund = amount_in(body, "shipping_refund", order.content.currency)
        return returns.move(order, return_id, body.status, at=clock(), by=caller.sub, shipping_refund=refund)

    return Outcome(order_response(request, 200, rewrite(request, store, move)[1]))


def _check_same(existing: Return, quantities: list[tuple[int, int]], reason: str) -> None:
    if (existing.reason, [(line.line, line.quantity) for line in existing.lines]) != (reason, quantities):
        detail = "This Idempotency-Key came with another return before; use a new key for a new one."
        raise Problem(problems.IDEMPOTENCY_KEY_REUSED, detail)
