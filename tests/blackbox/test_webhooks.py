"""Staff manages webhooks; a secret is shown once, and customers see none of it."""

import uuid
from collections.abc import Iterator

import pytest

from tests.blackbox.client import Client, Json, problem

WEBHOOKS = "/v1/webhooks"
URL = "https://shop.example.com/orders"


@pytest.fixture
def webhook(staff: Client) -> Iterator[Json]:
    """A webhook that hears of deleted orders."""
    created = staff.expect(201, staff.send("POST", WEBHOOKS, {"url": URL, "events": ["order.deleted"]}))
    yield created
    staff.send("DELETE", path_of(created))


def path_of(created: Json) -> str:
    return f"{WEBHOOKS}/{created['webhook']['webhook_id']}"


def test_a_webhook_is_added_seen_and_deleted(staff: Client) -> None:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    response = staff.send("POST", WEBHOOKS, {"url": URL}, headers=key)
    created = staff.expect(201, response)
    assert response.headers["Location"].endswith(path_of(created))
    assert created["secret"].startswith("whsec_")
    again = staff.send("POST", WEBHOOKS, {"url": URL}, headers=key)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert staff.expect(201, again) == {"webhook": created["webhook"], "secret": None}
    reused = staff.send("POST", WEBHOOKS, {"url": f"{URL}/other"}, headers=key)
    assert problem(reused, 422, "idempotency-key-reused")
    seen = staff.send("GET", path_of(created))
    assert staff.expect(200, seen) == created["webhook"]
    listed = staff.send("GET", WEBHOOKS)
    assert created["webhook"] in staff.expect(200, listed)["webhooks"]
    assert "whsec_" not in seen.text + listed.text
    assert staff.send("DELETE", path_of(created)).status_code == 204
    assert problem(staff.send("GET", path_of(created)), 404, "not-found")


def test_a_webhook_is_changed(staff: Client, webhook: Json) -> None:
    path = path_of(webhook)
    changed = staff.expect(200, staff.send("PATCH", path, {"enabled": False, "events": ["order.created"]}))
    assert (changed["enabled"], changed["events"], changed["url"]) == (False, ["order.created"], URL)
    rotated = staff.expect(200, staff.send("POST", f"{path}/secret"))
    assert rotated["secret"].startswith("whsec_")
    assert rotated["secret"] != webhook["secret"]
    deliveries = staff.expect(200, staff.send("GET", f"{path}/deliveries"))
    assert deliveries["attempts"] == []


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/url"),
        ({"url": "http://shop.example.com/"}, "/url"),
        ({"url": "https://169.254.169.254/"}, "/url"),
        ({"url": URL, "events": ["order.eaten"]}, "/events/0"),
        ({"url": URL, "secret": "mine"}, "/secret"),
    ],
)
def test_a_bad_webhook_is_refused_by_its_fault(staff: Client, body: Json, pointer: str) -> None:
    refused = problem(staff.send("POST", WEBHOOKS, body), 400, "invalid-input")
    assert [fault["pointer"] for fault in refused["errors"]] == [pointer]


@pytest.mark.parametrize("body", [{"since": "yesterday"}, {"order_id": "x"}, {"since": None}, {"event": "y"}])
def test_a_bad_replay_is_refused_by_its_fault(staff: Client, webhook: Json, body: Json) -> None:
    refused = problem(staff.send("POST", f"{path_of(webhook)}/replay", body), 400, "invalid-input")
    assert [fault["pointer"] for fault in refused["errors"]] == [f"/{name}" for name in body]


def test_customers_see_no_webhooks(ana: Client, webhook: Json) -> None:
    path = path_of(webhook)
    requests = [
        ("GET", WEBHOOKS, None),
        ("POST", WEBHOOKS, {"url": URL}),
        ("GET", path, None),
        ("PATCH", path, {"enabled": False}),
        ("DELETE", path, None),
        ("POST", f"{path}/secret", None),
        ("GET", f"{path}/deliveries", None),
        ("POST", f"{path}/replay", {}),
    ]
    for method, resource, body in requests:
        assert problem(ana.send(method, resource, body), 403, "forbidden"), (method, resource)
