"""What an event changed, told by the orders before and after it."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, to_builtins
from msgspec.structs import replace
from tests import every_field
from tests.orders import MUGS, an_order, moment

from orders_core import comments
from orders_core.comment_models import Comment, Visibility
from orders_core.event_changes import MAX_VALUE_BYTES, with_changes
from orders_core.events import event_for_write
from orders_core.models import Order, OrderStatus
from orders_core.schemas import OrderEventView, event_view_of


def events_of(*orders: Order) -> list[OrderEventView]:
    """The events of an order that was these orders, one after the other."""
    numbered = [replace(order, version=number) for number, order in enumerate(orders, start=1)]
    return [
        event_view_of(event_for_write(old, new))
        for old, new in zip([None, *numbered], numbered, strict=False)
    ]


def told(events: list[OrderEventView]) -> list[object]:
    return [
        to_builtins(event.changes, str_keys=True) if event.changes is not UNSET else None
        for event in with_changes(events, None)
    ]


def test_each_event_tells_what_was_before_it() -> None:
    placed = an_order(content=replace(MUGS, notes="Ring twice"))
    quiet = replace(placed, content=replace(placed.content, notes=None))
    confirmed = replace(quiet, status=OrderStatus.CONFIRMED)
    assert told(events_of(placed, quiet, confirmed)) == [
        None,
        [{"field": "notes", "before": "Ring twice", "after": None}],
        [{"field": "status", "before": "PENDING", "after": "CONFIRMED"}],
    ]


def test_an_event_whose_predecessor_is_not_there_tells_no_changes() -> None:
    first, _, last = events_of(an_order(), an_order(), an_order(status=OrderStatus.CONFIRMED))
    assert told([first, last]) == [None, None]


def test_a_page_goes_on_from_the_event_before_it() -> None:
    events = events_of(an_order(), an_order(status=OrderStatus.CONFIRMED))
    (alone,) = with_changes(events[1:], events[0])
    assert alone == with_changes(events, None)[1]


def test_a_value_that_is_long_is_not_repeated() -> None:
    long = {"k": "v" * MAX_VALUE_BYTES}
    assert told(events_of(an_order(), an_order(content=replace(MUGS, metadata=long))))[1] is None


def test_a_comment_is_no_change_of_a_value() -> None:
    order = an_order()
    commented = comments.write(order, Comment("c", moment(1), "staff", Visibility.INTERNAL, "Fragile"))
    assert told(events_of(order, commented)) == [None, None]


@given(st.lists(every_field.orders(), min_size=2, max_size=3))
def test_changes_lead_from_one_order_to_the_next(orders: list[Order]) -> None:
    events = with_changes(events_of(*orders), None)
    for previous, event in pairwise(events):
        for change in event.changes or ():
            before, after = (getattr(each.order, change.field) for each in (previous, event))
            assert (change.before, change.after) == tuple(None if v is UNSET else v for v in (before, after))
            assert change.before != change.after
