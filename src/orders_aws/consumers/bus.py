"""Puts events on EventBridge, in full batches; what a batch did not take is put again.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
"""

import random
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from orders_aws.client.calls import AwsClient, Unavailable
from orders_aws.consumers.table_changes import Change
from orders_aws.limits import MAX_PUT_EVENTS_BYTES, MAX_PUT_EVENTS_ENTRIES
from orders_core.events import SOURCE

_ATTEMPTS: Final = 4
_BACKOFF_SECONDS: Final = 0.1
_TIME_BYTES: Final = 14

Entry = dict[str, Any]


class Bus:
    """An event bus of EventBridge."""

    def __init__(self, client: AwsClient, name: str) -> None:
        self._client = client
        self._name = name

    def put(self, changes: Sequence[Change]) -> int:
        """Put the changes' events in their order; returns how many from the first on were taken.

        Raises:
            Refused: the bus takes none: it does not exist, or is not ours.
        """
        done = 0
        for entries in _batches([self._entry(change) for change in changes]):
            taken = self._put(entries)
            done += taken
            if taken < len(entries):
                break
        return done

    def _put(self, entries: list[Entry]) -> int:
        """How many from the first on were taken, after some attempts."""
        waiting = dict(enumerate(entries))
        for attempt in range(_ATTEMPTS):
            if attempt:
                time.sleep(random.uniform(0, _BACKOFF_SECONDS * 2**attempt))  # noqa: S311
            try:
                reply: Any = self._client.call("PutEvents", {"Entries": list(waiting.values())})
            except Unavailable:
                continue
            results = zip(list(waiting.items()), reply["Entries"], strict=True)
            waiting = {number: entry for (number, entry), result in results if "EventId" not in result}
            if not waiting:
                return len(entries)
        return min(waiting)

    def _entry(self, change: Change) -> Entry:
        return {
            "EventBusName": self._name,
            "Source": SOURCE,
            "DetailType": change.event.type,
            "Detail": change.published,
            "Time": datetime.fromisoformat(change.event.time).timestamp(),
        }


def _batches(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        more = _size(entry)
        if batch and (len(batch) == MAX_PUT_EVENTS_ENTRIES or size + more > MAX_PUT_EVENTS_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += more
    if batch:
        yield batch


def _size(entry: Entry) -> int:
    """As EventBridge counts it."""
    return _TIME_BYTES + sum(len(entry[name].encode()) for name in ("Source", "DetailType", "Detail"))
