"""Cursors: they come back as they were, in their own listing only, and damage is noticed."""

import base64

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders_core import cursors
from orders_core.cursors import InvalidCursor
from orders_core.models import OrderStatus
from orders_core.operations.reports import EventPosition, EventQuery
from orders_core.stores import OrderQuery, Position

moments = st.datetimes().map(lambda moment: moment.isoformat(timespec="milliseconds") + "Z")
positions = st.builds(Position, moments, st.uuids().map(str))
queries = st.builds(
    OrderQuery,
    st.none() | st.text(max_size=64),
    st.none() | st.sampled_from(OrderStatus),
    st.none() | moments,
    st.none() | moments,
)


@given(positions, queries)
def test_a_cursor_comes_back_as_it_was(position: Position, query: OrderQuery) -> None:
    cursor = cursors.encode(position, query)
    assert cursors.decode(cursor, query, Position) == position
    assert set(cursor) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@given(positions, queries, queries)
def test_a_cursor_of_another_query_is_refused(position: Position, one: OrderQuery, other: OrderQuery) -> None:
    if one != other:
        with pytest.raises(InvalidCursor):
            cursors.decode(cursors.encode(position, one), other, Position)


@given(positions, queries, st.data())
def test_a_damaged_cursor_is_refused(position: Position, query: OrderQuery, data: st.DataObject) -> None:
    cursor = cursors.encode(position, query)
    at = data.draw(st.integers(0, len(cursor) - 1))
    other = data.draw(st.sampled_from("Aa0-_").filter(lambda letter: letter != cursor[at]))
    damaged = cursor[:at] + other + cursor[at + 1 :]
    if base64.urlsafe_b64decode(damaged + "==") != base64.urlsafe_b64decode(cursor + "=="):
        with pytest.raises(InvalidCursor):
            cursors.decode(damaged, query, Position)
    with pytest.raises(InvalidCursor):
        cursors.decode(cursor[:at], query, Position)


@given(positions, queries, st.data())
def test_a_cursor_with_characters_between_is_refused(
    position: Position, query: OrderQuery, data: st.DataObject
) -> None:
    cursor = cursors.encode(position, query)
    at = data.draw(st.integers(0, len(cursor)))
    inserted = 4 * data.draw(st.sampled_from("! .*\n"))  # the padding stays what it was
    with pytest.raises(InvalidCursor):
        cursors.decode(cursor[:at] + inserted + cursor[at:], query, Position)


def test_a_refusal_names_the_cursor() -> None:
    position = Position("2026-01-31T00:00:00.000Z", "2d37988e-65fa-8560-935b-334c24aaae8f")
    cursor = cursors.encode(position, OrderQuery("ana"))
    for refused, query in ((cursor, OrderQuery("luis")), ("!", OrderQuery("ana"))):
        with pytest.raises(InvalidCursor) as error:
            cursors.decode(refused, query, Position)
        assert str(error.value) == refused


@given(st.text(), queries)
def test_any_other_text_is_no_cursor(text: str, query: OrderQuery) -> None:
    with pytest.raises(InvalidCursor):
        cursors.decode(text, query, Position)


@pytest.mark.parametrize(
    "key",
    [
        {"created_at": "2026-01-31T09:30:00.123Z"},
        {"created_at": "then", "order_id": "7d2f7f43-6a0d-4c58-9f0c-6a1d6b3e2f10"},
        {"created_at": "2026-01-31T09:30:00.123Z", "order_id": "' OR 1=1 --"},
        {"created_at": 7, "order_id": None},
        [],
    ],
)
def test_a_cursor_that_somebody_made_up_is_held_to_what_a_position_is(key: object) -> None:
    query = OrderQuery("ana")
    with pytest.raises(InvalidCursor):
        cursors.decode(_made_up(key, query), query, Position)


@pytest.mark.parametrize("version", [-1, 0, 2**53, 10**40, 1.5, "1"])
def test_a_made_up_version_is_one_that_an_order_could_have(version: object) -> None:
    query = EventQuery("7d2f7f43-6a0d-4c58-9f0c-6a1d6b3e2f10")
    with pytest.raises(InvalidCursor):
        cursors.decode(_made_up({"version": version}, query), query, EventPosition)


def _made_up(key: object, query: msgspec.Struct) -> str:
    """A cursor with a good checksum over whatever one likes."""
    raw = msgspec.json.encode(key)
    return base64.urlsafe_b64encode(cursors._checksum(raw, query) + raw).decode().rstrip("=")
