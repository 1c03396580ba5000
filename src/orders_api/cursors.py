"""Opaque cursors: a position in one listing, unusable in any other and refused when damaged.

A cursor grants nothing: whose orders are read comes from the request and the token.
"""

import base64
import binascii
import hashlib
from typing import Final

import msgspec

from orders_api.repository import OrderQuery, Position

_CHECKSUM_BYTES: Final = 9


class InvalidCursor(ValueError):
    """The text is not a cursor of this query."""


def encode(position: Position, query: OrderQuery) -> str:
    """The cursor of a position, in the URL-safe alphabet."""
    key = msgspec.json.encode(position)
    return base64.urlsafe_b64encode(_checksum(key, query) + key).decode().rstrip("=")


def decode(cursor: str, query: OrderQuery) -> Position:
    """The position of a cursor.

    Raises:
        InvalidCursor: damaged, or made for a query with another customer, status or time.
    """
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        key = raw[_CHECKSUM_BYTES:]
        if raw[:_CHECKSUM_BYTES] != _checksum(key, query):
            raise InvalidCursor(cursor)
        return msgspec.json.decode(key, type=Position)
    except (binascii.Error, ValueError) as error:
        raise InvalidCursor(cursor) from error


def _checksum(key: bytes, query: OrderQuery) -> bytes:
    return hashlib.blake2b(key + msgspec.json.encode(query), digest_size=_CHECKSUM_BYTES).digest()
