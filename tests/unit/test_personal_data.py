"""Every text of an order is known to be personal or not, and what is personal goes."""

import json
from typing import Any, Final, get_args

import msgspec
import pytest
from hypothesis import given, settings
from msgspec import Struct, structs
from msgspec.structs import replace
from tests import every_field
from tests.orders import LAMPS, a_change, an_order

from orders_core import comment_models, models, payment_models, shipment_models
from orders_core.erasure import Actor, erased_event, erased_order
from orders_core.events import event_for_write
from orders_core.models import Contact, IllegalState, Order
from orders_core.personal import Personal, is_marked, without_personal_data
from orders_core.schemas import view_of

STAYS: Final[dict[type[Struct], set[str]]] = {
    models.Order: {
        *("order_id", "customer_id", "created_at", "updated_at", "updated_by", "fingerprint", "erased_at")
    },
    models.OrderContent: {"currency", "external_reference"},
    models.LineItem: {"product_id", "name", "tax_rate"},
    models.Discount: {"code", "description"},
    models.Shipping: {"method"},
    models.Tax: {"name", "rate"},
    models.StatusEntry: {"at", "by"},
    models.Return: {"return_id"},
    models.ReturnEntry: {"at", "by"},
    payment_models.Payment: {"payment_id", "provider", "reference"},
    payment_models.PaymentEntry: {"at", "by"},
    shipment_models.Shipment: {"shipment_id", "carrier", "tracking_number", "shipped_at", "recorded_by"},
    comment_models.Comment: {"comment_id", "at", "by"},
}
"""Texts that stay when a customer is erased: products, times, and ids of users and of other systems.

A new text is either `Personal` where it is declared, or is named here by whoever has thought about it.
"""

ACTOR: Final = Actor("staff", "2026-02-01T00:00:00.000Z")


def parts_of(type_: object) -> set[type[Struct]]:
    """All structs that values of a type are made of, but those that go as a whole."""
    if isinstance(type_, type) and issubclass(type_, Struct):
        fields = structs.fields(type_)
        return {type_}.union(*(parts_of(field.type) for field in fields if not is_marked(field.type)))
    return set().union(*map(parts_of, get_args(type_)))


def has_text(type_: object) -> bool:
    """Whether values of a type have texts of no closed list in them, but those in structs of their own."""
    return type_ is str or any(has_text(each) for each in get_args(type_))


@pytest.mark.parametrize("type_", sorted(parts_of(Order), key=str), ids=lambda type_: type_.__name__)
def test_each_text_is_personal_or_is_known_not_to_be(type_: type[Struct]) -> None:
    texts = {field.name for field in structs.fields(type_) if has_text(field.type)}
    marked = {field.name for field in structs.fields(type_) if is_marked(field.type)}
    assert texts - marked == STAYS.get(type_, set())


def test_a_field_that_nobody_has_thought_about_is_noticed() -> None:
    class Gift(Struct):
        to: Personal[str] | None = None
        message: str | None = None
        wrapped: bool = False

    assert parts_of(Gift) == {Gift}
    assert [has_text(field.type) for field in structs.fields(Gift)] == [True, True, False]
    assert [is_marked(field.type) for field in structs.fields(Gift)] == [True, False, False]


@given(every_field.orders())
@settings(max_examples=30)
def test_nothing_that_is_marked_is_left(order: Order) -> None:
    erased = erased_order(replace(order, erased_at=""), ACTOR)
    assert all(is_empty(value) for value in marked_values(erased))
    assert without_personal_data(erased) is erased
    assert erased_order(erased, ACTOR) is erased
    event = erased_event(event_for_write(None, order), ACTOR.at)
    assert all(is_empty(value) for value in marked_values(event.order))


@given(every_field.orders())
@settings(max_examples=30)
def test_what_is_not_marked_stays_and_the_order_is_valid(order: Order) -> None:
    erased = erased_order(order, ACTOR)
    assert plain(erased) == plain(order) | {
        "version": order.version + (erased is not order),
        **({} if erased is order else {"updated_at": ACTOR.at, "updated_by": ACTOR.by}),
    }
    assert erased.content.sums == order.content.sums
    assert msgspec.json.decode(msgspec.json.encode(erased), type=Order) == erased
    assert view_of(erased).total_amount == view_of(order).total_amount


def test_no_personal_data_is_written_to_an_erased_order() -> None:
    erased = erased_order(an_order(content=LAMPS), ACTOR)
    late = a_change(erased, replace(erased.content, contact=Contact("Ana")))
    with pytest.raises(IllegalState, match="were erased"):
        models.change(erased, late)
    assert models.change(erased, a_change(erased, erased.content)).version == erased.version + 1


def test_nothing_tells_what_the_request_had_in_it() -> None:
    order = an_order(content=LAMPS, fingerprint="k" * models.KEY_CHARS + "request")
    assert erased_order(order, ACTOR).fingerprint == "k" * models.KEY_CHARS


def marked_values(value: Any) -> list[object]:  # noqa: ANN401 - of any stored type
    if isinstance(value, tuple | list):
        return [each for part in value for each in marked_values(part)]
    if not isinstance(value, Struct):
        return []
    found: list[object] = []
    for field in structs.fields(type(value)):
        held = getattr(value, field.name)
        found += [held] if is_marked(field.type) else marked_values(held)
    return found


def is_empty(value: object) -> bool:
    return value in (None, "") or value == {}


def plain(order: Order) -> dict[str, Any]:
    """What is not marked, as JSON has it, without the notes of erasing itself."""
    document: dict[str, Any] = json.loads(msgspec.json.encode(without_personal_data(order)))
    return {name: value for name, value in document.items() if name not in ("erased_at", "fingerprint")}
