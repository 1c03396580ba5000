"""An order's life: the state machine, who may take which step, and what a change leaves behind."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.orders import LAMPS, MUGS, a_change, a_removal, an_order

from orders_core import models
from orders_core.access import CUSTOMER, STAFF
from orders_core.models import (
    DELETABLE,
    TRANSITIONS,
    IllegalState,
    LineItem,
    NotAllowed,
    Order,
    OrderContent,
    OrderError,
    OrderNotFound,
    OrderStatus,
    VersionMismatch,
)

P, CONFIRMED, PROCESSING, SHIPPED, DELIVERED, CANCELLED = OrderStatus

# What the machine allows, said once more in another way than the code says it.
FORWARD = [P, CONFIRMED, PROCESSING, SHIPPED, DELIVERED]
ALLOWED = {*itertools.pairwise(FORWARD), (P, CANCELLED), (CONFIRMED, CANCELLED), (PROCESSING, CANCELLED)}

statuses = st.sampled_from(OrderStatus)
changes = st.tuples(
    statuses,
    st.none() | statuses,
    st.sampled_from([MUGS, LAMPS]),
    st.sampled_from([None, "ana", "luis"]),
    st.sampled_from([None, "ana", "luis"]),
    st.sampled_from([None, (1,), (2, 3)]),
)


@pytest.mark.parametrize("source", OrderStatus)
@pytest.mark.parametrize("target", OrderStatus)
def test_staff_moves_along_the_machine_and_nowhere_else(source: OrderStatus, target: OrderStatus) -> None:
    order = an_order(status=source)
    if source == target or (source, target) in ALLOWED:
        assert models.change(order, a_change(order, status=target)).status == target
        return
    with pytest.raises(IllegalState) as caught:
        models.change(order, a_change(order, status=target))
    assert set(caught.value.allowed) == {status for status in OrderStatus if (source, status) in ALLOWED}


@pytest.mark.parametrize("source", OrderStatus)
@pytest.mark.parametrize("target", OrderStatus)
def test_a_customer_may_cancel_and_nothing_else(source: OrderStatus, target: OrderStatus) -> None:
    order = an_order("ana", source)
    change = a_change(order, status=target, owner="ana")
    if source == target or (target is CANCELLED and (source, target) in ALLOWED):
        assert models.change(order, change).status == target
        return
    with pytest.raises(NotAllowed if target is not CANCELLED else IllegalState):
        models.change(order, change)


def test_the_machine_has_no_way_back() -> None:
    order = list(OrderStatus)
    assert all(order.index(source) < order.index(target) for source, target in ALLOWED)
    assert {(source, target) for source in OrderStatus for target in TRANSITIONS[source]} == ALLOWED


@pytest.mark.parametrize(("role", "until"), [(CUSTOMER, [P]), (STAFF, [P, CONFIRMED, PROCESSING])])
@pytest.mark.parametrize("status", OrderStatus)
def test_content_changes_only_so_long(role: object, until: list[OrderStatus], status: OrderStatus) -> None:
    order = an_order("ana", status)
    change = a_change(order, LAMPS, owner="ana" if role is CUSTOMER else None)
    if status in until:
        assert models.change(order, change).content == LAMPS
    else:
        with pytest.raises(IllegalState):
            models.change(order, change)
        assert models.change(order, replace(change, content=MUGS)).content == MUGS


@given(changes)
def test_a_change_leaves_a_whole_order_behind_or_none(
    given: tuple[
        OrderStatus, OrderStatus | None, OrderContent, str | None, str | None, tuple[int, ...] | None
    ],
) -> None:
    status, target, content, owner, customer_id, versions = given
    before = an_order("ana", status)
    change = a_change(before, content, target, owner, customer_id=customer_id, versions=versions)
    try:
        after = models.change(before, change)
    except OrderError:
        return
    assert owner in (None, "ana")
    assert customer_id in (None, "ana")
    assert versions is None or before.version in versions
    assert after.version == before.version + 1
    assert (after.order_id, after.customer_id, after.created_at) == (
        before.order_id,
        before.customer_id,
        before.created_at,
    )
    assert (after.updated_at, after.updated_by) == (change.at, change.by)
    assert after.history[: len(before.history)] == before.history
    assert len(after.history) == len(before.history) + (after.status != before.status)
    assert len({entry.status for entry in after.history}) == len(after.history)


@given(changes)
def test_of_several_refusals_the_first_is_told(
    given: tuple[
        OrderStatus, OrderStatus | None, OrderContent, str | None, str | None, tuple[int, ...] | None
    ],
) -> None:
    """Not found, not allowed, version, state: whatever comes first, whatever else is wrong."""
    status, target, content, owner, customer_id, versions = given
    order = an_order("ana", status)
    change = a_change(order, content, target, owner, customer_id=customer_id, versions=versions)
    moves = target not in (None, status)
    if owner == "luis":
        expected: type[OrderError] | None = OrderNotFound
    elif owner and ((moves and target is not CANCELLED) or customer_id == "luis"):
        expected = NotAllowed
    elif versions == (2, 3):
        expected = VersionMismatch
    elif (
        customer_id == "luis"
        or (moves and (status, target) not in ALLOWED)
        or (content != order.content and status not in change.editable_in)
    ):
        expected = IllegalState
    else:
        expected = None
    assert _refusal(order, change) is expected


def _refusal(order: Order, change: models.OrderChange) -> type[OrderError] | None:
    try:
        models.change(order, change)
    except OrderError as error:
        return type(error)
    return None


@pytest.mark.parametrize("status", OrderStatus)
def test_only_what_has_not_begun_or_was_given_up_is_deleted(status: OrderStatus) -> None:
    order = an_order("ana", status)
    if status in (P, CANCELLED):
        models.check_removal(order, a_removal(order, "ana"))
    else:
        with pytest.raises(IllegalState, match="PENDING or CANCELLED"):
            models.check_removal(order, a_removal(order, "ana"))
    assert DELETABLE == (P, CANCELLED)


def test_a_removal_is_judged_like_a_change() -> None:
    order = an_order("ana", SHIPPED)
    with pytest.raises(OrderNotFound):
        models.check_removal(order, a_removal(order, "luis", versions=(7,)))
    with pytest.raises(VersionMismatch):
        models.check_removal(order, a_removal(order, "ana", versions=(7,)))


@given(st.lists(st.tuples(st.integers(1, 10_000), st.integers(0, 10**10)), min_size=1, max_size=100))
def test_the_total_is_exact_at_any_size(lines: list[tuple[int, int]]) -> None:
    items = tuple(LineItem("A", quantity, price) for quantity, price in lines)
    assert OrderContent(items, "CLF").total_amount == sum(quantity * price for quantity, price in lines)


def test_an_order_starts_pending_at_version_one() -> None:
    order = models.place("id", "ana", MUGS, at="2026-01-31T09:30:00.000Z", by="boss", fingerprint="f")
    assert (order.status, order.version, order.updated_by, order.fingerprint) == (P, 1, "boss", "f")
    assert [(entry.status, entry.at, entry.by) for entry in order.history] == [(P, order.created_at, "boss")]
