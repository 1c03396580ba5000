"""Every field of an order survives every form that an order takes: stored, cached, told and shown.

The orders are made from the types' declarations (tests/every_field.py), so that a field which is added on
one side only fails here.
"""

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given, settings
from msgspec import Struct, structs
from msgspec.structs import replace
from tests import every_field
from tests.orders import an_order

from orders_aws.consumers.table_changes import StreamData, StreamRecord, change_in
from orders_aws.dynamodb.items import ORDER_ATTRIBUTES, from_item, to_item
from orders_client import types as client
from orders_core import (
    amount_schemas,
    comment_models,
    comment_schemas,
    models,
    money,
    payment_models,
    payment_schemas,
    schemas,
    shipment_models,
    shipment_schemas,
)
from orders_core.access import STAFF
from orders_core.amounts import SUMS
from orders_core.events import OrderEvent, event_for_delete, event_for_write
from orders_core.input_errors import InvalidBody
from orders_core.models import IllegalState, Order, OrderChange, OrderContent, OrderStatus
from orders_core.schemas import OrderInput, content_of, event_view_of, view_of
from orders_core.validation import decode
from orders_host.sqlite import SqliteOrderRepository

FEWER: Final = settings(max_examples=30)
"""Enough to give each field a value many times: an order is slow to make."""

VIEWS: Final[dict[type[Struct], tuple[type[Struct], set[str], set[str]]]] = {
    models.Order: (
        schemas.OrderView,
        {"content", "updated_by", "fingerprint"},
        {
            "order_number",
            "payment_status",
            "fulfilment_status",
            *SUMS,
            *structs.asdict(OrderContent((), "")).keys(),
        },
    ),
    models.LineItem: (amount_schemas.LineItemView, set(), set()),
    models.Discount: (amount_schemas.DiscountView, set(), set()),
    models.Shipping: (amount_schemas.ShippingView, set(), set()),
    models.Tax: (amount_schemas.TaxView, set(), set()),
    models.StatusEntry: (schemas.StatusEntryView, set(), set()),
    models.Return: (schemas.ReturnView, set(), {"refund_amount", "requested_at"}),
    models.ReturnLine: (schemas.ReturnLineView, set(), {"product_id"}),
    models.ReturnEntry: (schemas.ReturnEntryView, set(), set()),
    payment_models.Payment: (payment_schemas.PaymentView, set(), set()),
    payment_models.PaymentEntry: (payment_schemas.PaymentEntryView, set(), set()),
    shipment_models.Shipment: (shipment_schemas.ShipmentView, set(), set()),
    shipment_models.ShipmentLine: (shipment_schemas.ShipmentLineView, set(), {"product_id"}),
    comment_models.Comment: (comment_schemas.CommentView, set(), set()),
    OrderEvent: (schemas.OrderEventView, set(), {"left_out", "changes"}),
}
"""Of each stored type: its view, the fields that are not shown, and those that are shown besides."""

CLIENT: Final[dict[type[Struct], type[Struct]]] = {
    schemas.OrderView: client.Order,
    amount_schemas.LineItemView: client.LineItem,
    amount_schemas.DiscountView: client.Discount,
    amount_schemas.ShippingView: client.Shipping,
    amount_schemas.TaxView: client.Tax,
    schemas.StatusEntryView: client.StatusEntry,
    schemas.ReturnView: client.Return,
    schemas.ReturnLineView: client.ReturnedLine,
    schemas.ReturnEntryView: client.ReturnEntry,
    payment_schemas.PaymentView: client.Payment,
    payment_schemas.PaymentEntryView: client.PaymentEntry,
    shipment_schemas.ShipmentView: client.Shipment,
    shipment_schemas.ShipmentLineView: client.ShippedLine,
    comment_schemas.CommentView: client.Comment,
    schemas.FieldChangeView: client.FieldChange,
    schemas.OrderEventView: client.OrderEvent,
}
"""Of each view: the client's type of it."""


@pytest.fixture(scope="module")
def sqlite() -> Iterator[SqliteOrderRepository]:
    with TemporaryDirectory() as folder, closing(SqliteOrderRepository(Path(folder) / "orders.db")) as store:
        yield store


def names(type_: type[Struct]) -> set[str]:
    return {field.name for field in structs.fields(type_)}


def by_name(value: object) -> object:
    """JSON's own view of a value, with every field and in the order of its names."""
    return json.loads(msgspec.json.encode(value, order="sorted"))


@given(every_field.orders())
@FEWER
def test_sqlite_keeps_it_with_its_event(sqlite: SqliteOrderRepository, order: Order) -> None:
    order = replace(order, order_id=str(uuid.uuid4()))
    sqlite.create(order)
    assert sqlite.get(order.order_id) == order
    (event,) = sqlite.list_events(order.order_id, 10)
    assert event == event_for_write(None, order)
    assert event.order == order


@given(every_field.orders())
@FEWER
def test_an_item_of_dynamodb_keeps_it(order: Order) -> None:
    item = json.loads(json.dumps(to_item(order)))
    assert from_item(item) == order
    assert item.keys() <= {"order_id", *ORDER_ATTRIBUTES}


@given(every_field.orders(), every_field.orders())
@FEWER
def test_equal_contents_have_one_document_and_others_have_others(one: Order, other: Order) -> None:
    again = msgspec.json.decode(one.content.canonical(), type=OrderContent)
    assert again == one.content
    assert again.canonical() == one.content.canonical()
    assert (one.content.canonical() == other.content.canonical()) == (one.content == other.content)


@given(every_field.orders())
@FEWER
def test_the_cache_keeps_it(order: Order) -> None:
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(order), type=Order) == order


@given(every_field.orders(), every_field.orders())
@FEWER
def test_the_stream_tells_it(old: Order, new: Order) -> None:
    images = StreamData("1", {}, NewImage=to_item(new), OldImage=to_item(old))
    change = change_in(StreamRecord("1", "MODIFY", images))
    if old.version == new.version:
        assert change is None
        return
    assert change is not None
    assert (change.old, change.new, change.event) == (old, new, event_for_write(old, new))
    assert msgspec.json.decode(change.document, type=OrderEvent) == change.event
    assert by_name(msgspec.json.decode(change.published)) == by_name(event_view_of(change.event))


@given(every_field.orders(), every_field.orders())
@FEWER
def test_an_event_names_every_field_of_the_content_that_changed(old: Order, new: Order) -> None:
    changed = {
        name for name in names(OrderContent) if getattr(old.content, name) != getattr(new.content, name)
    }
    assert changed == names(OrderContent) & set(event_for_write(old, new).changed)


@pytest.mark.parametrize("stored", VIEWS, ids=lambda type_: type_.__name__)
def test_a_view_has_every_field_that_is_not_kept_back(stored: type[Struct]) -> None:
    view, hidden, derived = VIEWS[stored]
    assert names(view) == (names(stored) - hidden) | derived


@pytest.mark.parametrize("view", CLIENT, ids=lambda type_: type_.__name__)
def test_the_client_has_every_field_of_the_view(view: type[Struct]) -> None:
    assert names(CLIENT[view]) == names(view)


def test_a_body_has_every_field_of_the_content() -> None:
    assert names(OrderInput) == names(OrderContent) | {"customer_id", *SUMS}
    assert names(client.NewLineItem) == names(amount_schemas.LineItemInput) == names(models.LineItem)
    for body, stored in (
        (amount_schemas.DiscountInput, models.Discount),
        (amount_schemas.ShippingInput, models.Shipping),
        (amount_schemas.TaxInput, models.Tax),
    ):
        assert names(body) == names(stored)
    assert names(client.NewComment) == names(comment_schemas.CommentInput)
    assert names(client.NewShipment) == names(shipment_schemas.ShipmentInput)
    assert names(client.NewPayment) == names(payment_schemas.PaymentInput)


def test_what_is_left_out_of_a_document_is_nothing() -> None:
    """Another default would be written or not by chance: msgspec compares by identity."""
    for type_ in VIEWS.keys() - {models.Order, OrderEvent} | {OrderContent}:
        for field in structs.fields(type_):
            default = field.default_factory() if callable(field.default_factory) else field.default
            is_nothing = default in (None, "", 0, False) or default in ({}, [], ())
            assert field.required or is_nothing, field.name


@given(every_field.orders())
@FEWER
def test_what_is_shown_may_be_written_back(order: Order) -> None:
    view: Any = by_name(view_of(order))
    body = {name: view[name] for name in names(OrderInput) & view.keys()}
    assert content_of(decode(json.dumps(body).encode(), OrderInput)) == order.content


@given(every_field.orders())
@FEWER
def test_the_client_reads_all_that_is_shown(order: Order) -> None:
    for event in (event_for_write(None, order), event_for_delete(order, order.updated_at, None)):
        shown = event_view_of(event, internal=True)
        read = msgspec.json.decode(msgspec.json.encode(shown), type=client.OrderEvent)
        assert told(read) == told(shown)


def told(value: object) -> object:
    """All names and values, whatever types hold them; what is not there is left out."""
    if isinstance(value, Struct):
        fields = {field.name: field for field in structs.fields(value)}
        given = {name: getattr(value, name) for name in fields}
        return told({name: each for name, each in given.items() if each is not fields[name].default})
    if isinstance(value, Mapping):
        return {
            name: told(each) for name, each in value.items() if each not in (msgspec.UNSET, None, [], (), {})
        }
    if isinstance(value, list | tuple):
        return [told(each) for each in value]
    if isinstance(value, Decimal):
        return str(value)
    text = msgspec.to_builtins(value)
    return text.replace(".000Z", "Z").replace("000Z", "Z") if isinstance(text, str) else text


def test_a_document_leaves_out_what_is_at_its_default() -> None:
    """So a field that is added later changes neither stored documents nor fingerprints of requests."""
    content = OrderContent((models.LineItem("A-1", 2, 950),), "EUR", notes=None, metadata={})
    line = '{"product_id":"A-1","quantity":2,"unit_price":950}'
    assert content.canonical().decode() == '{"currency":"EUR","items":[' + line + "]}"


def test_an_order_in_a_currency_that_is_no_longer_offered_is_shown_as_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(money, "OFFERED", money.OFFERED - {"EUR"})
    order = an_order()
    assert from_item(to_item(order)) == order
    assert view_of(order).total_amount == "19.00"
    with pytest.raises(InvalidBody, match="1 fault"):
        decode(b'{"items": [{"product_id": "A-1", "quantity": 2, "unit_price": "9.50"}]}', OrderInput)


def test_an_order_in_a_status_that_is_no_longer_entered_is_shown_and_can_leave_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As docs/extending.md says how to retire one: out of the other rows, and still a member."""
    retired = OrderStatus.PROCESSING
    entered = models.TRANSITIONS.items()
    remaining = {status: tuple(each for each in row if each is not retired) for status, row in entered}
    monkeypatch.setattr(models, "TRANSITIONS", remaining)
    order = replace(an_order(), status=retired)
    assert from_item(to_item(order)) == order
    assert view_of(order).status == "PROCESSING"
    assert models.change(order, a_move(order, OrderStatus.SHIPPED)).status is OrderStatus.SHIPPED
    with pytest.raises(IllegalState, match="can't become PROCESSING"):
        models.change(replace(order, status=OrderStatus.CONFIRMED), a_move(order, retired))


def a_move(order: Order, status: OrderStatus) -> OrderChange:
    return OrderChange(
        order.order_id,
        order.content,
        at=order.updated_at,
        by=order.updated_by,
        editable_in=STAFF.editable_in,
        settable=STAFF.settable,
        status=status,
    )
