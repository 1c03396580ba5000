"""Who may do what."""

import pytest

from tests.blackbox.client import MUGS, ORDERS, Client, path_of, problem, some_customer


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("PUT", MUGS), ("DELETE", None)])
def test_anothers_order_does_not_exist(ana: Client, luis: Client, method: str, body: object) -> None:
    order = ana.create()
    problem(luis.send(method, path_of(order), body), 404, "not-found")
    assert ana.get(order) == order


def test_nobody_orders_in_anothers_name(ana: Client, luis: Client) -> None:
    problem(luis.send("POST", ORDERS, MUGS | {"customer_id": ana.sub}), 403, "forbidden")
    problem(luis.put(luis.create(), customer_id=ana.sub), 403, "forbidden")


def test_nobody_lists_anothers_orders(ana: Client, luis: Client) -> None:
    problem(luis.send("GET", ORDERS, query={"customer_id": ana.sub}), 403, "forbidden")


def test_a_customer_lists_its_own_without_saying_so(luis: Client) -> None:
    luis.create()
    orders = luis.expect(200, luis.send("GET", ORDERS))["orders"]
    assert {order["customer_id"] for order in orders} == {luis.sub}


def test_a_customer_may_only_cancel(ana: Client) -> None:
    order = ana.create()
    problem(ana.put(order, status="CONFIRMED"), 403, "forbidden")
    assert ana.move(order, "CANCELLED")["status"] == "CANCELLED"


def test_staff_does_everything_for_everybody(ana: Client, staff: Client) -> None:
    customer = some_customer()
    order = staff.create(MUGS | {"customer_id": customer})
    assert order["customer_id"] == customer
    assert staff.expect(200, staff.send("GET", ORDERS, query={"customer_id": customer}))["orders"] == [order]
    assert staff.get(ana.create())["customer_id"] == ana.sub
    assert staff.send("DELETE", path_of(order)).status_code == 204


def test_of_several_refusals_the_first_is_told(ana: Client, luis: Client, staff: Client) -> None:
    """In this order: 404, 403, 412, 409."""
    stale = {"If-Match": '"99"'}
    order = staff.move(ana.create(), "CONFIRMED", "PROCESSING", "SHIPPED")
    problem(luis.put(order, stale, status="DELIVERED"), 404, "not-found")
    problem(ana.put(order, stale, status="DELIVERED"), 403, "forbidden")
    problem(staff.put(order, stale, status="CANCELLED"), 412, "version-mismatch")
    problem(staff.put(order, status="CANCELLED"), 409, "illegal-state")
    problem(ana.send("DELETE", path_of(order), headers=stale), 412, "version-mismatch")
