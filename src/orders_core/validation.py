"""Decodes a JSON body into its type, or names every fault of it with a JSON pointer (RFC 6901).

The fast path is msgspec's decoder, which stops at the first fault. Only when it fails is the whole
body walked to find all of them.
"""

import re
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from orders_core.input_errors import Fault, InvalidBody, MalformedBody
from orders_core.money import InvalidAmount
from orders_core.text_forms import JSON_STRING

Input = TypeVar("Input", bound=Struct)

_NAME: Final = re.compile(rb'"\s*:')


def decode(body: bytes, type_: type[Input], *, closely: bool = True) -> Input:
    """The body, decoded; if not `closely`, one fault stands for all of them.

    Raises:
        MalformedBody: not JSON, not UTF-8, or nested too deeply.
        InvalidBody: with every fault in it.
    """
    try:
        decoded = msgspec.json.decode(body, type=type_)
    except (msgspec.ValidationError, InvalidAmount, RecursionError) as error:
        raise InvalidBody((closely and _faults(body, type_)) or [Fault("", str(error))]) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedBody(str(error)) from None
    if _repeats_names(body):
        faults = _faults(body, type_) if closely else [Fault("", "has a name more than once")]
        if faults:
            raise InvalidBody(faults)
    return decoded


def _faults(body: bytes, type_: type[Struct]) -> list[Fault]:
    # Rarely needed, and its imports are not free: a cold start should not pay for them.
    from orders_core.faults import find_faults

    return find_faults(body, type_)


def _repeats_names(body: bytes) -> bool:
    names = _count_names(msgspec.json.decode(body))
    # A string may have in it what looks like the end of a name, so strings are taken out for a closer look.
    return len(_NAME.findall(body)) != names and JSON_STRING.sub(b"", body).count(b":") != names


def _count_names(value: object) -> int:
    if isinstance(value, dict):
        return len(value) + sum(map(_count_names, value.values()))
    if isinstance(value, list):
        return sum(map(_count_names, value))
    return 0
