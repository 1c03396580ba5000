"""Comments: kept in any status, shown to whom they are for, bounded for customers and staff by itself."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests import every_field
from tests.orders import an_order, moment

from orders_core import comments
from orders_core.comment_models import Comment, Visibility
from orders_core.erasure import Actor, erased_order
from orders_core.events import event_for_write
from orders_core.models import IllegalState, Order, OrderStatus
from orders_core.schemas import event_view_of, view_of
from orders_webhooks.payload import message_of

SECRET = "Claims a broken cup each time"


def said(order: Order, text: str, by: str = "staff", visibility: Visibility = Visibility.VISIBLE) -> Order:
    comment = Comment(f"c{len(order.comments)}", moment(9), by, visibility, text)
    return comments.write(order, comment)


@pytest.mark.parametrize("status", OrderStatus)
def test_a_comment_is_a_version_of_the_order_in_any_status(status: OrderStatus) -> None:
    before = an_order(status=status)
    after = said(before, "Ring twice", before.customer_id)
    assert after == replace(
        before,
        comments=(Comment("c0", moment(9), before.customer_id, Visibility.VISIBLE, "Ring twice"),),
        version=before.version + 1,
        updated_at=moment(9),
        updated_by=before.customer_id,
    )


def test_an_internal_comment_is_shown_to_staff_only() -> None:
    order = said(said(an_order(), "We are on it"), SECRET, visibility=Visibility.INTERNAL)
    assert [each.text for each in comments.shown(order, internal=False)] == ["We are on it"]
    assert [each.text for each in comments.shown(order, internal=True)] == ["We are on it", SECRET]


def test_where_a_customer_sees_no_comment_there_is_no_list_of_them() -> None:
    order = said(an_order(), SECRET, visibility=Visibility.INTERNAL)
    assert view_of(order).comments is msgspec.UNSET
    assert view_of(an_order(), internal=True).comments is msgspec.UNSET


def test_the_event_of_an_internal_comment_tells_customers_and_webhooks_nothing_of_it() -> None:
    before = said(an_order(), "We are on it")
    event = event_for_write(before, said(before, SECRET, visibility=Visibility.INTERNAL))
    assert event_view_of(event).changed == []
    assert event_view_of(event, internal=True).changed == ["comments"]
    assert SECRET.encode() not in message_of(event_view_of(event)).body
    visible = event_for_write(before, said(before, "It is sent"))
    assert event_view_of(visible).changed == ["comments"]


@given(every_field.orders(), st.integers(0, 3))
def test_whatever_else_an_order_has_its_internal_comments_are_not_shown(order: Order, at: int) -> None:
    secret = Comment("c", moment(9), "staff", Visibility.INTERNAL, SECRET)
    order = replace(order, comments=(*order.comments[:at], secret, *order.comments[at:]))
    for shown in (view_of(order), event_view_of(event_for_write(None, order))):
        document = msgspec.json.encode(shown)
        assert SECRET.encode() not in document
        assert b'"INTERNAL"' not in document


@pytest.mark.parametrize(("full", "other"), [("ana", "staff"), ("staff", "ana")])
def test_neither_customers_nor_staff_take_the_room_of_the_other(full: str, other: str) -> None:
    order = an_order()
    assert order.customer_id == "ana"
    for _ in range(comments.MAX_COMMENTS):
        order = said(order, "Hello?", full)
    with pytest.raises(IllegalState, match="at most 25 comments of"):
        said(order, "Hello?", full)
    assert len(said(order, "Yes?", other).comments) == comments.MAX_COMMENTS + 1


def test_erasing_a_customer_empties_comments_and_no_others_are_taken() -> None:
    order = said(said(an_order(), "Ring twice", "ana"), SECRET, visibility=Visibility.INTERNAL)
    erased = erased_order(order, Actor("boss", moment(10)))
    assert [each.text for each in erased.comments] == ["", ""]
    with pytest.raises(IllegalState, match="were erased"):
        said(erased, "Ana called again")


def test_comments_have_so_many_bytes_together() -> None:
    order = an_order()
    with pytest.raises(IllegalState, match=r"at most 24,000 bytes together; write a shorter one\."):
        for _ in range(comments.MAX_COMMENTS):
            order = said(order, "\x01" * 500)
    size = len(msgspec.json.encode(order.comments))
    assert comments.MAX_BYTES - 4_000 < size <= comments.MAX_BYTES
    assert said(order, "Short", order.customer_id).comments[-1].text == "Short"
