"""The embedded gateway: route → rate limit → authorizer → body → answer, as API Gateway does it."""

import logging
import uuid
from contextlib import AbstractAsyncContextManager
from functools import partial
from time import perf_counter, time
from typing import NamedTuple

from orders_core import problems
from orders_core.problems import Problem, problem_from
from orders_core.proxy import ProxyResponse, common_headers, problem_response, response
from orders_host.access_log import AccessLog, AccessLogEntry, shortened
from orders_host.api_keys import ApiKey, ApiKeys
from orders_host.asgi import Receive, Scope, Send
from orders_host.authorizer import Authorizer, Reason, Unauthorized
from orders_host.connections import CONNECTION, BoundedConnection
from orders_host.metrics import PrometheusTelemetry
from orders_host.proxy import HttpRequest, http_request, read_body, send_response
from orders_host.routing import Authorize, Call, Match, Router
from orders_host.spans import Export, Span, SpanKind
from orders_host.streaming import Streamed, send_stream
from orders_host.throttling import Decision, Throttle
from orders_host.tracing import current, new_id, trace_of

_log = logging.getLogger(__name__)


class Dependencies(NamedTuple):
    """What the gateway is made of."""

    router: Router
    throttle: Throttle
    api_keys: ApiKeys
    require_api_key: bool
    authorizer: Authorizer
    telemetry: PrometheusTelemetry
    access_log: AccessLog
    export: Export | None
    cors_allow_origin: str
    root_path: str


class RequestContext:
    """One request on its way through the pipeline, and what was learned about it."""

    def __init__(self, request: HttpRequest, match: Match | None, receive: Receive) -> None:
        self.request = request
        self.match = match
        self.receive = receive
        self.trace = trace_of(request.headers)
        self.key: ApiKey | None = None
        self.claims: dict[str, str] = {}
        self.decision: Decision | None = None
        self.error: str | None = None
        self.authorizer_error: str | None = None
        self.integration_seconds: float | None = None

    @property
    def resource(self) -> str | None:
        """The API's resource that was asked for; None for pages and for what is not there."""
        return self.match.route.template if self.match and self.match.route.authorized else None


class Gateway:
    """The ASGI application."""

    def __init__(self, parts: Dependencies, lifespan: AbstractAsyncContextManager[None]) -> None:
        self._parts = parts
        self._lifespan = lifespan
        self._common_headers = common_headers(parts.cors_allow_origin)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope: a request, or the lifespan."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = perf_counter()
        request = http_request(scope, _request_id(), self._parts.root_path)
        exchange = RequestContext(request, self._parts.router.match(request.path), receive)
        current.set(exchange.trace)
        connection: BoundedConnection | None = scope.get(CONNECTION)
        if connection is not None:
            # A client that does not read its answers gets no further ones made for it.
            await connection.until_writable()
        try:
            answer = await self._answer(exchange)
        except ConnectionResetError:
            return
        limits = exchange.decision.headers() if exchange.decision else {}
        headers = {**limits, "x-amzn-RequestId": exchange.request.id}
        if isinstance(answer, Streamed):
            abort = connection.abort if connection else _no_connection
            status, length = 200, await send_stream(send, receive, answer, headers, abort)
        else:
            status, length = answer["statusCode"], await send_response(send, answer, headers)
        self._note(exchange, status, length, perf_counter() - started)

    async def _answer(self, exchange: RequestContext) -> ProxyResponse | Streamed:
        request = exchange.request
        try:
            self._limit_rate(exchange)
            return await self._answer_by_route(exchange)
        except ConnectionResetError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever happens, the client gets an answer
            problem = problem_from(error)
            if problem.kind is problems.INTERNAL_ERROR:
                _log.exception("unexpected error in request %s", request.id)
            exchange.error = problem.detail
            refused = problem_response(problem, request.id)
            refused["headers"].update(self._common_headers)
            return refused

    async def _answer_by_route(self, exchange: RequestContext) -> ProxyResponse | Streamed:
        request, (route, parameters) = exchange.request, _found(exchange.match)
        if request.method not in route.methods:
            raise problems.method_not_allowed(request.method, route.methods)
        if request.method == "OPTIONS":
            return response(204, headers=route.preflight)
        if route.authorized:
            await self._authorize(exchange)
        body = b"" if route.streamed else await read_body(request, exchange.receive)
        started = perf_counter()
        call = Call(request, parameters, exchange.claims, body, self._authorize_again(request))
        answer = await route.answer(call)
        if exchange.resource and not route.streamed:
            exchange.integration_seconds = perf_counter() - started
        return answer

    def _limit_rate(self, exchange: RequestContext) -> None:
        throttle, request = self._parts.throttle, exchange.request
        if _counts_for_the_api(request, exchange.match):
            self._find_key(exchange)
            exchange.decision = throttle.admit(request.address, exchange.key)
        else:
            exchange.decision = throttle.admit_page(request.address)
        if not exchange.decision.admitted:
            raise _throttled(exchange.decision)

    def _find_key(self, exchange: RequestContext) -> None:
        secret = exchange.request.headers.get("x-api-key")
        exchange.key = self._parts.api_keys.find(secret) if secret else None

    async def _authorize(self, exchange: RequestContext) -> None:
        headers = exchange.request.headers
        try:
            exchange.claims = await self._parts.authorizer.authorize(headers.get("authorization"))
        except Unauthorized as refused:
            exchange.authorizer_error = shortened(str(refused))
            if refused.reason is Reason.KEYS_UNAVAILABLE:
                raise problems.service_unavailable() from None
            problem = problems.token_expired if refused.reason is Reason.EXPIRED else problems.unauthorized
            raise problem(None if refused.reason is Reason.MISSING else refused.detail) from None
        wanted = self._parts.require_api_key or "x-api-key" in headers
        if wanted and exchange.key is None:
            raise problems.invalid_api_key()
        if exchange.key is not None and exchange.decision is not None:
            exchange.decision = self._parts.throttle.count_authorized(exchange.decision, exchange.key)
            if not exchange.decision.admitted:
                raise _throttled(exchange.decision)

    def _authorize_again(self, request: HttpRequest) -> Authorize:
        return partial(self._parts.authorizer.authorize, request.headers.get("authorization"))

    def _note(self, exchange: RequestContext, status: int, length: int, seconds: float) -> None:
        request, resource = exchange.request, exchange.resource
        self._parts.telemetry.answered(request.method, resource or "other", status, seconds)
        self._parts.access_log.write(
            AccessLogEntry(
                request_id=request.id,
                ip=request.address,
                method=request.method,
                path=shortened(request.path) or "",
                resource_path=resource,
                status=status,
                latency=round(seconds * 1000, 3),
                response_length=length,
                user_agent=shortened(request.headers.get("user-agent")),
                time=int(time() * 1000),
                sub=shortened(exchange.claims.get("sub")),
                api_key_id=exchange.key.id if exchange.key else None,
                error_message=shortened(exchange.error),
                authorizer_error=exchange.authorizer_error,
                integration_latency=_milliseconds(exchange.integration_seconds),
                xray_trace_id=exchange.trace.xray_id,
            )
        )
        if self._parts.export is not None and exchange.trace.sampled:
            self._parts.export(_span(exchange, resource or "other", status, seconds))

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        async with self._lifespan:
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})


def _found(match: Match | None) -> Match:
    if match is None:
        raise problems.no_such_resource()
    return match


def _counts_for_the_api(request: HttpRequest, match: Match | None) -> bool:
    """Whether a request is for the API. A preflight only asks what another request may do."""
    if request.method == "OPTIONS":
        return False
    return match.route.limited if match else request.path.startswith("/v1/")


def _span(exchange: RequestContext, resource: str, status: int, seconds: float) -> Span:
    """The span of an answered request: https://opentelemetry.io/docs/specs/semconv/http/http-spans/ ."""
    request, trace, end = exchange.request, exchange.trace, time()
    attributes: dict[str, str | int] = {
        "http.request.method": request.method,
        "http.route": resource,
        "http.response.status_code": status,
        "url.path": request.path,
        "aws.request_id": request.id,
    }
    name = f"{request.method} {resource}"
    return Span(trace, name, SpanKind.SERVER, end - seconds, end, attributes, failed=status >= 500)


def _request_id() -> str:
    # It names the request, as a span's id does, and is no secret.
    return str(uuid.UUID(hex=new_id(16), version=4))


def _no_connection() -> None:
    """Stands for `abort` where another server than the host's own runs the gateway."""


def _throttled(decision: Decision) -> Problem:
    refuse = problems.quota_exceeded if "daily" in decision.violated else problems.throttled
    return refuse(decision.retry_after)


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 3)
