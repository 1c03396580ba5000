"""Finds every fault of a JSON body by walking it beside its type; only for bodies that were refused."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Final

import msgspec
from msgspec import Struct, inspect

from orders_core import money
from orders_core.input_errors import MAX_FAULTS, Fault, MalformedBody, shortened
from orders_core.text_forms import JSON_STRING, as_told

MAX_VALUES: Final = 5_000
"""How many values a body may have to be walked. The largest valid order has about 1,000; walking takes some
microseconds for each, and the host answers all others meanwhile."""

_LOOSEST_CURRENCY: Final = "CLF"


class _Number(str):
    """A JSON number, as it was written."""


class _Object(dict[str, object]):
    """A JSON object that remembers which of its names were repeated."""

    def __init__(self, pairs: list[tuple[str, object]]) -> None:
        super().__init__(pairs)
        counts = Counter(name for name, _ in pairs) if len(self) < len(pairs) else {}
        self.repeated = {name for name, count in counts.items() if count > 1}


def find_faults(body: bytes, type_: type[Struct]) -> list[Fault]:
    """Every fault of the body against the type, up to `MAX_FAULTS`; empty if there is none.

    Of a body with more than `MAX_VALUES` values only the lists that are too long are named, unless it is an
    envelope, whose elements are not walked.

    Raises:
        MalformedBody: the body is not JSON, nested too deeply, or has half of a surrogate pair in it.
    """
    if not _is_envelope(type_) and _count_values(body) > MAX_VALUES:
        return _too_many_values(body, type_)
    try:
        value: object = json.loads(
            body,
            object_pairs_hook=_Object,
            parse_float=_Number,
            parse_int=_Number,
            parse_constant=_refuse_constant,
        )
        # Half of a surrogate pair passes as a string here, and no UTF-8 can carry it back to the client.
        json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise MalformedBody("it is nested too deeply") from None
    except ValueError as error:
        raise MalformedBody(str(error)) from None
    currency = value.get("currency", _default_currency(type_)) if isinstance(value, _Object) else None
    known = isinstance(currency, str) and currency in money.OFFERED
    walk = _Walk(str(currency) if known else _LOOSEST_CURRENCY)
    return list(islice(walk.faults(inspect.type_info(type_), value, ""), MAX_FAULTS))


def _is_envelope(type_: type[Struct]) -> bool:
    """Whether the body is a list of documents that are decoded one by one."""
    for field in msgspec.structs.fields(type_):
        match inspect.type_info(field.type):
            case inspect.ListType(item_type=inspect.Metadata(type=inspect.RawType())):
                return True
    return False


def _default_currency(type_: type[Struct]) -> object:
    """The currency of a body that names none. A patch has no such default: it keeps that of its order."""
    defaults = (field.default for field in msgspec.structs.fields(type_) if field.name == "currency")
    return next(defaults, None)


def _count_values(body: bytes) -> int:
    """How many values the body has, give or take its brackets: strings hide what is within them."""
    text = JSON_STRING.sub(b"", body)
    return text.count(b",") + text.count(b"[") + text.count(b"{")


def _too_many_values(body: bytes, type_: type[Struct]) -> list[Fault]:
    try:
        given = msgspec.json.decode(body)
    except RecursionError:
        raise MalformedBody("it is nested too deeply") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedBody(str(error)) from None
    if not isinstance(given, dict):
        return [Fault("", f"must be an object, not {_kind(given)}")]
    faults = [
        fault
        for field in msgspec.structs.fields(type_)
        if isinstance(list_type := inspect.type_info(field.type), inspect.ListType)
        and isinstance(elements := given.get(field.name), list)
        for fault in _size(list_type, elements, f"/{field.name}", "element")
    ]
    return faults or [Fault("", f"has more than {MAX_VALUES:,} values in all")]


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


class _Walk:
    """One walk of a value beside its type. Amounts are judged by the order's currency."""

    def __init__(self, currency: str) -> None:
        self._currency = currency

    def faults(self, type_: inspect.Type, value: object, pointer: str) -> Iterator[Fault]:
        match type_:
            case inspect.Metadata(type=inspect.RawType(), extra={"maximum": maximum}):
                yield from self._amount(value, pointer, maximum)
            case inspect.Metadata(type=inner, extra=extra):
                yield from self.faults(inner, value, pointer)
                if extra and type(value) is str and value not in extra["among"]:
                    yield Fault(pointer, "must be an ISO 4217 currency code, such as EUR")
            case inspect.UnionType(types=types):
                if value is not None:
                    yield from self.faults(types[0], value, pointer)
            case _:
                yield from self._plain(type_, value, pointer)

    def _plain(self, type_: inspect.Type, value: object, pointer: str) -> Iterator[Fault]:
        match type_:
            case inspect.StructType():
                yield from self._struct(type_, value, pointer)
            case inspect.ListType() | inspect.VarTupleType():
                yield from self._list(type_, value, pointer)
            case inspect.DictType():
                yield from self._dict(type_, value, pointer)
            case inspect.StrType():
                yield from _string(type_, value, pointer)
            case inspect.IntType():
                yield from _integer(type_, value, pointer)
            case inspect.BoolType():
                if not isinstance(value, bool):
                    yield Fault(pointer, f"must be true or false, not {_kind(value)}")
            case inspect.EnumType(cls=cls):
                names = [member.value for member in cls]
                if not isinstance(value, str) or isinstance(value, _Number) or value not in names:
                    yield Fault(pointer, f"must be one of {', '.join(names)}")

    def _struct(self, type_: inspect.StructType, value: object, pointer: str) -> Iterator[Fault]:
        if not isinstance(value, _Object):
            yield Fault(pointer, f"must be an object, not {_kind(value)}")
            return
        yield from _repeated(value, pointer)
        fields = {field.name: field for field in type_.fields}
        for name, field in fields.items():
            if name in value:
                yield from self.faults(field.type, value[name], f"{pointer}/{name}")
            elif field.required:
                yield Fault(f"{pointer}/{name}", "is required")
        for name in value.keys() - fields.keys():
            yield Fault(_below(pointer, name), f"is not a known field; known are {', '.join(fields)}")

    def _list(
        self, type_: inspect.ListType | inspect.VarTupleType, value: object, pointer: str
    ) -> Iterator[Fault]:
        if not isinstance(value, list):
            yield Fault(pointer, f"must be an array, not {_kind(value)}")
            return
        too_long = list(_size(type_, value, pointer, "element"))
        if too_long:
            # That is the fault; its elements, of which there may be tens of thousands, are not looked at.
            yield from too_long
            return
        for index, element in enumerate(value):
            yield from self.faults(type_.item_type, element, f"{pointer}/{index}")

    def _dict(self, type_: inspect.DictType, value: object, pointer: str) -> Iterator[Fault]:
        if not isinstance(value, _Object):
            yield Fault(pointer, f"must be an object, not {_kind(value)}")
            return
        yield from _repeated(value, pointer)
        too_many = list(_size(type_, value, pointer, "pair"))
        if too_many:
            yield from too_many
            return
        for name, element in value.items():
            below = _below(pointer, name)
            for fault in self.faults(type_.key_type, name, below):
                yield Fault(below, f"its name {fault.detail}")
            yield from self.faults(type_.value_type, element, below)

    def _amount(self, value: object, pointer: str, maximum: int) -> Iterator[Fault]:
        if not isinstance(value, str):
            yield Fault(pointer, f'must be a decimal such as "19.99", not {_kind(value)}')
            return
        try:
            text = money.plain(value) if isinstance(value, _Number) else value
            money.to_minor(text, self._currency, maximum)
        except money.InvalidAmount as error:
            yield Fault(pointer, str(error))


def _string(type_: inspect.StrType, value: object, pointer: str) -> Iterator[Fault]:
    if not isinstance(value, str) or isinstance(value, _Number):
        yield Fault(pointer, f"must be a string, not {_kind(value)}")
        return
    yield from _size(type_, value, pointer, "character", length="long")
    if type_.pattern is not None and not re.search(type_.pattern, value):
        yield Fault(pointer, f"must be of the form {as_told(type_.pattern)}")


def _size(
    type_: inspect.StrType | inspect.ListType | inspect.VarTupleType | inspect.DictType,
    value: str | list[object] | dict[str, object],
    pointer: str,
    unit: str,
    length: str = "in all",
) -> Iterator[Fault]:
    low, high = type_.min_length, type_.max_length
    if low is not None and len(value) < low:
        yield Fault(pointer, f"must be at least {low} {unit}{'s' * (low != 1)} {length}")
    if high is not None and len(value) > high:
        yield Fault(pointer, f"must be at most {high:,} {unit}s {length}, not {len(value):,}")


def _integer(type_: inspect.IntType, value: object, pointer: str) -> Iterator[Fault]:
    if not isinstance(value, _Number) or not value.lstrip("-").isdigit():
        kind = "a fraction" if isinstance(value, _Number) else _kind(value)
        yield Fault(pointer, f"must be a whole number, not {kind}")
        return
    low, high = type_.ge, type_.le
    # A number of thousands of digits is out of range at sight, and slow to convert.
    number = int(value) if len(value) < 20 else None
    if number is None or (low is not None and number < low) or (high is not None and number > high):
        yield Fault(pointer, f"must be from {low:,} to {high:,}")


def _repeated(value: _Object, pointer: str) -> Iterator[Fault]:
    for name in sorted(value.repeated):
        yield Fault(_below(pointer, name), "is given more than once")


def _below(pointer: str, name: str) -> str:
    return f"{pointer}/{shortened(name).replace('~', '~0').replace('/', '~1')}"


def _kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    for type_, kind in ((_Number, "a number"), (str, "a string"), (list, "an array")):
        if isinstance(value, type_):
            return kind
    return "an object"
