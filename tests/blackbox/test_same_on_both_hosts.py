"""Both hosts tell the same fault in the same words: problem documents equal to the byte, request id aside."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import httpx
import pytest

from tests.blackbox.client import MUG, MUGS, ORDERS, Client, some_customer
from tests.hosts import ANA, LUIS, STAFF, Host

ABSENT = f"{ORDERS}/00000000-0000-4000-8000-000000000000"
# The headers that belong to an answer; others tell of the server.
COMPARED = (
    "content-type",
    "allow",
    "www-authenticate",
    "retry-after",
    "access-control-allow-origin",
    "accept",
)


@dataclass(frozen=True)
class Callers:
    """One host's callers. `keyless` has a token and no API key, `tight` a usage plan that is soon spent."""

    ana: Client
    luis: Client
    staff: Client
    nobody: Client
    keyless: Client
    tight: Client

    def close(self) -> None:
        for client in vars(self).values():
            client.close()


def callers_of(host: Host) -> Callers:
    ana, luis, staff = (host.tokens(email)["id"] for email in (ANA, LUIS, STAFF))
    return Callers(
        ana=Client(host, ana),
        luis=Client(host, luis),
        staff=Client(host, staff),
        nobody=Client(host),
        keyless=Client(host, ana, api_key=""),
        tight=Client(host, ana, api_key=host.tight_api_key),
    )


@pytest.fixture(scope="module")
def both(embedded_host: Host, deployed_host: Host) -> Iterator[tuple[Callers, Callers]]:
    callers = callers_of(embedded_host), callers_of(deployed_host)
    yield callers
    for host in callers:
        host.close()


def posted(body: object, at: Callers) -> httpx.Response:
    return at.ana.send("POST", ORDERS, body)


def posted_bytes(content: bytes, at: Callers) -> httpx.Response:
    return at.ana.send("POST", ORDERS, content=content)


def refused_token(token: str, at: Callers) -> httpx.Response:
    return at.nobody.send("GET", ORDERS, headers={"Authorization": f"Bearer {token}"})


def sent(method: str, path: str, at: Callers) -> httpx.Response:
    return at.ana.send(method, path, MUGS if method in ("POST", "PUT", "PATCH") else None)


def listed(query: dict[str, str], at: Callers) -> httpx.Response:
    return at.ana.send("GET", ORDERS, query=query)


def key_reused(at: Callers) -> httpx.Response:
    key = {"Idempotency-Key": some_customer()}
    at.ana.create(**key)
    return at.ana.send("POST", ORDERS, MUGS | {"notes": "another"}, headers=key)


def stale(at: Callers) -> httpx.Response:
    return at.ana.put(at.ana.create(), {"If-Match": '"7"'})


def illegal_move(at: Callers) -> httpx.Response:
    return at.staff.put(at.ana.create(), status="DELIVERED")


def forbidden_move(at: Callers) -> httpx.Response:
    return at.ana.put(at.ana.create(), status="CONFIRMED")


def anothers(at: Callers) -> httpx.Response:
    return at.luis.put(at.ana.create())


def media_type(at: Callers) -> httpx.Response:
    return at.ana.send("POST", ORDERS, MUGS, headers={"Content-Type": "text/plain"})


def without_key(at: Callers) -> httpx.Response:
    return at.keyless.send("GET", ORDERS)


def too_often(at: Callers) -> httpx.Response:
    for _ in range(300):
        response = at.tight.send("GET", ORDERS, query={"limit": "1"})
        if response.status_code == 429:
            break
    return response


FAULTS: dict[str, Callable[[Callers], httpx.Response]] = {
    "no token": lambda at: at.nobody.send("GET", ORDERS),
    "no token for an order": lambda at: at.nobody.send("DELETE", ABSENT),
    "a token that is none": partial(refused_token, "nonsense"),
    "a token in three parts": partial(refused_token, "a.b.c"),
    "no API key": without_key,
    "too often": too_often,
    "no such path": partial(sent, "GET", "/v1/invoices"),
    "no such method": partial(sent, "PATCH", ORDERS),
    "no such method of an order": partial(sent, "POST", ABSENT),
    "no such order": partial(sent, "GET", ABSENT),
    "no such order to delete": partial(sent, "DELETE", ABSENT),
    "another's order": anothers,
    "another's name": partial(posted, MUGS | {"customer_id": "somebody"}),
    "another's list": partial(listed, {"customer_id": "somebody"}),
    "a move not allowed": forbidden_move,
    "a move not possible": illegal_move,
    "a stale version": stale,
    "an unknown parameter": partial(listed, {"colour": "red"}),
    "a bad limit": partial(listed, {"limit": "0"}),
    "a damaged cursor": partial(listed, {"cursor": "damaged"}),
    "no body": partial(posted_bytes, b""),
    "no JSON": partial(posted_bytes, b"{"),
    "faults in a body": partial(posted, {"items": [MUG | {"quantity": 0}], "colour": "red"}),
    "too large": partial(posted_bytes, b"{}".ljust(256 * 1024 + 1)),
    "a media type": media_type,
    "a key used before": key_reused,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_same_fault_is_told_in_the_same_words(both: tuple[Callers, Callers], fault: str) -> None:
    embedded, deployed = (FAULTS[fault](callers) for callers in both)
    assert embedded.status_code >= 400
    assert told(embedded) == told(deployed)


def told(response: httpx.Response) -> tuple[int, bytes, dict[str, str | None]]:
    """What a client is told: status, body without the request id, and the headers that belong to it."""
    body = response.content.replace(response.json()["request_id"].encode(), b"<request>")
    # ministack leaves the variables of mock templates as they are.
    body = body.replace(b"$context.httpMethod", response.request.method.encode())
    headers = {name: response.headers.get(name) for name in COMPARED}
    # API Gateway does not know what is wrong with a token.
    headers["www-authenticate"] = (headers["www-authenticate"] or "").partition(" error=")[0]
    return response.status_code, body, headers
