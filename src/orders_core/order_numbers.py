"""An order's number, for people, and its id, for programs: two ways to write one value of 55 bits.

    value of 55 bits ──▶ 11 characters and a check character    7KQ2-M4XT-9WZ3
                    └──▶ UUIDv8 (RFC 9562 §5.8): the value, then bits that follow from it

The id is the store's key, so a number is unique because its key is, and an order is found by its number with
the same single read. Digits are Crockford's base 32, which has no I, L, O and U: https://www.crockford.com/base32.html
"""

import hashlib
import os
import re
import time
import uuid
from typing import Final

VALUE_BITS: Final = 55

_RANDOM_BITS: Final = 25
_UNIT_SECONDS: Final = 4
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_DIGITS: Final = {digit: value for value, digit in enumerate(_ALPHABET)} | {"I": 1, "L": 1, "O": 0}
_NUMBER: Final = re.compile(r"[0-9A-TV-Z]{4}[- ]?[0-9A-TV-Z]{4}[- ]?[0-9A-TV-Z]{4}", re.IGNORECASE)


def _times_x(element: int) -> int:
    """An element of the field of 32 elements, times x; its polynomial is x⁵ + x² + 1."""
    return element << 1 ^ (0b100101 if element & 16 else 0)


# The check character is the sum of the others, each times another power of x in the field of 32 elements.
# Every single wrong character and every swap of two changes it. Two characters at a time are looked up: a
# listing shows many numbers.
_TIMES_X2: Final = tuple(_times_x(_times_x(element)) for element in range(32))
_CHECKS: Final = tuple(_times_x(high) ^ low for high in range(32) for low in range(32))
_PAIRS: Final = tuple(high + low for high in _ALPHABET for low in _ALPHABET)


class InvalidNumber(ValueError):
    """The text has the form of an order number, but its check character is another: it was mistyped."""


def new_id() -> str:
    """An id of a new order: 30 bits of time in units of 4 seconds (136 years from 1970), 25 of chance.

    Ids of one time are near each other, so that new rows go to the end of SQLite's indexes.
    """
    moment = time.time_ns() // (_UNIT_SECONDS * 1_000_000_000)
    chance = int.from_bytes(os.urandom(4)) >> (32 - _RANDOM_BITS)
    return _id_of(moment % (1 << (VALUE_BITS - _RANDOM_BITS)) << _RANDOM_BITS | chance)


def id_for(digest: bytes) -> str:
    """The id that follows from a digest, of which the first 7 bytes count."""
    return _id_of(int.from_bytes(digest[:7]) >> 1)


def number_of(order_id: str) -> str:
    """The number of the order with this id."""
    value = int(order_id[:8] + order_id[9:13] + order_id[15:18], 16) >> 5
    pairs = value >> 45, value >> 35 & 1023, value >> 25 & 1023, value >> 15 & 1023, value >> 5 & 1023
    check = 0
    for pair in pairs:
        check = _TIMES_X2[check] ^ _CHECKS[pair]
    check = _times_x(_times_x(check) ^ value & 31)
    first, second, third, fourth, fifth = (_PAIRS[pair] for pair in pairs)
    return f"{first}{second}-{third}{fourth}-{fifth}{_PAIRS[(value & 31) << 5 | check]}"


def id_from(number: str) -> str | None:
    """The id of the order with this number, whatever its case and hyphens; None if it is not a number.

    Raises:
        InvalidNumber: it is mistyped.
    """
    if not _NUMBER.fullmatch(number):
        return None
    value = check = 0
    for digit in (_DIGITS[character] for character in number.upper() if character not in "- "):
        value, check = value << 5 | digit, _times_x(check) ^ digit
    if check:
        raise InvalidNumber(number)
    return _id_of(value >> 5)


def _id_of(value: int) -> str:
    """The UUIDv8 of a value: 48 bits of it, the version, its other 7; the rest is filled from its digest."""
    fill = int.from_bytes(hashlib.blake2b(value.to_bytes(7), digest_size=9).digest())
    high = value >> 7 << 16 | 0x8000 | (value & 0x7F) << 5 | fill >> 67
    low = 0b10 << 62 | fill & (1 << 62) - 1
    return str(uuid.UUID(int=high << 64 | low))
