"""API Gateway's Lambda proxy integration (REST, payload version 1): its event and its response.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Final, NotRequired, TypedDict

from msgspec import Struct

from orders_core.access import Caller, caller_from
from orders_core.models import Order
from orders_core.parameter_table import HEADERS
from orders_core.problems import CONTENT_TYPE, Problem, unauthorized

ALLOWED_REQUEST_HEADERS: Final = (
    "Authorization",
    "Content-Type",
    *HEADERS,
    "X-Api-Key",
    "X-Correlation-Id",
)
EXPOSED_HEADERS: Final = (
    "ETag",
    "Idempotent-Replayed",
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "x-amzn-ErrorType",
    "x-amzn-RequestId",
)


class Authorizer(TypedDict):
    """What API Gateway's authorizer found: the token's claims."""

    claims: Mapping[str, str]


class RequestContext(TypedDict):
    """What API Gateway says about the request besides its content."""

    requestId: str
    path: str
    authorizer: NotRequired[Authorizer]


class ProxyEvent(TypedDict):
    """A request as API Gateway's Lambda proxy integration sends it (payload format 1.0)."""

    httpMethod: str
    resource: str
    path: str
    headers: Mapping[str, str] | None
    multiValueQueryStringParameters: Mapping[str, list[str]] | None
    pathParameters: Mapping[str, str] | None
    requestContext: RequestContext
    body: str | None
    isBase64Encoded: bool


class ProxyResponse(TypedDict):
    """A response as API Gateway's Lambda proxy integration takes it."""

    statusCode: int
    headers: dict[str, str]
    body: str
    isBase64Encoded: bool


class Outcome(Struct, frozen=True):
    """What came of a request: the response, the orders it placed, the slug of the problem it met.

    `cause` is why the store could not answer: for the log, never for the client.
    """

    response: ProxyResponse
    placed: tuple[Order, ...] = ()
    problem: str | None = None
    cause: str | None = None


class Request:
    """What the operations read of an event."""

    def __init__(self, event: ProxyEvent) -> None:
        self.method = event["httpMethod"]
        self.resource = event["resource"]
        self.context = event["requestContext"]
        self.id = self.context["requestId"]
        self.path_parameters = event["pathParameters"] or {}
        self.query = event["multiValueQueryStringParameters"] or {}
        self.headers = {name.lower(): value for name, value in (event["headers"] or {}).items()}
        self._event = event

    @property
    def caller(self) -> Caller:
        """The caller that the authorizer has verified.

        Raises:
            Problem: 401, there is none.
        """
        try:
            return caller_from(self.context["authorizer"]["claims"])
        except (KeyError, TypeError):
            raise unauthorized() from None

    @property
    def body(self) -> bytes:
        """The body's bytes; empty when there is none."""
        text = self._event["body"] or ""
        return base64.b64decode(text) if self._event["isBase64Encoded"] else text.encode()


def response(status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> ProxyResponse:
    """A response with a JSON body, or with none."""
    content_type = {"Content-Type": "application/json"} if body else {}
    return {
        "statusCode": status,
        "headers": {**content_type, **(headers or {})},
        "body": body.decode(),
        "isBase64Encoded": False,
    }


def problem_response(problem: Problem, request_id: str) -> ProxyResponse:
    """A response with the problem's document."""
    headers = {"Content-Type": CONTENT_TYPE, **problem.headers}
    return response(problem.kind.status, problem.document(request_id), headers)


def common_headers(cors_allow_origin: str) -> dict[str, str]:
    """Headers of every response: browsers may read it, and no cache may answer in our place."""
    headers = {
        "Access-Control-Allow-Origin": cors_allow_origin,
        "Access-Control-Expose-Headers": ", ".join(EXPOSED_HEADERS),
        "Cache-Control": "private, no-cache",
        "X-Content-Type-Options": "nosniff",
    }
    return headers if cors_allow_origin == "*" else headers | {"Vary": "Origin"}


def preflight_headers(cors_allow_origin: str, methods: Sequence[str]) -> dict[str, str]:
    """What the answer to a CORS preflight carries (https://fetch.spec.whatwg.org/#http-cors-protocol)."""
    return common_headers(cors_allow_origin) | {
        "Access-Control-Allow-Methods": ", ".join(methods),
        "Access-Control-Allow-Headers": ", ".join(ALLOWED_REQUEST_HEADERS),
        "Access-Control-Max-Age": "600",
        "Allow": ", ".join(methods),
    }
