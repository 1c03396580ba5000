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

Input = TypeVar("Input", bound=Struct)

_NAME: Final = re.compile(rb'"\s*:')


def decode(body: bytes, type_: type[Input]) -> Input:
    """The body, decoded.

    Raises:
        MalformedBody: not JSON, not UTF-8, or nested too deeply.
        InvalidBody: with every fault in it.
    """
    try:
        decoded = msgspec.json.decode(body, type=type_)
    except (msgspec.ValidationError, InvalidAmount, RecursionError) as error:
        raise InvalidBody(_faults(body, type_) or [Fault("", str(error))]) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedBody(str(error)) from None
    if _may_repeat_names(body) and (faults := _faults(body, type_)):
        raise InvalidBody(faults)
    return decoded


def _faults(body: bytes, type_: type[Struct]) -> list[Fault]:
    # Rarely needed, and its imports are not free: a cold start should not pay for them.
    from orders_core.faults import find_faults

    return find_faults(body, type_)


def _may_repeat_names(body: bytes) -> bool:
    # Every name in the text is followed by a colon, so there are never fewer matches than names.
    return len(_NAME.findall(body)) != _count_names(msgspec.json.decode(body))


def _count_names(value: object) -> int:
    if isinstance(value, dict):
        return len(value) + sum(map(_count_names, value.values()))
    if isinstance(value, list):
        return sum(map(_count_names, value))
    return 0
