"""Placing, reading, changing and deleting orders."""

import re
import uuid

import pytest

from tests.blackbox.client import JOURNEY, MUG, MUGS, ORDERS, Client, path_of, problem, some_customer

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def test_a_new_order_has_everything_that_was_left_out(ana: Client) -> None:
    response = ana.send("POST", ORDERS, MUGS)
    order = ana.expect(201, response)
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", order["order_id"])
    assert re.fullmatch("[0-9A-TV-Z]{4}(-[0-9A-TV-Z]{4}){2}", order["order_number"])
    assert TIME.fullmatch(order["created_at"])
    assert order == {
        "order_id": order["order_id"],
        "order_number": order["order_number"],
        "customer_id": ana.sub,
        "status": "PENDING",
        "currency": "EUR",
        "items": [MUG],
        "subtotal": "19.00",
        "discount_total": "0.00",
        "shipping_total": "0.00",
        "tax_total": "0.00",
        "total_amount": "19.00",
        "notes": None,
        "metadata": {},
        "version": 1,
        "created_at": order["created_at"],
        "updated_at": order["created_at"],
        "history": [{"status": "PENDING", "at": order["created_at"], "by": ana.sub}],
    }
    assert response.headers["etag"] == '"1"'
    assert response.headers["content-type"] == "application/json"


def test_an_order_is_found_by_its_number_however_it_is_written_down(ana: Client) -> None:
    order = ana.create(MUGS)
    number = order["order_number"]
    for written in (number, number.lower(), number.replace("-", "")):
        assert ana.expect(200, ana.send("GET", f"{ORDERS}/{written}")) == order
    changed = ana.expect(200, ana.send("PUT", f"{ORDERS}/{number}", MUGS | {"notes": "by its number"}))
    assert (changed["order_id"], changed["version"]) == (order["order_id"], 2)


def test_a_mistyped_number_is_said_to_be_one(ana: Client) -> None:
    number = ana.create(MUGS)["order_number"]
    wrong = number[:-1] + ("2" if number[-1] != "2" else "3")
    body = problem(ana.send("GET", f"{ORDERS}/{wrong}"), 404, "not-found")
    assert "Type it again" in body["detail"]


def test_location_leads_to_the_order(ana: Client) -> None:
    response = ana.send("POST", ORDERS, MUGS)
    assert ana.expect(200, ana.send("GET", response.headers["location"])) == response.json()


def test_what_was_sent_is_kept(ana: Client) -> None:
    body = {
        "items": [MUG, {"product_id": "B-7", "quantity": 1, "unit_price": "0.05", "name": None}],
        "currency": "USD",
        "notes": "Ring twice: ñ, 漢字, 🫖",
        "metadata": {"channel": "web", "ñ": ""},
        "customer_id": ana.sub,
    }
    order = ana.create(body)
    assert {name: order[name] for name in body} == body
    assert ana.get(order) == order


WHO_AND_WHERE = {
    "external_reference": "WEB-10042",
    "contact": {"name": "Ana García", "email": "ana@example.com", "phone": "+34911234567"},
    "shipping_address": {
        "lines": ["Calle Mayor 1"],
        "city": "Madrid",
        "postal_code": "28013",
        "country": "ES",
    },
    "billing_address": {"lines": ["1 Main St"], "city": "Reno", "region": "NV", "country": "US"},
}


def test_who_orders_and_where_it_goes_is_kept(ana: Client) -> None:
    order = ana.create(MUGS | WHO_AND_WHERE)
    assert {name: order[name] for name in WHO_AND_WHERE} == WHO_AND_WHERE
    assert ana.get(order) == order
    cleared = ana.expect(200, ana.send("PUT", path_of(order), MUGS))
    assert not WHO_AND_WHERE.keys() & cleared.keys()


def test_every_fault_of_a_contact_and_an_address_is_named(ana: Client) -> None:
    body = MUGS | {
        "contact": {"email": "nobody", "phone": "0911", "fax": "1"},
        "shipping_address": {"lines": [], "country": "Spain"},
    }
    faults = problem(ana.send("POST", ORDERS, body), 400, "invalid-input")["errors"]
    assert {fault["pointer"] for fault in faults} == {
        "/contact/email",
        "/contact/phone",
        "/contact/fax",
        "/shipping_address/lines",
        "/shipping_address/city",
        "/shipping_address/country",
    }


@pytest.mark.parametrize(
    ("currency", "price", "kept", "total"),
    [
        ("EUR", "19.9", "19.90", "59.70"),
        ("EUR", 19.9, "19.90", "59.70"),
        ("EUR", 0, "0.00", "0.00"),
        ("EUR", "1000000", "1000000.00", "3000000.00"),
        ("JPY", 100, "100", "300"),
        ("KWD", "0.005", "0.005", "0.015"),
    ],
)
def test_money_is_decimal_text_with_the_currencys_digits(
    ana: Client, currency: str, price: object, kept: str, total: str
) -> None:
    order = ana.create({"currency": currency, "items": [MUG | {"unit_price": price, "quantity": 3}]})
    assert (order["items"][0]["unit_price"], order["total_amount"]) == (kept, total)


def test_a_number_is_read_as_the_decimal_that_was_written(ana: Client) -> None:
    body = b'{"currency": "KWD", "items": [{"product_id": "A", "quantity": 1, "unit_price": 999999.999}]}'
    order = ana.expect(201, ana.send("POST", ORDERS, content=body))
    assert order["total_amount"] == "999999.999"


def test_reading_with_the_known_version_costs_no_body(ana: Client) -> None:
    order = ana.create()
    unchanged = ana.send("GET", path_of(order), headers={"If-None-Match": '"1"'})
    assert (unchanged.status_code, unchanged.content, unchanged.headers["etag"]) == (304, b"", '"1"')
    changed = ana.send("GET", path_of(order), headers={"If-None-Match": '"0"'})
    assert ana.expect(200, changed) == order


def test_a_replacement_takes_away_what_it_leaves_out(ana: Client) -> None:
    order = ana.create(MUGS | {"notes": "Ring twice", "metadata": {"channel": "web"}})
    response = ana.send("PUT", path_of(order), {"items": [MUG | {"quantity": 5}]})
    changed = ana.expect(200, response)
    assert response.headers["etag"] == '"2"'
    assert (changed["notes"], changed["metadata"], changed["total_amount"]) == (None, {}, "47.50")
    assert (changed["version"], changed["created_at"]) == (2, order["created_at"])
    assert changed["updated_at"] >= order["updated_at"]
    assert ana.get(order) == changed


def test_an_order_goes_all_the_way(ana: Client, staff: Client) -> None:
    order = staff.move(ana.create(), *JOURNEY)
    assert [entry["status"] for entry in order["history"]] == ["PENDING", *JOURNEY]
    assert [entry["by"] for entry in order["history"]] == [ana.sub, *[staff.sub] * 4]
    assert order["version"] == 5


def test_naming_the_status_it_has_adds_no_history(ana: Client) -> None:
    order = ana.create()
    same = ana.expect(200, ana.put(order, status="PENDING"))
    assert (same["version"], same["history"]) == (2, order["history"])


def test_content_may_be_repeated_in_every_status(ana: Client, staff: Client) -> None:
    order = staff.move(ana.create(), "CONFIRMED", "PROCESSING", "SHIPPED")
    for client in (ana, staff):
        assert client.put(order).status_code == 200


def test_content_is_the_customers_while_pending_and_staffs_until_processing(
    ana: Client, staff: Client
) -> None:
    order = ana.create()
    more = [MUG | {"quantity": 3}]
    staff.move(order, "CONFIRMED")
    problem(ana.put(order, items=more), 409, "illegal-state")
    order = staff.expect(200, staff.put(order, items=more))
    staff.move(order, "PROCESSING", "SHIPPED")
    problem(staff.put(order, items=[MUG]), 409, "illegal-state")


@pytest.mark.parametrize("status", ["PROCESSING", "SHIPPED", "DELIVERED"])
def test_no_status_is_skipped(ana: Client, staff: Client, status: str) -> None:
    order = ana.create()
    document = problem(staff.put(order, status=status), 409, "illegal-state")
    assert sorted(document["allowed_statuses"]) == ["CANCELLED", "CONFIRMED"]
    assert staff.get(order) == order


def test_the_end_is_final(ana: Client, staff: Client) -> None:
    cancelled = ana.move(ana.create(), "CANCELLED")
    document = problem(staff.put(cancelled, status="CONFIRMED"), 409, "illegal-state")
    assert document["allowed_statuses"] == []
    problem(ana.put(cancelled, items=[MUG | {"quantity": 9}]), 409, "illegal-state")


def test_the_customer_of_an_order_stays(staff: Client) -> None:
    order = staff.create(MUGS | {"customer_id": some_customer()})
    problem(staff.put(order, customer_id=some_customer()), 409, "illegal-state")
    assert staff.put(order, customer_id=order["customer_id"]).status_code == 200


@pytest.mark.parametrize("status", [(), ("CANCELLED",)], ids=["pending", "cancelled"])
def test_a_deleted_order_is_gone(ana: Client, status: tuple[str, ...]) -> None:
    order = ana.move(ana.create(), *status)
    deleted = ana.send("DELETE", path_of(order))
    assert (deleted.status_code, deleted.content) == (204, b"")
    for method, body in (("GET", None), ("PUT", MUGS), ("DELETE", None)):
        problem(ana.send(method, path_of(order), body), 404, "not-found")


def test_an_order_under_way_is_not_deleted(ana: Client, staff: Client) -> None:
    order = staff.move(ana.create(), "CONFIRMED")
    document = problem(ana.send("DELETE", path_of(order)), 409, "illegal-state")
    assert sorted(document["allowed_statuses"]) == ["CANCELLED", "PROCESSING"]
    assert ana.get(order) == order


def test_an_order_is_found_by_the_shops_own_number(ana: Client, luis: Client, staff: Client) -> None:
    reference = f"WEB-{uuid.uuid4()}"
    order = ana.create(MUGS | {"external_reference": reference})
    query = {"external_reference": reference}
    for client, found in ((ana, [order]), (staff, [order]), (luis, [])):
        assert client.expect(200, client.send("GET", ORDERS, query=query))["orders"] == found
    problem(ana.send("GET", ORDERS, query={"external_reference": "x" * 65}), 400, "invalid-input")
