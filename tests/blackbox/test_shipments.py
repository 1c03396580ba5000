"""Staff records which goods left with which carrier; customers follow them on their orders."""

import uuid

import pytest

from tests.blackbox.client import JOURNEY, MUG, Client, Json, path_of, problem

LAMP = {"product_id": "B-7", "name": None, "quantity": 1, "unit_price": "49.99"}
PARCEL = {
    "carrier": "dhl",
    "tracking_number": "JD01",
    "tracking_url": "https://www.dhl.com/track?id=JD01",
    "lines": [{"line": 1, "quantity": 1}, {"line": 2, "quantity": 1}],
    "shipped_at": "2026-02-02T16:30:00+01:00",
}
REST = {"carrier": "dhl", "tracking_number": "JD02", "lines": [{"line": 1, "quantity": 1}]}


@pytest.fixture
def order(ana: Client, staff: Client) -> Json:
    """Two mugs and a lamp, being made ready for ana."""
    return staff.move(ana.create({"items": [MUG, LAMP]}), *JOURNEY[:2])


def shipments_of(order: Json) -> str:
    return f"{path_of(order)}/shipments"


def test_a_shipment_is_on_the_order_for_staff_and_customer(ana: Client, staff: Client, order: Json) -> None:
    response = staff.send("POST", shipments_of(order), PARCEL)
    shipped = staff.expect(201, response)
    (shipment,) = shipped["shipments"]
    assert shipment == {
        "shipment_id": str(uuid.UUID(shipment["shipment_id"])),
        "carrier": "dhl",
        "tracking_number": "JD01",
        "tracking_url": "https://www.dhl.com/track?id=JD01",
        "lines": [
            {"line": 1, "product_id": "A-1", "quantity": 1},
            {"line": 2, "product_id": "B-7", "quantity": 1},
        ],
        "shipped_at": "2026-02-02T15:30:00.000Z",
        "recorded_by": staff.sub,
    }
    assert (shipped["status"], shipped["fulfilment_status"]) == ("SHIPPED", "PARTIALLY_FULFILLED")
    assert shipped["history"][-1] == {"status": "SHIPPED", "at": shipped["updated_at"], "by": staff.sub}
    assert (shipped["version"], response.headers["etag"]) == (order["version"] + 1, f'"{shipped["version"]}"')
    assert response.headers["location"].endswith(f"/shipments/{shipment['shipment_id']}")
    assert ana.get(order) == shipped


def test_an_order_without_shipments_says_nothing_of_them(order: Json) -> None:
    assert not {"shipments", "fulfilment_status"} & order.keys()


def test_the_rest_follows_and_the_order_is_fulfilled(staff: Client, order: Json) -> None:
    staff.expect(201, staff.send("POST", shipments_of(order), PARCEL))
    shipped = staff.expect(201, staff.send("POST", shipments_of(order), REST))
    assert (shipped["status"], shipped["fulfilment_status"]) == ("SHIPPED", "FULFILLED")
    assert shipped["shipments"][1]["shipped_at"] == shipped["updated_at"]
    assert "tracking_url" not in shipped["shipments"][1]
    assert staff.move(shipped, "DELIVERED")["shipments"] == shipped["shipments"]


def test_a_shipment_that_is_recorded_again_is_found(staff: Client, order: Json) -> None:
    headers = {"If-Match": f'"{order["version"]}"'}
    first = staff.send("POST", shipments_of(order), PARCEL, headers=headers)
    again = staff.send("POST", shipments_of(order), PARCEL, headers=headers)
    assert staff.expect(201, again) == staff.expect(201, first)
    assert (first.headers.get("idempotent-replayed"), again.headers["idempotent-replayed"]) == (None, "true")
    assert again.headers["location"] == first.headers["location"]
    other = staff.send("POST", shipments_of(order), PARCEL | {"lines": [{"line": 1, "quantity": 1}]})
    document = problem(other, 400, "invalid-input")
    assert [fault["pointer"] for fault in document["errors"]] == ["/tracking_number"]


def test_no_more_of_a_line_is_shipped_than_was_ordered(staff: Client, order: Json) -> None:
    shipped = staff.expect(201, staff.send("POST", shipments_of(order), PARCEL))
    lines = [{"line": 1, "quantity": 2}, {"line": 2, "quantity": 1}, {"line": 3, "quantity": 1}]
    document = problem(staff.send("POST", shipments_of(order), REST | {"lines": lines}), 400, "invalid-input")
    assert document["errors"] == [
        {"pointer": "/lines/0", "detail": "of line 1 at most 1 can still be shipped, not 2"},
        {"pointer": "/lines/1", "detail": "of line 2 at most 0 can still be shipped, not 1"},
        {"pointer": "/lines/2", "detail": "line 3 is not one of the order's 2"},
    ]
    assert staff.get(order) == shipped


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/carrier", "/lines", "/tracking_number"]),
        (PARCEL | {"carrier": "Not a name", "lines": []}, ["/carrier", "/lines"]),
        (PARCEL | {"tracking_url": "javascript:alert(1)"}, ["/tracking_url"]),
        (PARCEL | {"shipped_at": "yesterday"}, ["/shipped_at"]),
        (PARCEL | {"weight": 2}, ["/weight"]),
    ],
)
def test_a_shipment_is_checked_like_an_order(
    staff: Client, order: Json, body: Json, pointers: list[str]
) -> None:
    document = problem(staff.send("POST", shipments_of(order), body), 400, "invalid-input")
    assert sorted(fault["pointer"] for fault in document["errors"]) == pointers


def test_refusals_come_in_their_order(ana: Client, luis: Client, staff: Client, order: Json) -> None:
    """No permission, version."""
    stale = {"If-Match": '"99"'}
    problem(luis.send("POST", shipments_of(order), PARCEL, headers=stale), 403, "forbidden")
    problem(ana.send("POST", shipments_of(order), PARCEL, headers=stale), 403, "forbidden")
    problem(staff.send("POST", shipments_of(order), PARCEL, headers=stale), 412, "version-mismatch")


@pytest.mark.parametrize("steps", [(), ("CONFIRMED",), ("CANCELLED",)])
def test_goods_leave_once_an_order_is_processed(ana: Client, staff: Client, steps: tuple[str, ...]) -> None:
    order = staff.move(ana.create({"items": [MUG, LAMP]}), *steps)
    document = problem(staff.send("POST", shipments_of(order), PARCEL), 409, "illegal-state")
    assert document["current_status"] == order["status"]


def test_what_left_is_not_cancelled_nor_changed(staff: Client, order: Json) -> None:
    shipped = staff.expect(201, staff.send("POST", shipments_of(order), PARCEL))
    problem(staff.put(shipped, status="CANCELLED"), 409, "illegal-state")
    problem(staff.put(shipped, items=[MUG]), 409, "illegal-state")
