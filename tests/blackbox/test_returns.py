"""Goods of a delivered order come back, and staff decide on it."""

import uuid

import pytest

from tests.blackbox.client import JOURNEY, MUG, Client, Json, path_of, problem

LAMP = {"product_id": "B-7", "name": None, "quantity": 1, "unit_price": "49.99"}
ONE_MUG = {"lines": [{"line": 1, "quantity": 1}], "reason": "The handle is broken"}


@pytest.fixture
def order(ana: Client, staff: Client) -> Json:
    """Two mugs and a lamp, delivered to ana."""
    return staff.move(ana.create({"items": [MUG, LAMP]}), *JOURNEY)


def returns_of(order: Json) -> str:
    return f"{path_of(order)}/returns"


def decide(client: Client, order: Json, status: str, **headers: str) -> Json:
    (wanted,) = order["returns"]
    path = f"{returns_of(order)}/{wanted['return_id']}"
    return client.expect(200, client.send("PUT", path, {"status": status}, headers=headers))


def test_what_comes_back_is_on_the_order_with_its_refund(ana: Client, order: Json) -> None:
    body = {"lines": [{"line": 2, "quantity": 1}, {"line": 1, "quantity": 2}], "reason": "Too big"}
    response = ana.send("POST", returns_of(order), body)
    changed = ana.expect(201, response)
    (wanted,) = changed["returns"]
    assert wanted == {
        "return_id": str(uuid.UUID(wanted["return_id"])),
        "status": "REQUESTED",
        "lines": [
            {"line": 2, "product_id": "B-7", "quantity": 1, "refund_amount": "49.99"},
            {"line": 1, "product_id": "A-1", "quantity": 2, "refund_amount": "19.00"},
        ],
        "reason": "Too big",
        "refund_amount": "68.99",
        "requested_at": changed["updated_at"],
        "history": [{"status": "REQUESTED", "at": changed["updated_at"], "by": ana.sub}],
    }
    assert (changed["version"], response.headers["etag"]) == (order["version"] + 1, f'"{changed["version"]}"')
    assert response.headers["location"].endswith(f"/returns/{wanted['return_id']}")
    assert ana.get(order) == changed


def test_an_order_without_returns_says_nothing_of_them(order: Json) -> None:
    assert "returns" not in order


def test_a_return_goes_all_the_way_to_the_refund(ana: Client, staff: Client, order: Json) -> None:
    order = ana.expect(201, ana.send("POST", returns_of(order), ONE_MUG))
    for status in ("APPROVED", "RECEIVED", "REFUNDED"):
        order = decide(staff, order, status)
    (done,) = order["returns"]
    assert [entry["status"] for entry in done["history"]] == ["REQUESTED", "APPROVED", "RECEIVED", "REFUNDED"]
    assert [entry["by"] for entry in done["history"]] == [ana.sub, *[staff.sub] * 3]
    assert order["status"] == "DELIVERED"
    assert ana.get(order) == order


def test_what_was_rejected_may_be_asked_for_again(ana: Client, staff: Client, order: Json) -> None:
    everything = {"lines": [{"line": 1, "quantity": 2}, {"line": 2, "quantity": 1}], "reason": "No"}
    asked = ana.expect(201, ana.send("POST", returns_of(order), everything))
    problem(ana.send("POST", returns_of(order), ONE_MUG), 400, "invalid-input")
    decide(staff, asked, "REJECTED")
    assert len(ana.expect(201, ana.send("POST", returns_of(order), ONE_MUG))["returns"]) == 2


def test_every_line_that_cannot_come_back_is_named(ana: Client, order: Json) -> None:
    lines = [{"line": 1, "quantity": 3}, {"line": 2, "quantity": 1}, {"line": 3, "quantity": 1}]
    document = problem(
        ana.send("POST", returns_of(order), {"lines": lines, "reason": "x"}), 400, "invalid-input"
    )
    assert [fault["pointer"] for fault in document["errors"]] == ["/lines/0", "/lines/2"]
    assert ana.get(order) == order


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/lines", "/reason"]),
        ({"lines": [], "reason": ""}, ["/lines", "/reason"]),
        ({"lines": [{"line": 0, "quantity": 0}], "reason": "x"}, ["/lines/0/line", "/lines/0/quantity"]),
        (ONE_MUG | {"refund_amount": "100.00"}, ["/refund_amount"]),
    ],
)
def test_a_request_is_checked_like_an_order(
    ana: Client, order: Json, body: Json, pointers: list[str]
) -> None:
    document = problem(ana.send("POST", returns_of(order), body), 400, "invalid-input")
    assert sorted(fault["pointer"] for fault in document["errors"]) == pointers


@pytest.mark.parametrize("steps", range(4))
def test_only_what_was_delivered_comes_back(ana: Client, staff: Client, steps: int) -> None:
    order = staff.move(ana.create(), *JOURNEY[:steps])
    document = problem(ana.send("POST", returns_of(order), ONE_MUG), 409, "illegal-state")
    assert document["current_status"] == order["status"]


def test_no_step_is_skipped(ana: Client, staff: Client, order: Json) -> None:
    asked = ana.expect(201, ana.send("POST", returns_of(order), ONE_MUG))
    path = f"{returns_of(order)}/{asked['returns'][0]['return_id']}"
    document = problem(staff.send("PUT", path, {"status": "REFUNDED"}), 409, "illegal-state")
    assert sorted(document["allowed_statuses"]) == ["APPROVED", "REJECTED"]
    assert (document["current_status"], decide(staff, asked, "REQUESTED")) == ("REQUESTED", asked)


def test_refusals_come_in_their_order(ana: Client, luis: Client, staff: Client, order: Json) -> None:
    """No permission, not found, version, state."""
    stale = {"If-Match": '"99"'}
    problem(luis.send("POST", returns_of(order), ONE_MUG, headers=stale), 404, "not-found")
    problem(ana.send("POST", returns_of(order), ONE_MUG, headers=stale), 412, "version-mismatch")
    asked = ana.expect(201, ana.send("POST", returns_of(order), ONE_MUG))
    path = f"{returns_of(order)}/{asked['returns'][0]['return_id']}"
    absent = f"{returns_of(order)}/{uuid.UUID(int=0)}"
    body = {"status": "REFUNDED"}
    problem(luis.send("PUT", path, body, headers=stale), 403, "forbidden")
    problem(staff.send("PUT", absent, body, headers=stale), 404, "not-found")
    problem(ana.send("PUT", path, body, headers=stale), 403, "forbidden")
    problem(staff.send("PUT", path, body, headers=stale), 412, "version-mismatch")
    problem(staff.send("PUT", path, body), 409, "illegal-state")


def test_a_retry_finds_the_return_that_it_asked_for(ana: Client, order: Json) -> None:
    headers = {"Idempotency-Key": uuid.uuid4().hex, "If-Match": f'"{order["version"]}"'}
    first = ana.send("POST", returns_of(order), ONE_MUG, headers=headers)
    again = ana.send("POST", returns_of(order), ONE_MUG, headers=headers)
    assert ana.expect(201, again) == ana.expect(201, first)
    assert (first.headers.get("idempotent-replayed"), again.headers["idempotent-replayed"]) == (None, "true")
    assert again.headers["location"] == first.headers["location"]
    other = ONE_MUG | {"reason": "Another"}
    problem(ana.send("POST", returns_of(order), other, headers=headers), 422, "idempotency-key-reused")
