"""Opaque cursors: a position in one listing, unusable in any other and refused when damaged.

A cursor grants nothing: whose orders are read comes from the request and the token.
"""

import base64
import binascii
import hashlib
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

_CHECKSUM_BYTES: Final = 9

Place = TypeVar("Place", bound=Struct)


class InvalidCursor(ValueError):
    """The text is not a cursor of this query."""


def encode(position: Struct, query: Struct) -> str:
    """The cursor of a position in the listing of a query, in the URL-safe alphabet."""
    key = msgspec.json.encode(position)
    return base64.urlsafe_b64encode(_checksum(key, query) + key).decode().rstrip("=")


def decode(cursor: str, query: Struct, type_: type[Place]) -> Place:
    """Return the position in a cursor. It is not signed: clients can make one, and it grants no access.

    Raises:
        InvalidCursor: damaged, or made for another query.
    """
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        key = raw[_CHECKSUM_BYTES:]
        if raw[:_CHECKSUM_BYTES] != _checksum(key, query):
            raise InvalidCursor(cursor)
        return msgspec.json.decode(key, type=type_)
    except (binascii.Error, ValueError) as error:
        raise InvalidCursor(cursor) from error


def _checksum(key: bytes, query: Struct) -> bytes:
    return hashlib.blake2b(key + msgspec.json.encode(query), digest_size=_CHECKSUM_BYTES).digest()
