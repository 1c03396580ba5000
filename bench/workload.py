"""The order that every side is given, over HTTP and as API Gateway's proxy event."""

import json
from typing import Any

ORDER: dict[str, Any] = {
    "items": [
        {"product_id": "MUG-01", "name": "Stoneware mug", "quantity": 2, "unit_price": "9.50"},
        {"product_id": "TEA-17", "name": "Oolong tea, 100 g", "quantity": 1, "unit_price": "14.90"},
        {"product_id": "POT-03", "name": "Cast-iron teapot", "quantity": 1, "unit_price": "64.00"},
    ],
    "currency": "EUR",
    "notes": "Leave it with the neighbour.",
    "metadata": {"channel": "web"},
}
ORDER_JSON = json.dumps(ORDER)
CUSTOMER = "4f1d2c3b-5a69-4788-9a7b-6c5d4e3f2a1b"


def lambda_events() -> dict[str, Any]:
    """One proxy event an operation; `ORDER_ID` stands for the order that "create" made."""
    return {
        "create": _event("POST", "/v1/orders", body=ORDER_JSON),
        "get": _event("GET", "/v1/orders/{order_id}", order_id="ORDER_ID"),
        "list": _event("GET", "/v1/orders", query={"customer_id": CUSTOMER}),
    }


def _event(
    method: str,
    resource: str,
    *,
    order_id: str | None = None,
    query: dict[str, str] | None = None,
    body: str | None = None,
) -> dict[str, Any]:
    headers = {"Accept": "application/json", "Content-Type": "application/json", "Host": "api.example.com"}
    return {
        "resource": resource,
        "path": resource.replace("{order_id}", order_id or ""),
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": query,
        "multiValueQueryStringParameters": query and {name: [value] for name, value in query.items()},
        "pathParameters": order_id and {"order_id": order_id},
        "stageVariables": None,
        "requestContext": {
            "resourceId": "abc123",
            "resourcePath": resource,
            "httpMethod": method,
            "path": f"/prod{resource}",
            "accountId": "000000000000",
            "apiId": "bench",
            "stage": "prod",
            "protocol": "HTTP/1.1",
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "requestTime": "31/Jan/2026:09:30:00 +0000",
            "requestTimeEpoch": 1769851800000,
            "identity": {"sourceIp": "127.0.0.1", "userAgent": "bench"},
            "authorizer": {
                "claims": {
                    "sub": CUSTOMER,
                    "email": "ana@example.com",
                    "cognito:username": CUSTOMER,
                    "token_use": "id",
                }
            },
        },
        "body": body,
        "isBase64Encoded": False,
    }
