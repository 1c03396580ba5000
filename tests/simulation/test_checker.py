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
    return {"order_id": "one", "version": version, "metadata": {"op": tag}, "items": items, **fields}


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


def more_returned_than_bought(history: History, final: Final) -> Final:
    back = {"status": "REFUNDED", "lines": [{"line": 1, "quantity": 2}]}
    after = order(2, "ana-2", returns=[back, back])
    history.operations[1].told = after
    return replace(final, orders={"one": after}, events={"one": [final.events["one"][0], event(2, after)]})


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
