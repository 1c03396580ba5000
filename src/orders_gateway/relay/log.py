"""Writes a line for each event to the log: what happened to which order, never what is in it."""

import sys
from typing import Final, TextIO

import msgspec
from msgspec import Struct

from orders_gateway.relay.feed import Entry, Feed
from orders_gateway.relay.store import EventStore


class _Brief(Struct):
    """What the log shows of an OrderEvent."""

    id: str
    type: str
    time: str
    actor: str | None
    order_id: str
    version: int
    changed: list[str]
    previous_status: str | None


class _Line(Struct):
    """Its only member tells it from a line of the access log."""

    event: _Brief


_decoder: Final = msgspec.json.Decoder(_Brief)
_encoder: Final = msgspec.json.Encoder()


class EventLog:
    """A subscriber like the others: it hears everything at least once, and goes on where it stopped."""

    def __init__(self, feed: Feed, store: EventStore, stream: TextIO = sys.stdout) -> None:
        """Raises sqlite3.Error."""
        self._feed = feed
        self._store = store
        self._stream = stream
        cursor = store.log_cursor()
        self._cursor = feed.last if cursor is None else min(cursor, feed.last)
        store.move_log_cursor(self._cursor)

    def catch_up(self) -> None:
        """Write what there is to write. Raises sqlite3.Error."""
        while entries := self._feed.after(self._cursor):
            self._write([entry for entry in entries if entry.event_id])
            self._cursor = entries[-1].sequence
            self._store.move_log_cursor(self._cursor)

    def _write(self, entries: list[Entry]) -> None:
        lines = (_encoder.encode(_Line(_decoder.decode(entry.document))) + b"\n" for entry in entries)
        try:
            self._stream.write(b"".join(lines).decode())
            self._stream.flush()
        except (OSError, ValueError):
            # Whoever read the log is gone, or its disk is full; deliveries go on.
            return
