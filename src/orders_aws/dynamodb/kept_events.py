"""How an event is kept in the table `events`: its JSON, compressed, as writes are paid by the kilobyte."""

import zlib
from base64 import b64decode, b64encode
from typing import Any

import msgspec

from orders_core.events import OrderEvent


def to_attribute(document: str) -> dict[str, Any]:
    """The attribute that keeps an event, given its JSON."""
    return {"B": b64encode(zlib.compress(document.encode())).decode()}


def from_attribute(value: dict[str, Any]) -> OrderEvent:
    """The event that an attribute keeps."""
    return msgspec.json.decode(document_in(value), type=OrderEvent)


def document_in(value: dict[str, Any]) -> bytes:
    """The JSON of the event that an attribute keeps, as it was given."""
    return zlib.decompress(b64decode(value["B"]))
