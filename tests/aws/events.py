"""Builds the proxy event that API Gateway hands to the function.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

import json
import uuid
from collections.abc import Mapping

ORDERS = "/v1/orders"
ORDER = "/v1/orders/{order_id}"
TOKEN = "eyJhbGciOiJSUzI1NiJ9.a-token-that-no-log-may-show.signature"

Event = dict[str, object]


def proxy_event(
    method: str,
    resource: str,
    *,
    sub: str = "ana",
    groups: str | None = None,
    order_id: str | None = None,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    body: object = None,
) -> Event:
    """A request of the user `sub`, whose token the authorizer has verified.

    Args:
        groups: the claim `cognito:groups` as API Gateway writes it, such as "[staff]".
        body: what to send as JSON.
    """
    path = resource.replace("{order_id}", order_id or "")
    sent = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json", **(headers or {})}
    claims = {"sub": sub, "email": f"{sub}@example.com", "token_use": "id"}
    if groups is not None:
        claims["cognito:groups"] = groups
    return {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": _listed(sent),
        "queryStringParameters": dict(query) if query else None,
        "multiValueQueryStringParameters": _listed(query) if query else None,
        "pathParameters": {"order_id": order_id} if order_id else None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": resource,
            "httpMethod": method,
            "path": f"/test{path}",
            "stage": "test",
            "requestId": str(uuid.uuid4()),
            "requestTimeEpoch": 1767225600000,
            "identity": {"sourceIp": "127.0.0.1", "userAgent": "tests"},
            "authorizer": {"claims": claims},
        },
        "body": None if body is None else json.dumps(body),
        "isBase64Encoded": False,
    }


def _listed(values: Mapping[str, str]) -> dict[str, list[str]]:
    return {name: [value] for name, value in values.items()}
