"""A client of the API: one signed-in user on one host."""

import base64
import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import httpx

from tests.hosts import Host

ORDERS = "/v1/orders"
MUG = {"product_id": "A-1", "name": "Mug", "quantity": 2, "unit_price": "9.50"}
MUGS = {"items": [MUG]}
PROBLEMS = "https://orders-api.dev/problems/"
JOURNEY = ("CONFIRMED", "PROCESSING", "SHIPPED", "DELIVERED")

Json = dict[str, Any]


class Client:
    """Sends a user's requests. Paths are those of the contract, or what a Location header said."""

    def __init__(self, host: Host, token: str | None = None, api_key: str | None = None) -> None:
        self.host = host
        self.sub = _claims(token)["sub"] if token else ""
        key = host.api_key if api_key is None else api_key
        headers = {"Host": host.host_header, "x-api-key": key}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._http = httpx.Client(
            headers={name: value for name, value in headers.items() if value}, timeout=30
        )

    def close(self) -> None:
        self._http.close()

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | Sequence[tuple[str, str]] | None = None,
    ) -> httpx.Response:
        """One request; a `body` is made JSON, a `content` goes as it is."""
        sent = dict(headers or {})
        if body is not None:
            content = json.dumps(body).encode()
        if content is not None:
            sent.setdefault("Content-Type", "application/json")
        prefix = "" if self.host.prefix and path.startswith(self.host.prefix) else self.host.prefix
        url = f"{self.host.origin}{prefix}{path}"
        if query is not None:
            url += f"?{urlencode(query)}"
        return self._http.request(method, url, content=content, headers=sent)

    def create(self, body: object = None, **headers: str) -> Json:
        """An order that is placed now."""
        response = self.send("POST", ORDERS, body or MUGS, headers=headers)
        return self.expect(201, response)

    def get(self, order: Json) -> Json:
        return self.expect(200, self.send("GET", path_of(order)))

    def put(self, order: Json, headers: Mapping[str, str] | None = None, **changes: object) -> httpx.Response:
        """Replaces an order by itself, but for the changes."""
        return self.send("PUT", path_of(order), writable(order) | changes, headers=headers)

    def move(self, order: Json, *statuses: str) -> Json:
        """Moves an order through statuses, one after the other."""
        for status in statuses:
            order = self.expect(200, self.put(order, status=status))
        return order

    @staticmethod
    def expect(status: int, response: httpx.Response) -> Json:
        """The JSON object of a response with this status."""
        assert response.status_code == status, f"{response.status_code}: {response.text}"
        document: Json = response.json()
        return document


def path_of(order: Json) -> str:
    return f"{ORDERS}/{order['order_id']}"


def writable(order: Json) -> Json:
    """What a client may write of an order."""
    names = ("items", "currency", "notes", "metadata", "discounts", "shipping", "taxes", "taxes_included")
    return {name: order[name] for name in names if name in order}


def problem(response: httpx.Response, status: int, slug: str) -> Json:
    """The problem document of a response, after checks that hold for every one (RFC 9457)."""
    assert response.status_code == status, f"{response.status_code}: {response.text}"
    assert response.headers["content-type"].split(";")[0] == "application/problem+json"
    document: Json = response.json()
    assert list(document)[:6] == ["type", "title", "status", "detail", "instance", "request_id"]
    assert document["type"] == PROBLEMS + slug
    assert document["status"] == status
    assert document["title"]
    assert document["detail"]
    assert document["request_id"] in document["instance"]
    assert response.headers["access-control-allow-origin"] == "*"
    return document


def some_customer() -> str:
    """A customer of a test's own."""
    return f"customer-{uuid.uuid4().hex[:12]}"


def _claims(token: str) -> dict[str, str]:
    payload = token.split(".")[1]
    claims: dict[str, str] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims
