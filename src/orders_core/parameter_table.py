"""Query parameters and request headers, each declared once: how its text is read, and how it is documented.

The operations read by these tables (`parameters.py`), and the contract documents them (`orders_contract`).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Final, Literal

from msgspec import Struct

from orders_core import money, timestamps
from orders_core.models import OrderStatus
from orders_core.payment_models import OrderPaymentStatus
from orders_core.shipment_models import FulfilmentStatus
from orders_core.stores import NEWEST_FIRST, Sort, SortField

DEFAULT_LIMIT: Final = 20
MAX_LIMIT: Final = 100
MAX_CUSTOMER_ID: Final = 64
MAX_EXTERNAL_REFERENCE: Final = 64
MAX_SEARCH: Final = 100
MAX_IDEMPOTENCY_KEY: Final = 255
MAX_VERSION: Final = 999_999_999
MAX_COUNTED: Final = 10_000
"""The most orders that are counted for one request: some milliseconds."""

SORTS: Final = tuple(f"{sign}{field}" for field in SortField for sign in ("", "-"))
"""The orders of a listing, as clients write them: `-` stands for the highest first."""

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_AMOUNT: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,4})?")
_TIMESTAMP: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)

Schema = Mapping[str, object]
"""A schema object of OpenAPI 3.0."""


class Parameter(Struct, frozen=True):
    """A query parameter or a header.

    `read` makes its value of a text, or raises ValueError with what the text must be. A list is read from
    one text with commas between, or from the texts of a parameter that is given more than once.
    """

    name: str
    description: str
    schema: Schema
    read: Callable[[str], object] = str
    where: Literal["query", "header"] = "query"
    example: str | None = None

    @property
    def is_list(self) -> bool:
        """Whether it may have several values."""
        return self.schema["type"] == "array"


def _table(*parameters: Parameter) -> Mapping[str, Parameter]:
    return {parameter.name: parameter for parameter in parameters}


def _text(name: str, description: str, *, longest: int) -> Parameter:
    def read(text: str) -> str:
        if not 1 <= len(text) <= longest:
            raise ValueError(f"must be 1 to {longest} characters long")
        return text

    return Parameter(name, description, {"type": "string", "minLength": 1, "maxLength": longest}, read)


def _one_of(text: str, among: Iterable[str]) -> str:
    if text not in among:
        raise ValueError(f"must be one of {', '.join(among)}")
    return text


def _choice(name: str, description: str, among: Iterable[str]) -> Parameter:
    names = list(among)
    return Parameter(name, description, {"type": "string", "enum": names}, lambda text: _one_of(text, names))


def _choices(name: str, description: str, among: type[StrEnum]) -> Parameter:
    def read(text: str) -> tuple[StrEnum, ...]:
        asked = {_one_of(each, list(among)) for each in text.split(",")}
        # In one order, whichever they were asked in: a cursor is of a query and not of its spelling.
        return tuple(member for member in among if member in asked)

    items = {"type": "string", "enum": list(among)}
    return Parameter(name, description, {"type": "array", "items": items, "minItems": 1}, read)


def _number(name: str, description: str, *, largest: int, default: int | None = None) -> Parameter:
    def read(text: str) -> int:
        if not re.fullmatch(f"[0-9]{{1,{len(str(largest))}}}", text) or not 1 <= int(text) <= largest:
            raise ValueError(f"must be a whole number from 1 to {largest}")
        return int(text)

    schema = {"type": "integer", "minimum": 1, "maximum": largest}
    return Parameter(name, description, schema if default is None else {**schema, "default": default}, read)


def _time(name: str, description: str) -> Parameter:
    return Parameter(name, description, {"type": "string", "format": "date-time"}, read_time)


def _amount(name: str, description: str) -> Parameter:
    def read(text: str) -> str:
        if not _AMOUNT.fullmatch(text):
            raise ValueError("must be an amount of the currency, such as 19.99")
        return text

    return Parameter(name, description, {"type": "string", "pattern": f"^{_AMOUNT.pattern}$"}, read)


def _day(name: str, description: str) -> Parameter:
    return Parameter(name, description, {"type": "string", "format": "date"}, _read_date)


def read_time(text: str) -> str:
    """An RFC 3339 time in UTC with milliseconds, whatever offset and precision it came with.

    Raises:
        ValueError: the text is none; the message says what it must be.
    """
    try:
        if not _TIMESTAMP.fullmatch(text):
            raise ValueError
        return timestamps.to_text(datetime.fromisoformat(text.upper()))
    except (ValueError, OverflowError):
        detail = "must be an RFC 3339 time such as 2026-01-31T09:30:00Z (write a + in it as %2B)"
        raise ValueError(detail) from None


def _read_sort(text: str) -> Sort:
    field = SortField(_one_of(text, SORTS).removeprefix("-"))
    return Sort(field, text.startswith("-"))


def _read_date(text: str) -> date:
    try:
        if not _DATE.fullmatch(text):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("must be a date such as 2026-01-31") from None


def _words(name: str, description: str, *, longest: int) -> Parameter:
    def read(text: str) -> str:
        if len(text) > longest or not any(character.isalnum() for character in text):
            raise ValueError(f"must be up to {longest} characters, and have a letter or a digit")
        return text

    return Parameter(name, description, {"type": "string", "minLength": 1, "maxLength": longest}, read)


NONE: Final[Mapping[str, Parameter]] = {}

DAYS: Final = _table(
    _day("from", "First day, included."),
    _day("to", "Last day, included."),
)
MOMENT: Final = _table(
    _number("version", "The order as it was at this version.", largest=MAX_VERSION),
    _time("at", "The order as it was at this time."),
)
_FILTERS: Final = _table(
    _text(
        "customer_id",
        "Whose orders. A customer may leave it out or name itself.",
        longest=MAX_CUSTOMER_ID,
    ),
    _choices(
        "status",
        "Orders in one of these statuses only: `PENDING,CONFIRMED`, or the parameter given more than once.",
        OrderStatus,
    ),
    _choices(
        "payment_status",
        "Orders that are paid so far only, as `status`; UNPAID are those without payments, too. A page looks"
        " at 1,000 orders and may be short. On one machine only.",
        OrderPaymentStatus,
    ),
    _choices(
        "fulfilment_status",
        "Orders that are shipped so far only, in the same way; UNFULFILLED are those without shipments, too.",
        FulfilmentStatus,
    ),
    _text(
        "external_reference",
        "Orders with this number of the shop's own only.",
        longest=MAX_EXTERNAL_REFERENCE,
    ),
    _time("created_from", "Placed at this time or later; where they are sorted by `created_at`."),
    _time("created_to", "Placed at this time or earlier; where they are sorted by `created_at`."),
    _time("updated_from", "Last changed at this time or later; where they are sorted by `updated_at`."),
    _time("updated_to", "Last changed at this time or earlier; where they are sorted by `updated_at`."),
    _amount("total_min", "Of this total or more; where they are sorted by `total_amount`."),
    _amount("total_max", "Of this total or less; where they are sorted by `total_amount`."),
    _choice(
        "currency",
        "Orders in this currency only; needed where they are sorted by `total_amount`, and only there.",
        sorted(money.MINOR_DIGITS),
    ),
    _words(
        "q",
        "Orders with all of these words, or words that begin so, in their number, external reference,"
        " contact's name or e-mail address, product ids and names, and metadata values. On one machine only.",
        longest=MAX_SEARCH,
    ),
)
_SHOWN: Final = _table(
    Parameter(
        "sort",
        "What orders are sorted by; `-` for the highest or latest first. On AWS by `created_at` only.",
        {"type": "string", "enum": list(SORTS), "default": f"-{NEWEST_FIRST.field}"},
        _read_sort,
    ),
    _choice(
        "count",
        "Also count the orders of all pages: `exact` refuses with 400 if there are more than"
        f" {MAX_COUNTED:,}; `estimate` counts no further and says so. On one machine only, and not with `q`.",
        ("exact", "estimate"),
    ),
)
FORMATS: Final[Mapping[str, str]] = {"ndjson": "application/x-ndjson", "csv": "text/csv"}
"""The media type of each format of an export."""

CURSOR: Final = _table(
    Parameter(
        "cursor",
        "`next_cursor` of the page before, with the same other parameters.",
        {"type": "string", "minLength": 1},
    ),
)
PAGING: Final = {
    **_table(
        _number(
            "limit",
            "Most orders on a page. A filtered page may have fewer and still have a next one.",
            largest=MAX_LIMIT,
            default=DEFAULT_LIMIT,
        )
    ),
    **CURSOR,
}
LISTING: Final = {**_FILTERS, **_SHOWN, **PAGING}
EXPORT: Final = {
    **_FILTERS,
    "sort": _SHOWN["sort"],
    **_table(
        _choice(
            "format",
            "An order on each line as JSON, or a row for each of its lines. Without it, what `Accept` names;"
            " `ndjson` if it names neither.",
            FORMATS,
        )
    ),
}

IDEMPOTENCY_KEY: Final = Parameter(
    "Idempotency-Key",
    f"1–{MAX_IDEMPOTENCY_KEY} printable ASCII characters, bare or quoted; make a new one for each new order.",
    # Quotes are not of the key, which has at least one character.
    {"type": "string", "maxLength": MAX_IDEMPOTENCY_KEY + 2, "pattern": '^([!#-~]|"[ !#-~])[ -~]*$'},
    where="header",
    example="5f0c9a54-0f0b-4a54-8f2c-5d3f7a7f2a11",
)
IF_MATCH: Final = Parameter(
    "If-Match",
    "Change only this version: the `ETag` you have.",
    {"type": "string"},
    where="header",
    example='"3"',
)
IF_NONE_MATCH: Final = Parameter(
    "If-None-Match",
    "Answer 304 if this is still the version.",
    {"type": "string"},
    where="header",
    example='"3"',
)
HEADERS: Final = _table(IDEMPOTENCY_KEY, IF_MATCH, IF_NONE_MATCH)
