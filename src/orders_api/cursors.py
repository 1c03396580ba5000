"""Opaque cursors: a position in one listing, unusable in any other and refused when damaged.

A cursor grants nothing: whose orders are read comes from the request and the token.
"""

import base64
import binascii
import hashlib
import re
from typing import Final

import msgspec

from orders_api.repository import OrderQuery, Position

_CHECKSUM_BYTES: Final = 9
_TIMESTAMP: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}Z")
_ORDER_ID: Final = re.compile(r"[0-9a-f-]{36}")


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
        position = msgspec.json.decode(key, type=Position)
    except (binascii.Error, ValueError) as error:
        raise InvalidCursor(cursor) from error
    # The checksum is no secret: anybody can make a cursor, and no store should meet a senseless one.
    if not _is_within(position, query):
        raise InvalidCursor(cursor)
    return position


def _is_within(position: Position, query: OrderQuery) -> bool:
    return (
        _TIMESTAMP.fullmatch(position.created_at) is not None
        and _ORDER_ID.fullmatch(position.order_id) is not None
        and (query.created_from is None or position.created_at >= query.created_from)
        and (query.created_to is None or position.created_at <= query.created_to)
    )


def _checksum(key: bytes, query: OrderQuery) -> bytes:
    return hashlib.blake2b(key + msgspec.json.encode(query), digest_size=_CHECKSUM_BYTES).digest()
