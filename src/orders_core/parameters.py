"""Query parameters and request headers, read strictly: every fault is named, nothing is guessed."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final, Literal
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from orders_core import cursors, money
from orders_core.input_errors import MAX_FAULTS, shortened
from orders_core.models import OrderStatus
from orders_core.parameter_table import (
    CURSOR,
    DAYS,
    DEFAULT_LIMIT,
    EXPORT,
    FORMATS,
    IDEMPOTENCY_KEY,
    IF_MATCH,
    IF_NONE_MATCH,
    LISTING,
    MAX_COUNTED,
    MAX_IDEMPOTENCY_KEY,
    MOMENT,
    NONE,
    PAGING,
    Parameter,
)
from orders_core.payment_models import OrderPaymentStatus
from orders_core.problems import UNSUPPORTED_MEDIA_TYPE, Problem, invalid_input
from orders_core.shipment_models import FulfilmentStatus
from orders_core.stores import NEWEST_FIRST, OrderQuery, Position, Sort, SortField, SortKey

DEFAULT_DAYS: Final = 30
MAX_DAYS: Final = 366

Query = Mapping[str, list[str]]
"""A decoded query string: the values of each parameter."""

JSON: Final = "application/json"

_IDEMPOTENCY_KEY: Final = re.compile(rf"[ -~]{{1,{MAX_IDEMPOTENCY_KEY}}}")
_QUOTED_KEY: Final = re.compile(r'"((?:[^"\\]|\\["\\])*)"')
_ENTITY_TAG: Final = re.compile(r'(W/)?"([^"]*)"')
_ENTITY_TAGS: Final = re.compile(rf"{_ENTITY_TAG.pattern}(\s*,\s*{_ENTITY_TAG.pattern}){{0,49}}")
_CHARSET: Final = re.compile(r'\s*(;\s*charset="?utf-8"?\s*)?', re.IGNORECASE)


class Paging(Struct, frozen=True):
    """How much of a listing to show, and from where."""

    limit: int = DEFAULT_LIMIT
    cursor: str | None = None

    def position_in(self, query: Struct, type_: type[cursors.Place]) -> cursors.Place | None:
        """Where the page starts; None for the beginning.

        Raises:
            Problem: 400, the cursor is damaged or belongs to another query.
        """
        if self.cursor is None:
            return None
        try:
            return cursors.decode(self.cursor, query, type_)
        except cursors.InvalidCursor:
            raise _invalid_cursor() from None


class ListingParameters(Paging, frozen=True):
    """What the query string of `GET /v1/orders` asks for."""

    customer_id: str | None = None
    status: tuple[OrderStatus, ...] = ()
    payment_status: tuple[OrderPaymentStatus, ...] = ()
    fulfilment_status: tuple[FulfilmentStatus, ...] = ()
    external_reference: str | None = None
    q: str | None = None
    currency: str | None = None
    sort: Sort = NEWEST_FIRST
    lowest: SortKey | None = None
    highest: SortKey | None = None
    count: Literal["exact", "estimate"] | None = None

    def query_of(self, customer_id: str | None) -> OrderQuery:
        """Return the query for the orders of one customer, or of all customers (None)."""
        return OrderQuery(
            customer_id,
            self.status,
            self.lowest,
            self.highest,
            self.external_reference,
            self.q,
            self.sort,
            self.currency,
            self.payment_status,
            self.fulfilment_status,
        )

    def start_in(self, query: OrderQuery) -> Position | None:
        """Where the page starts, which is within the bounds of the query unless words are searched for.

        Raises:
            Problem: 400, as `position_in` does.
        """
        position = self.position_in(query, Position)
        if query.q is not None:
            # A page of a search may end with an order that it does not show.
            return position
        if position and not query.is_within(position.key):
            raise _invalid_cursor()
        return position

    def counted(self, number: int) -> tuple[int, bool]:
        """Return how many orders a listing has, and whether that is exact, given as many as were counted.

        Raises:
            Problem: 400, an exact number was asked for, and there are more than are counted.
        """
        if number <= MAX_COUNTED:
            return number, True
        if self.count == "exact":
            detail = (
                f"can't be exact: there are more than {MAX_COUNTED} orders; ask for fewer, or for an estimate"
            )
            raise invalid_input([_fault("count", detail)])
        return MAX_COUNTED, False


class Moment(Struct, frozen=True):
    """Which state of an order is asked for: that of a version, or that at a time."""

    version: int | None = None
    at: str | None = None


def read_moment(given: Query) -> Moment | None:
    """Which state of an order is asked for; None for the present one.

    Raises:
        Problem: 400, as `read_listing` does.
    """
    if not given:
        return None
    moment = msgspec.convert(_read(given, MOMENT), Moment)
    if moment.version is not None and moment.at is not None:
        raise invalid_input([_fault("at", "can't be given together with version")])
    return moment


def read_listing(given: Query) -> ListingParameters:
    """The parameters of a listing of orders.

    Raises:
        Problem: 400, naming every parameter that is unknown, repeated, invalid, or does not go with others.
    """
    return _listing(_read(given, LISTING))


def read_export(given: Query, headers: Mapping[str, str]) -> tuple[ListingParameters, str]:
    """Which orders to export, and the format; raises as `read_listing` does."""
    values = _read(given, EXPORT)
    accepted = headers.get("accept", "")
    named = {accepted.find(media_type): format_ for format_, media_type in FORMATS.items()}
    named.pop(-1, None)
    wanted = values.get("format") or (named[min(named)] if named else "ndjson")
    return _listing(values), str(wanted)


def _listing(values: dict[str, Any]) -> ListingParameters:
    values.setdefault("sort", NEWEST_FIRST)
    if misfits := [*_misfits(values)]:
        raise invalid_input(misfits)
    lowest, highest = _bounds(values)
    kept = {name: value for name, value in values.items() if name in ListingParameters.__struct_fields__}
    return msgspec.convert(kept | {"lowest": lowest, "highest": highest}, ListingParameters)


def read_events(given: Query) -> Paging:
    """The parameters of a listing of events; raises as `read_listing` does."""
    return msgspec.convert(_read(given, PAGING), Paging)


def read_cursor(given: Query) -> Paging:
    """The cursor of a listing whose pages have a length of their own; raises as `read_listing` does."""
    return msgspec.convert(_read(given, CURSOR), Paging)


def read_days(given: Query, today: str) -> tuple[str, str]:
    """First and last day of a period, as ISO dates; by default the 30 days up to today.

    Raises:
        Problem: 400, as `read_listing` does.
    """
    days = msgspec.convert(_read(given, DAYS), dict[str, date])
    last = days.get("to", date.fromisoformat(today))
    # Before the year 1 there is no day to start from.
    first = days.get("from", date.fromordinal(max(1, last.toordinal() - DEFAULT_DAYS + 1)))
    if not timedelta() <= last - first < timedelta(days=MAX_DAYS):
        raise invalid_input([_fault("from", f"must be up to {MAX_DAYS - 1} days before to")])
    return first.isoformat(), last.isoformat()


def next_link(given: Query, cursor: str | None) -> dict[str, str]:
    """The `Link` header (RFC 8288) to the next page, if there is one.

    It is relative to the request's own URL, which no host but the client knows for sure.
    """
    if cursor is None:
        return {}
    query = {**given, "cursor": [cursor]}
    return {"Link": f'<?{urlencode(query, doseq=True)}>; rel="next"'}


def reject_query(given: Query) -> None:
    """Raise Problem (400) if the operation, which takes no query parameters, was given some."""
    if given:
        _read(given, NONE)


def require_media_type(headers: Mapping[str, str], accepted: Sequence[str] = (JSON,)) -> None:
    """Raise Problem (415) unless the body is declared to be of an accepted media type, in UTF-8."""
    content_type = headers.get("content-type", "")
    declared = content_type.lower()
    if not any(declared.startswith(each) and _CHARSET.fullmatch(declared[len(each) :]) for each in accepted):
        detail = f"Send Content-Type: {' or '.join(accepted)}, not {content_type or 'nothing'!r:.100}."
        raise Problem(UNSUPPORTED_MEDIA_TYPE, detail, headers={"Accept": ", ".join(accepted)})


def idempotency_key(headers: Mapping[str, str]) -> str | None:
    """The value of `Idempotency-Key`, whether it came quoted (as the IETF draft has it) or bare.

    Raises:
        Problem: 400, not 1 to 255 characters of printable ASCII.
    """
    if IDEMPOTENCY_KEY.name.lower() not in headers:
        return None
    header = _header(headers, IDEMPOTENCY_KEY)
    quoted = _QUOTED_KEY.fullmatch(header.strip())
    key = re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else header.strip()
    if not _IDEMPOTENCY_KEY.fullmatch(key):
        detail = f"must be 1 to {MAX_IDEMPOTENCY_KEY} characters of printable ASCII"
        raise invalid_input([{"header": IDEMPOTENCY_KEY.name, "detail": detail}])
    return key


def if_match(headers: Mapping[str, str]) -> tuple[int, ...] | None:
    """The versions that `If-Match` accepts; None for any (RFC 9110 §13.1.1, strong comparison).

    Raises:
        Problem: 400, not a list of entity tags.
    """
    header = _header(headers, IF_MATCH, "*").strip()
    if header == "*":
        return None
    if not _ENTITY_TAGS.fullmatch(header):
        detail = 'must be * or the ETag you were given, in its quotes, such as "3"'
        raise invalid_input([{"header": IF_MATCH.name, "detail": detail}])
    # A weak tag never matches; version 0 does not exist.
    return tuple(_version(tag) if not weak else 0 for weak, tag in _ENTITY_TAG.findall(header))


def none_match(headers: Mapping[str, str], version: int) -> bool:
    """Whether `If-None-Match` says that the client has this version (RFC 9110 §13.1.2, weak comparison)."""
    header = _header(headers, IF_NONE_MATCH).strip()
    return header == "*" or any(_version(tag) == version for _, tag in _ENTITY_TAG.findall(header))


def entity_tag(version: int) -> str:
    """The `ETag` of an order's version."""
    return f'"{version}"'


_RANGES: Final = {
    SortField.CREATED_AT: ("created_from", "created_to"),
    SortField.UPDATED_AT: ("updated_from", "updated_to"),
    SortField.TOTAL_AMOUNT: ("total_min", "total_max"),
}
"""The parameters that bound each field: a page is read from one end of a range, in the order of its index."""

_UNCOUNTED: Final = {"q", "payment_status", "fulfilment_status"}


def _misfits(values: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """What does not go together, because no index answers it."""
    field: SortField = values["sort"].field
    for other, names in _RANGES.items():
        for name in names:
            if name in values and other is not field:
                yield _fault(
                    name, f"goes with sort={other} or sort=-{other} only, and not with another order"
                )
    if field is SortField.TOTAL_AMOUNT and "currency" not in values:
        yield _fault("currency", f"is needed with sort={field}: amounts of two currencies can't be compared")
    if field is not SortField.TOTAL_AMOUNT and "currency" in values:
        yield _fault("currency", f"goes with sort={SortField.TOTAL_AMOUNT} only")
    if field is not SortField.CREATED_AT:
        for name in ("q", "external_reference"):
            if name in values:
                yield _fault(name, f"goes with sort={SortField.CREATED_AT} only, and not with another order")
    if "count" in values:
        yield from _uncounted(values)


def _uncounted(values: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    for name in sorted(_UNCOUNTED & values.keys()):
        yield _fault("count", f"does not go with {name}, for which no index has the number of orders")


def _bounds(values: Mapping[str, Any]) -> tuple[SortKey | None, SortKey | None]:
    """The lowest and the highest key that is asked for.

    Raises:
        Problem: 400, an amount has more digits than its currency, or the bounds are the wrong way round.
    """
    field: SortField = values["sort"].field
    low, high = names = _RANGES[field]
    bounds = {name: values[name] for name in names if name in values}
    if field is SortField.TOTAL_AMOUNT:
        bounds = {name: _minor(name, text, values["currency"]) for name, text in bounds.items()}
    if low in bounds and high in bounds and bounds[high] < bounds[low]:
        raise invalid_input(
            [
                _fault(
                    high, f"must not be {'less' if field is SortField.TOTAL_AMOUNT else 'earlier'} than {low}"
                )
            ]
        )
    return bounds.get(low), bounds.get(high)


def _minor(name: str, text: str, currency: str) -> int:
    whole, _, fraction = text.partition(".")
    digits = money.MINOR_DIGITS[currency]
    if len(fraction) > digits:
        raise invalid_input([_fault(name, f"must have at most {digits} decimals in {currency}")])
    return int(whole + fraction.ljust(digits, "0"))


def _header(headers: Mapping[str, str], header: Parameter, default: str = "") -> str:
    # Gateways write header names as they like; `Request` writes them in small letters.
    return headers.get(header.name.lower(), default)


def _version(tag: str) -> int:
    return int(tag) if tag.isascii() and tag.isdigit() and len(tag) < 10 and tag[0] != "0" else 0


def _fault(parameter: str, detail: str) -> dict[str, str]:
    return {"parameter": parameter, "detail": detail}


def _invalid_cursor() -> Problem:
    return invalid_input([_fault("cursor", "is damaged or belongs to another query; start again without it")])


def _read(given: Query, known: Mapping[str, Parameter]) -> dict[str, object]:
    values: dict[str, object] = {}
    faults: list[dict[str, str]] = []
    for name, texts in given.items():
        try:
            values[name] = _one(name, texts, known)
        except ValueError as error:
            faults.append(_fault(shortened(name), str(error)))
            if len(faults) == MAX_FAULTS:
                break
    if faults:
        raise invalid_input(faults)
    return values


def _one(name: str, texts: list[str], known: Mapping[str, Parameter]) -> object:
    if name not in known:
        raise ValueError(f"is not known here; known are: {', '.join(known) or 'none'}")
    if len(texts) != 1 and not known[name].is_list:
        raise ValueError("is given more than once")
    return known[name].read(",".join(texts))
