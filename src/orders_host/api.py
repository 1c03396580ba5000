"""The API's rows of the host's table: made from the contract, answered by the application."""

import base64
from typing import Any, Final
from urllib.parse import parse_qs

from orders_core.proxy import ProxyEvent, ProxyResponse, preflight_headers
from orders_host.invocation import Invocation
from orders_host.routing import Answer, Call, Route

_METHODS: Final = ("get", "post", "put", "patch", "delete")


def api_routes(contract: dict[str, Any], invocation: Invocation, cors_allow_origin: str) -> list[Route]:
    """A route for each path of the contract."""
    return [
        api_route(
            template,
            sorted(method.upper() for method in _METHODS if method in path),
            _answer_of(template, invocation),
            cors_allow_origin,
        )
        for template, path in contract["paths"].items()
    ]


def api_route(
    template: str, methods: list[str], answer: Answer, cors_allow_origin: str, streamed: bool = False
) -> Route:
    """A route that is limited and authorized, and whose preflights are answered."""
    known = (*methods, "OPTIONS")
    preflight = preflight_headers(cors_allow_origin, known)
    return Route(template, known, answer, True, True, streamed, preflight)


def _answer_of(template: str, invocation: Invocation) -> Answer:
    async def answer(call: Call) -> ProxyResponse:
        return await invocation(to_event(template, call))

    return answer


def to_event(template: str, call: Call) -> ProxyEvent:
    """The event that API Gateway would make of the request."""
    request = call.request
    try:
        text, encoded = call.body.decode(), False
    except UnicodeDecodeError:
        text, encoded = base64.b64encode(call.body).decode(), True
    return {
        "resource": template,
        "path": request.path,
        "httpMethod": request.method,
        "headers": request.headers,
        "multiValueQueryStringParameters": (
            parse_qs(request.query_string, keep_blank_values=True) if request.query_string else None
        ),
        "pathParameters": call.parameters or None,
        "requestContext": {
            "requestId": request.id,
            "path": request.root_path + request.path,
            "authorizer": {"claims": call.claims},
        },
        "body": text or None,
        "isBase64Encoded": encoded,
    }
