"""The checker names each law that a history breaks, and has nothing to say of one that breaks none."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from orders_host.throttling import Plan
from tests.simulation.checker import Final, violations
from tests.simulation.history import History

Json = dict[str, Any]

LIMITS = {"ana": Plan(rate=1, burst=10, daily=40)}


def order(version: int, tag: str, **fields: object) -> Json:
    items = [{"product_id": "P-1", "quantity": 2, "unit_price": "9.50"}]
    total = {"items": items, "total_amount": "19.00"}
    return {"order_id": "one", "version": version, "metadata": {"op": tag}, **total, **fields}


def event(version: int, after: Json, kind: str = "OrderUpdated") -> Json:
    return {"version": version, "type": kind, "order": after}


def a_history() -> tuple[History, Final]:
    """One order is placed and changed, read and listed; its events reach the webhook."""
    history = History()
    first, second = order(1, "ana-1"), order(2, "ana-2")
    placed = history.start("ana", "create", None, "ana-1", {})
    history.end(placed, 201, first)
    changed = history.start("ana", "replace", "one", "ana-2", {"if_match": 1})
    history.end(changed, 200, second)
    read = history.start("ana", "get", "one", "ana-3", {})
    history.end(read, 200, second)
    listed = history.start("ana", "list", None, "ana-4", {})
    history.end(listed, 200, {"ids": ["one"]})
    history.receive("webhook", "one", 1)
    history.receive("webhook", "one", 2)
    signed_in = history.start_account("ana", "sign in", {}, "session-1")
    history.end(signed_in, 200, {})
    return history, Final(
        {"one": second}, {"one": [event(1, first, "OrderCreated"), event(2, second)]}, ["one"]
    )


def test_a_lawful_history_breaks_no_law() -> None:
    assert broken_laws(*a_history()) == []


def broken_laws(history: History, final: Final) -> list[str]:
    history.life_ends.append(60.0)
    return violations(history, final, subscribers=("webhook",), limits=LIMITS)


Break = Callable[[History, Final], Final]


def lost_version(history: History, final: Final) -> Final:
    return replace(final, orders={"one": order(1, "ana-1")}, events={"one": final.events["one"][:1]})


def other_content(history: History, final: Final) -> Final:
    changed = order(2, "luis-1")
    return replace(
        final, orders={"one": changed}, events={"one": [final.events["one"][0], event(2, changed)]}
    )


def gap_in_the_versions(history: History, final: Final) -> Final:
    return replace(final, events={"one": [final.events["one"][0], event(3, final.events["one"][1]["order"])]})


def vanished(history: History, final: Final) -> Final:
    return replace(final, orders={"one": None}, listed=[])


def came_back(history: History, final: Final) -> Final:
    gone = event(3, final.events["one"][1]["order"], "OrderDeleted")
    return replace(final, events={"one": [*final.events["one"], gone]})


def lost_deletion(history: History, final: Final) -> Final:
    history.end(history.start("ana", "delete", "one", "ana-9", {}), 204, {})
    return final


def refused_and_made(history: History, final: Final) -> Final:
    history.operations[1].status = 412
    return final


def stale_read(history: History, final: Final) -> Final:
    history.operations[2].told = order(1, "ana-1")
    return final


def wrong_version_accepted(history: History, final: Final) -> Final:
    history.operations[1].asked = {"if_match": 7}
    return final


def one_version_for_two(history: History, final: Final) -> Final:
    again = history.start("luis", "replace", "one", "luis-1", {})
    history.end(again, 200, order(2, "ana-2"))
    return final


def two_orders_of_one_key(history: History, final: Final) -> Final:
    again = history.start("ana", "create", None, "ana-1", {})
    history.end(again, 201, {**order(1, "ana-1"), "order_id": "two"})
    return final


def missing_in_a_listing(history: History, final: Final) -> Final:
    history.operations[3].told = {"ids": []}
    return final


def twice_in_a_listing(history: History, final: Final) -> Final:
    history.operations[3].told = {"ids": ["one", "one"]}
    return final


def not_listed_in_the_end(history: History, final: Final) -> Final:
    return replace(final, listed=[])


def with_last_version(history: History, final: Final, **fields: object) -> Final:
    """The order's second version has these fields, and was acknowledged so."""
    after = order(2, "ana-2", **fields)
    history.operations[1].told = history.operations[2].told = after
    return replace(final, orders={"one": after}, events={"one": [final.events["one"][0], event(2, after)]})


def part(status: str, quantity: int) -> Json:
    lines = [{"line": 1, "quantity": quantity}]
    return {"return_id": "r", "status": status, "lines": lines, "refund_amount": "9.50"}


def payment(status: str, amount: str, refunded: str = "0", name: str = "p") -> Json:
    refunds = {} if refunded == "0" else {"refunded_amount": refunded}
    return {"payment_id": name, "reference": name, "status": status, "amount": amount, **refunds}


def shipment(quantity: int, name: str = "s") -> Json:
    lines = [{"line": 1, "quantity": quantity}]
    return {"shipment_id": name, "tracking_number": name, "lines": lines}


def more_returned_than_bought(history: History, final: Final) -> Final:
    return with_last_version(history, final, returns=[part("RECEIVED", 2), part("RECEIVED", 2)])


def more_paid_than_the_total(history: History, final: Final) -> Final:
    payments = [payment("CAPTURED", "19.00"), payment("CAPTURED", "9.50", name="q")]
    return with_last_version(history, final, payments=payments, payment_status="PAID")


def more_paid_back_than_captured(history: History, final: Final) -> Final:
    payments = [payment("REFUNDED", "9.50", refunded="9.51")]
    return with_last_version(history, final, payments=payments, payment_status="REFUNDED")


def one_payment_twice(history: History, final: Final) -> Final:
    payments = [payment("CAPTURED", "9.50"), payment("CAPTURED", "9.50")]
    return with_last_version(history, final, payments=payments, payment_status="PAID")


def paid_by_its_status_only(history: History, final: Final) -> Final:
    return with_last_version(history, final, payments=[payment("AUTHORIZED", "19.00")], payment_status="PAID")


def refunded_and_not_paid_back(history: History, final: Final) -> Final:
    paid = {"payments": [payment("CAPTURED", "19.00")], "payment_status": "PAID"}
    final.events["one"][0]["order"].update(paid)
    return with_last_version(history, final, returns=[part("REFUNDED", 1)], **paid)


def more_shipped_than_bought(history: History, final: Final) -> Final:
    return with_last_version(history, final, shipments=[shipment(3)], fulfilment_status="PARTIALLY_FULFILLED")


def one_shipment_twice(history: History, final: Final) -> Final:
    return with_last_version(
        history, final, shipments=[shipment(1), shipment(1)], fulfilment_status="FULFILLED"
    )


def fulfilled_by_its_status_only(history: History, final: Final) -> Final:
    return with_last_version(history, final, shipments=[shipment(1)], fulfilment_status="FULFILLED")


def a_payment_that_vanishes(history: History, final: Final) -> Final:
    final.events["one"][0]["order"].update(payments=[payment("CAPTURED", "19.00")], payment_status="PAID")
    return with_last_version(history, final)


def delivered_out_of_order(history: History, final: Final) -> Final:
    history.delivered.reverse()
    return final


def never_delivered(history: History, final: Final) -> Final:
    history.delivered.pop()
    return final


def read_after_the_sign_out(history: History, final: Final) -> Final:
    history.end(history.start_account("ana", "revoke", {"session": "session-1"}, None), 200, {})
    read = history.start("ana", "get", "one", "ana-5", {}, "session-1")
    history.end(read, 200, order(2, "ana-2"))
    return final


def renewed_after_the_end_of_all_sessions(history: History, final: Final) -> Final:
    history.end(history.start_account("administrator", "revoke", {"user": "ana"}, None), 200, {})
    history.end(history.start_account("ana", "refresh", {}, "session-1"), 200, {})
    return final


def signed_in_while_disabled(history: History, final: Final) -> Final:
    history.end(history.start_account("administrator", "disable", {"user": "ana"}, None), 200, {})
    history.end(history.start_account("ana", "sign in", {}, "session-2"), 200, {})
    return final


def more_at_once_than_the_burst(history: History, final: Final) -> Final:
    for number in range(8):
        history.end(history.start("ana", "get", "one", f"ana-{number}", {}), 200, order(2, "ana-2"))
    return final


def more_than_the_daily_quota(history: History, final: Final) -> Final:
    for number in range(50):
        history.clock = lambda: number  # noqa: B023 - used before the next turn
        history.end(history.start("ana", "get", "one", f"ana-{number}", {}), 200, order(2, "ana-2"))
    return final


@pytest.mark.parametrize(
    "broken",
    [
        lost_version,
        other_content,
        gap_in_the_versions,
        vanished,
        came_back,
        lost_deletion,
        refused_and_made,
        stale_read,
        wrong_version_accepted,
        one_version_for_two,
        two_orders_of_one_key,
        missing_in_a_listing,
        twice_in_a_listing,
        not_listed_in_the_end,
        more_returned_than_bought,
        more_paid_than_the_total,
        more_paid_back_than_captured,
        one_payment_twice,
        paid_by_its_status_only,
        refunded_and_not_paid_back,
        more_shipped_than_bought,
        one_shipment_twice,
        fulfilled_by_its_status_only,
        a_payment_that_vanishes,
        delivered_out_of_order,
        never_delivered,
        read_after_the_sign_out,
        renewed_after_the_end_of_all_sessions,
        signed_in_while_disabled,
        more_at_once_than_the_burst,
        more_than_the_daily_quota,
    ],
)
def test_a_broken_law_is_named(broken: Break) -> None:
    history, final = a_history()
    final = broken(history, final)
    assert broken_laws(history, final) != []
