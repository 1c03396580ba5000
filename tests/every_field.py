"""Values of every field of every stored type, made from the types' own declarations.

A field that is added to a type is generated without a word here; only what the domain or its clients
would refuse (a currency that does not exist, a status twice) is said in `_SPECIAL`.
"""

import types
import typing
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final

from hypothesis import strategies as st
from msgspec import Struct, structs

from orders_core.models import (
    Address,
    Contact,
    Discount,
    LineItem,
    Order,
    OrderContent,
    OrderStatus,
    ReturnLine,
    StatusEntry,
    Tax,
)
from orders_core.money import MINOR_DIGITS
from orders_core.payment_models import Payment
from orders_core.shipment_models import ShipmentLine
from orders_core.timestamps import to_text

TEXTS: Final = st.text(min_size=1, max_size=30)
TIMES: Final = st.datetimes(
    datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)
).map(to_text)  # fmt: skip

PERCENTAGES: Final = st.none() | st.decimals(0, 100, places=1).map(str)


def orders() -> st.SearchStrategy[Order]:
    """Orders with any value in any field."""
    return values_of(Order)


def values_of(type_: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401 - a declared type, of any form
    """Values of a declared type; of a Struct, with every field given."""
    origin, arguments = typing.get_origin(type_), typing.get_args(type_)
    if origin is typing.Annotated:
        return values_of(arguments[0])
    if type_ in _PLAIN:
        return _PLAIN[type_]
    if origin in (types.UnionType, typing.Union):
        return st.one_of(*map(values_of, arguments))
    if origin is tuple:
        return st.lists(values_of(arguments[0]), min_size=1, max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(values_of(arguments[0]), values_of(arguments[1]), max_size=3)
    if isinstance(type_, type) and issubclass(type_, Enum):
        return st.sampled_from(list(type_))
    if isinstance(type_, type) and issubclass(type_, Struct):
        fields = {field.name: _field(type_, field) for field in structs.fields(type_)}
        return st.builds(type_, **fields)
    raise TypeError(f"tests/every_field.py makes no values of {type_}: say how in _PLAIN")


def _field(type_: type[Struct], field: structs.FieldInfo) -> st.SearchStrategy[Any]:
    for key in ((type_, field.name), (None, field.name)):
        if key in _SPECIAL:
            return _SPECIAL[key]
    return values_of(field.type)


def _history_of(statuses: type[OrderStatus]) -> st.SearchStrategy[tuple[StatusEntry, ...]]:
    chosen = st.sets(st.sampled_from(list(statuses)), min_size=1)
    ordered = chosen.map(lambda some: [status for status in statuses if status in some])
    return ordered.flatmap(
        lambda some: st.tuples(*(st.builds(StatusEntry, st.just(each), TIMES, TEXTS) for each in some))
    )


_PLAIN: Final[dict[Any, st.SearchStrategy[Any]]] = {
    str: TEXTS,
    int: st.integers(1, 10_000),
    bool: st.booleans(),
    type(None): st.none(),
}
_SPECIAL: Final[dict[tuple[type[Struct] | None, str], st.SearchStrategy[Any]]] = {
    (None, "at"): TIMES,
    (None, "created_at"): TIMES,
    (None, "updated_at"): TIMES,
    (None, "erased_at"): TIMES,
    (None, "shipped_at"): TIMES,
    (Order, "order_id"): st.uuids(version=4).map(str),
    (Order, "history"): _history_of(OrderStatus),
    (OrderContent, "currency"): st.sampled_from(sorted(MINOR_DIGITS)),
    (Contact, "email"): st.none() | st.emails(),
    (Contact, "phone"): st.none() | st.integers(10**6, 10**15 - 1).map("+{}".format),
    (Address, "country"): st.sampled_from(["ES", "DE", "US"]),
    (Address, "postal_code"): st.none() | st.text("0123456789", min_size=1, max_size=16),
    # Discounts are never more than what they are taken from.
    (LineItem, "unit_price"): st.integers(10_000, 20_000),
    (LineItem, "discount"): st.integers(0, 1_000),
    (LineItem, "tax_rate"): PERCENTAGES,
    (Discount, "amount"): st.integers(0, 1_000),
    (Tax, "rate"): PERCENTAGES,
    # No more is paid back than was paid.
    (Payment, "refunded_amount"): st.just(1),
    # Lines of a return and of a shipment are those of the order.
    (ReturnLine, "line"): st.just(1),
    (ShipmentLine, "line"): st.just(1),
}
