"""Orders as rows of a table (CSV, RFC 4180), and rows as bodies of new orders.

Each line of an order is a row. What names the order is in all of its rows; what else is the order's, in the
first alone, so that sums over a column are right. Payments, shipments, returns and the history are left out.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from orders_core.schemas import OrderInput, OrderView

# An order or a part of it, as JSON has it.
Json = dict[str, Any]

NAMES: Final = ("order_id", "order_number", "external_reference")
"""Columns that name the order of a row."""

_READ_ONLY: Final = ("status", "payment_status", "fulfilment_status", "created_at", "updated_at", "version")
_SUMS: Final = ("subtotal", "discount_total", "shipping_total", "tax_total", "total_amount")
_TEXTS: Final = ("customer_id", "currency", *_SUMS, "notes")
_DOCUMENTS: Final = ("taxes_included", "metadata", "discounts", "taxes")
_OBJECTS: Final[Mapping[str, tuple[str, ...]]] = {
    "contact": ("name", "email", "phone"),
    "shipping_address": ("lines", "city", "region", "postal_code", "country"),
    "billing_address": ("lines", "city", "region", "postal_code", "country"),
    "shipping": ("method", "amount", "tax"),
}
_LINE: Final = {
    "product_id": "product_id",
    "name": "name",
    "quantity": "quantity",
    "unit_price": "unit_price",
    "discount": "line_discount",
    "tax": "line_tax",
    "tax_rate": "line_tax_rate",
}
"""The column of each member of a line; `quantity` is the one that is a number."""

_OF_ORDER: Final = (
    *_READ_ONLY,
    *_TEXTS,
    *_DOCUMENTS,
    *(f"{name}_{part}" for name, parts in _OBJECTS.items() for part in parts),
)
COLUMNS: Final = (*NAMES, "line", *_LINE.values(), *_OF_ORDER)

_ANSWERED_ONLY: Final = {*OrderView.__struct_fields__} - {*OrderInput.__struct_fields__}

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class InvalidRow(ValueError):
    """A cell that is not what its column takes; the message names both."""


def header() -> str:
    """The first line of a file."""
    return _lines([COLUMNS])


def rows_of(order: Json) -> str:
    """The lines of an order, given what the API answers of it."""
    of_order = {name: _cell(order.get(name)) for name in (*_READ_ONLY, *_TEXTS)}
    of_order |= {name: _document(order.get(name)) for name in _DOCUMENTS}
    for name, parts in _OBJECTS.items():
        given = order.get(name) or {}
        of_order |= {f"{name}_{part}": _cell(given.get(part)) for part in parts}
    rows = []
    for number, item in enumerate(order["items"], 1):
        names = [_cell(order.get(name)) for name in NAMES]
        of_line = [_cell(item.get(member)) for member in _LINE]
        rest = [of_order[column] if number == 1 else "" for column in _OF_ORDER]
        rows.append([*names, str(number), *of_line, *rest])
    return _lines(rows)


def order_from(rows: Sequence[Mapping[str, str]]) -> Json:
    """The body of a new order, given its rows; columns that are not there are left out, as empty cells are.

    Raises:
        InvalidRow: a cell is no JSON where its column has it, or a column is unknown.
    """
    first = {column: _plain(text) for column, text in rows[0].items() if text}
    unknown = sorted(first.keys() - set(COLUMNS))
    if unknown:
        raise InvalidRow(f"{unknown[0]} is not a known column; known are {', '.join(COLUMNS)}")
    order: Json = {name: first[name] for name in ("external_reference", *_TEXTS) if name in first}
    for name in _DOCUMENTS:
        if name in first:
            order[name] = _parsed(name, first[name])
    for name, parts in _OBJECTS.items():
        given: Json = {part: first[f"{name}_{part}"] for part in parts if f"{name}_{part}" in first}
        if "lines" in given:
            given["lines"] = given["lines"].split("\n")
        if given:
            order[name] = given
    return order | {"items": [_item(row) for row in rows]}


def writable(order: Json) -> Json:
    """What of an order that the API answered can be said of a new one."""
    return {name: value for name, value in order.items() if name not in _ANSWERED_ONLY}


def _item(row: Mapping[str, str]) -> Json:
    item: Json = {member: _plain(row[column]) for member, column in _LINE.items() if row.get(column)}
    quantity = item.get("quantity", "")
    if quantity.isascii() and quantity.isdigit():
        item["quantity"] = int(quantity[:10])
    return item


def _parsed(name: str, text: str) -> object:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise InvalidRow(f"{name} must be JSON: {error}") from None


def _document(value: object) -> str:
    return msgspec.json.encode(value).decode() if value else ""


def _cell(value: object) -> str:
    """A text; a spreadsheet runs what begins like a formula, so an apostrophe makes such a cell a text."""
    if value is None:
        return ""
    text = "\n".join(value) if isinstance(value, (list, tuple)) else str(value)
    return f"'{text}" if _is_formula(text) else text


def _plain(text: str) -> str:
    """The text of a cell without the apostrophe that `_cell` put before it."""
    return text[1:] if text.startswith("'") and _is_formula(text) else text


def _is_formula(text: str) -> bool:
    """Whether it is one, or what an apostrophe has made of one."""
    return text.lstrip("'").startswith(_FORMULA)


class _Text(list[str]):
    """What csv writes to."""

    def write(self, text: str) -> None:
        self.append(text)


def _lines(rows: Iterable[Sequence[str]]) -> str:
    text = _Text()
    csv.writer(text).writerows(rows)
    return "".join(text)
