"""What the gateway decides before the application is asked: identity, keys, limits, CORS."""

import base64
import json

import pytest

from tests.blackbox.client import MUGS, ORDERS, Client, problem
from tests.hosts import ANA, Host

REQUESTS = [
    ("GET", ORDERS),
    ("POST", ORDERS),
    ("GET", f"{ORDERS}/x"),
    ("PUT", f"{ORDERS}/x"),
    ("DELETE", f"{ORDERS}/x"),
]
ORIGIN = {"Origin": "https://shop.example"}


def b64(document: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


def forged(token: str) -> dict[str, str]:
    """Tokens that nobody issued, made of one that was."""
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    unsigned = b64({"alg": "none", "typ": "JWT"})
    promoted = b64(claims | {"cognito:groups": ["staff"]})
    return {
        "nonsense": "nonsense",
        "three parts": "a.b.c",
        "unsigned": f"{unsigned}.{payload}.",
        "unsigned, with the old signature": f"{unsigned}.{payload}.{signature}",
        "promoted": f"{header}.{promoted}.{signature}",
        "another key": f"{b64({'alg': 'RS256', 'kid': 'mine'})}.{payload}.{signature}",
        "no signature": f"{header}.{payload}.",
        "damaged signature": f"{header}.{payload}.{signature[:-8]}AAAAAAAA",
    }


@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_without_a_token_nothing_is_done(nobody: Client, method: str, path: str) -> None:
    response = nobody.send(method, path, MUGS if method in ("POST", "PUT") else None)
    problem(response, 401, "unauthorized")
    assert response.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("forgery", forged("e30.e30.AAAAAAAAAA"))
def test_a_forged_token_is_none(host: Host, nobody: Client, forgery: str) -> None:
    token = forged(host.tokens(ANA)["id"])[forgery]
    problem(nobody.send("GET", ORDERS, headers={"Authorization": f"Bearer {token}"}), 401, "unauthorized")


@pytest.mark.parametrize("use", ["access", "refresh"])
def test_only_the_id_token_says_who_one_is(host: Host, nobody: Client, use: str) -> None:
    token = host.tokens(ANA)[use]
    problem(nobody.send("GET", ORDERS, headers={"Authorization": f"Bearer {token}"}), 401, "unauthorized")


@pytest.mark.parametrize("key", ["", "unknown-key-0123456789"], ids=["missing", "unknown"])
def test_without_a_known_api_key_nothing_is_done(host: Host, key: str) -> None:
    client = Client(host, host.tokens(ANA)["id"], api_key=key)
    problem(client.send("GET", ORDERS), 403, "invalid-api-key")
    client.close()


def test_whoever_asks_too_often_is_told_when_to_come_back(host: Host) -> None:
    client = Client(host, host.tokens(ANA)["id"], api_key=host.tight_api_key)
    for _ in range(300):
        response = client.send("GET", ORDERS, query={"limit": "1"})
        if response.status_code != 200:
            break
    client.close()
    problem(response, 429, "too-many-requests")
    assert int(response.headers["retry-after"]) >= 1


@pytest.mark.parametrize(
    ("path", "methods"), [(ORDERS, {"GET", "POST"}), (f"{ORDERS}/x", {"GET", "PUT", "PATCH", "DELETE"})]
)
def test_a_browser_may_ask_from_anywhere(host: Host, path: str, methods: set[str]) -> None:
    """CORS preflight: no token, no key."""
    client = Client(host, api_key="")
    asked = {
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    response = client.send("OPTIONS", path, headers=ORIGIN | asked)
    client.close()
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["access-control-allow-origin"] == "*"
    assert methods <= names(response.headers["access-control-allow-methods"].upper())
    headers = names(response.headers["access-control-allow-headers"].lower())
    assert {
        "authorization",
        "content-type",
        "x-api-key",
        "if-match",
        "if-none-match",
        "idempotency-key",
    } <= headers
    assert int(response.headers["access-control-max-age"]) > 0


def test_a_browser_may_read_every_answer(ana: Client) -> None:
    response = ana.send("GET", ORDERS, headers=ORIGIN)
    assert response.headers["access-control-allow-origin"] == "*"
    exposed = names(response.headers["access-control-expose-headers"].lower())
    assert {"etag", "location", "link", "retry-after", "idempotent-replayed"} <= exposed


def names(header: str) -> set[str]:
    return {name.strip() for name in header.split(",")}
