"""Staff records what was authorized, captured and paid back; customers read it on their orders."""

import uuid

import pytest

from tests.blackbox.client import JOURNEY, ORDERS, Client, Json, path_of, problem

CARD = {"provider": "stripe", "reference": "pi_1", "amount": "19.00", "status": "AUTHORIZED"}
CASH = {"provider": "cash", "reference": "till-1", "amount": "9.50", "status": "CAPTURED"}


@pytest.fixture
def order(ana: Client) -> Json:
    """Two mugs for 19.00, placed by ana."""
    return ana.create()


def payments_of(order: Json) -> str:
    return f"{path_of(order)}/payments"


def record(staff: Client, order: Json, *payments: Json) -> Json:
    for payment in payments:
        order = staff.expect(201, staff.send("POST", payments_of(order), payment))
    return order


def move(client: Client, order: Json, number: int, **body: str) -> Json:
    path = f"{payments_of(order)}/{order['payments'][number]['payment_id']}"
    return client.expect(200, client.send("PUT", path, body))


def errors(document: Json) -> list[tuple[str, str]]:
    return [(fault["pointer"], fault["detail"]) for fault in document["errors"]]


def test_a_payment_is_on_the_order_for_staff_and_customer(ana: Client, staff: Client, order: Json) -> None:
    response = staff.send("POST", payments_of(order), CARD)
    paid = staff.expect(201, response)
    (payment,) = paid["payments"]
    assert payment == CARD | {
        "payment_id": str(uuid.UUID(payment["payment_id"])),
        "history": [{"status": "AUTHORIZED", "at": paid["updated_at"], "by": staff.sub}],
    }
    assert (paid["payment_status"], paid["version"], response.headers["etag"]) == ("AUTHORIZED", 2, '"2"')
    assert response.headers["location"].endswith(f"/payments/{payment['payment_id']}")
    assert ana.get(order) == paid


def test_an_order_without_payments_says_nothing_of_them(order: Json) -> None:
    assert not {"payments", "payment_status"} & order.keys()


def test_a_payment_goes_all_the_way_and_the_order_with_it(staff: Client, order: Json) -> None:
    order = record(staff, order, CASH)
    assert order["payment_status"] == "PARTIALLY_PAID"
    order = record(staff, order, CARD | {"amount": 9.5})
    order = move(staff, order, 1, status="CAPTURED")
    assert order["payment_status"] == "PAID"
    order = move(staff, order, 1, status="REFUNDED", refunded_amount="0.50")
    assert order["payment_status"] == "PARTIALLY_REFUNDED"
    assert order["payments"][1]["refunded_amount"] == "0.50"
    assert move(staff, order, 1, status="REFUNDED", refunded_amount="0.50") == order
    order = move(staff, move(staff, order, 1, status="REFUNDED"), 0, status="REFUNDED")
    assert order["payment_status"] == "REFUNDED"
    assert [entry["status"] for entry in order["payments"][1]["history"]] == [
        "AUTHORIZED",
        "CAPTURED",
        "REFUNDED",
    ]


def test_a_payment_that_is_recorded_again_is_found(staff: Client, order: Json) -> None:
    headers = {"If-Match": f'"{order["version"]}"'}
    first = staff.send("POST", payments_of(order), CARD, headers=headers)
    moved = move(staff, staff.expect(201, first), 0, status="CAPTURED")
    again = staff.send("POST", payments_of(order), CARD, headers=headers)
    assert staff.expect(201, again) == moved
    assert (first.headers.get("idempotent-replayed"), again.headers["idempotent-replayed"]) == (None, "true")
    assert again.headers["location"] == first.headers["location"]
    other = staff.send("POST", payments_of(order), CARD | {"amount": "5.00"})
    ((pointer, detail),) = errors(problem(other, 400, "invalid-input"))
    assert (pointer, "of 19.00, recorded as AUTHORIZED" in detail) == ("/reference", True)


def test_no_more_is_taken_than_the_order_comes_to(staff: Client, order: Json) -> None:
    order = record(staff, order, CASH)
    over = staff.send("POST", payments_of(order), CARD | {"amount": "9.51"})
    assert errors(problem(over, 400, "invalid-input")) == [
        ("/amount", "must be at most 9.50 = 19.00 total - 9.50 authorized or captured, not 9.51")
    ]
    cheaper = [{"product_id": "A-1", "quantity": 1, "unit_price": "9.49"}]
    for changes in ({"items": cheaper}, {"currency": "USD"}):
        document = problem(staff.put(order, **changes), 409, "illegal-state")
        assert document["detail"].startswith("9.50 EUR was authorized or captured for the order")
        patched = staff.send("PATCH", path_of(order), changes)
        assert problem(patched, 409, "illegal-state")["detail"] == document["detail"]
    dearer = [{"product_id": "A-1", "quantity": 3, "unit_price": "9.50"}]
    assert staff.expect(200, staff.put(order, items=dearer))["payment_status"] == "PARTIALLY_PAID"
    assert staff.get(order)["payments"] == order["payments"]


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/amount", "/provider", "/reference", "/status"]),
        (CARD | {"provider": "Not a name", "reference": ""}, ["/provider", "/reference"]),
        (CARD | {"amount": "0"}, ["/amount"]),
        (CARD | {"amount": "9.505"}, ["/amount"]),
        (CARD | {"status": "REFUNDED"}, ["/status"]),
        (CARD | {"currency": "USD"}, ["/currency"]),
    ],
)
def test_a_payment_is_checked_like_an_order(
    staff: Client, order: Json, body: Json, pointers: list[str]
) -> None:
    document = problem(staff.send("POST", payments_of(order), body), 400, "invalid-input")
    assert sorted(fault["pointer"] for fault in document["errors"]) == pointers
    assert staff.get(order) == order


def test_refusals_come_in_their_order(ana: Client, luis: Client, staff: Client, order: Json) -> None:
    """No permission, not found, version, state."""
    stale = {"If-Match": '"99"'}
    problem(luis.send("POST", payments_of(order), CARD, headers=stale), 403, "forbidden")
    problem(ana.send("POST", payments_of(order), CARD, headers=stale), 403, "forbidden")
    problem(staff.send("POST", payments_of(order), CARD, headers=stale), 412, "version-mismatch")
    order = record(staff, order, CARD)
    path = f"{payments_of(order)}/{order['payments'][0]['payment_id']}"
    absent = f"{payments_of(order)}/{uuid.UUID(int=0)}"
    body = {"status": "REFUNDED"}
    problem(luis.send("PUT", path, body, headers=stale), 403, "forbidden")
    problem(staff.send("PUT", absent, body, headers=stale), 404, "not-found")
    problem(ana.send("PUT", path, body, headers=stale), 403, "forbidden")
    problem(staff.send("PUT", path, body, headers=stale), 412, "version-mismatch")
    document = problem(staff.send("PUT", path, body), 409, "illegal-state")
    assert sorted(document["allowed_statuses"]) == ["CAPTURED", "FAILED"]


def test_a_cancelled_order_gives_back_and_takes_no_more_and_stays(staff: Client, order: Json) -> None:
    order = staff.move(record(staff, order, CASH), "CANCELLED")
    more = CARD | {"amount": "1.00"}
    problem(staff.send("POST", payments_of(order), more), 409, "illegal-state")
    assert move(staff, order, 0, status="REFUNDED")["payment_status"] == "REFUNDED"
    document = problem(staff.send("DELETE", path_of(order)), 409, "illegal-state")
    assert "has payments" in document["detail"]


def test_a_return_pays_back_what_was_captured(ana: Client, staff: Client, order: Json) -> None:
    order = staff.move(record(staff, order, CASH, CARD | {"amount": "9.50"}), *JOURNEY)
    body = {"lines": [{"line": 1, "quantity": 2}], "reason": "Too big"}
    order = ana.expect(201, ana.send("POST", f"{path_of(order)}/returns", body))
    returned = f"{path_of(order)}/returns/{order['returns'][0]['return_id']}"
    for status in ("APPROVED", "RECEIVED"):
        staff.expect(200, staff.send("PUT", returned, {"status": status}))
    document = problem(staff.send("PUT", returned, {"status": "REFUNDED"}), 409, "illegal-state")
    assert "9.50 = 9.50 captured - 0.00 refunded can be paid back, not 19.00" in document["detail"]
    move(staff, order, 1, status="CAPTURED")
    order = staff.expect(200, staff.send("PUT", returned, {"status": "REFUNDED"}))
    assert [each["refunded_amount"] for each in order["payments"]] == ["9.50", "9.50"]
    assert (order["payment_status"], order["returns"][0]["refund_amount"]) == ("REFUNDED", "19.00")


def test_amounts_have_the_digits_of_the_order_s_currency(staff: Client) -> None:
    for currency, price, wrong in (("JPY", "950", "1900.0"), ("KWD", "9.500", "19.0001")):
        body = {"items": [{"product_id": "A-1", "quantity": 2, "unit_price": price}], "currency": currency}
        order = staff.expect(201, staff.send("POST", ORDERS, body))
        refused = staff.send("POST", payments_of(order), CARD | {"amount": wrong})
        assert [pointer for pointer, _ in errors(problem(refused, 400, "invalid-input"))] == ["/amount"]
        paid = record(staff, order, CARD | {"amount": order["total_amount"]})
        assert paid["payments"][0]["amount"] == order["total_amount"]
