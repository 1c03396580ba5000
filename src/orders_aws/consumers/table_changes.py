"""What a record of the orders table's stream says happened.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html
"""

from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from orders_aws.dynamodb.items import Item, from_item, is_tombstone, was_moved
from orders_aws.limits import MAX_ITEM_BYTES, MAX_PUT_EVENTS_BYTES
from orders_core import timestamps
from orders_core.events import OrderEvent, event_for_delete, event_for_write
from orders_core.models import Order
from orders_core.schemas import event_view_of
from orders_webhooks.payload import without_large_fields

MAX_EVENT_BYTES: Final = MAX_PUT_EVENTS_BYTES - 12 * 1024
"""Of an event on the bus: it becomes a message of a queue, in an envelope."""

_MAX_DOCUMENT_BYTES: Final = MAX_ITEM_BYTES - 1024
"""Of an event in the history: the item has a key, too."""


class StreamData(Struct):
    """A change of an item: its key, and the item before and after."""

    SequenceNumber: str
    # An attribute value is a tagged union that no static type follows.
    Keys: dict[str, Any]
    ApproximateCreationDateTime: float = 0
    NewImage: dict[str, Any] | None = None
    OldImage: dict[str, Any] | None = None


class StreamRecord(Struct):
    """A record of a DynamoDB stream."""

    eventID: str  # noqa: N815 - the stream's names
    eventName: str  # noqa: N815
    dynamodb: StreamData


class StreamBatch(Struct):
    """The event with which Lambda delivers records of a DynamoDB stream."""

    Records: list[StreamRecord]


class Change(NamedTuple):
    """An order before and after, and the event of it. `new` is None when it was deleted.

    `document` is the event's JSON as it is stored, `published` as the bus hands it on.
    """

    sequence_number: str
    old: Order | None
    new: Order | None
    event: OrderEvent
    document: str
    published: str


class Unpublishable(Exception):
    """The record does not describe an order, or one that is too large: reading it again can't help."""


def change_in(record: StreamRecord, epoch: int = 0) -> Change | None:
    """The change of a record; None if nothing happened to an order: a tombstone, a hand, or a migration.

    After a restore of the table there is an `epoch`, which is part of the id, so that none is given twice.

    Raises:
        Unpublishable: an image is not an order, or the event is larger than an item of the history.
    """
    try:
        change = _change(record.dynamodb, epoch)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Unpublishable(f"{type(error).__name__}: {error}") from error
    if change is not None and len(change.document.encode()) > _MAX_DOCUMENT_BYTES:
        raise Unpublishable(f"event {change.event.id} has more than {_MAX_DOCUMENT_BYTES} bytes")
    return change


def _change(data: StreamData, epoch: int) -> Change | None:
    if data.NewImage is not None and was_moved(data.NewImage):
        return None
    old, new = _order(data.OldImage), _order(data.NewImage)
    if new is not None:
        if old is not None and old.version == new.version:
            return None
        event = event_for_write(old, new)
    elif old is not None:
        event = event_for_delete(old, *_deletion(data))
    else:
        return None
    if epoch:
        event = replace(event, id=f"{event.id}:{epoch}")
    published = without_large_fields(event_view_of(event), MAX_EVENT_BYTES)
    return Change(data.SequenceNumber, old, new, event, _json(event), _json(published))


def _json(document: Struct) -> str:
    return msgspec.json.encode(document).decode()


def _order(image: Item | None) -> Order | None:
    return None if image is None or is_tombstone(image) else from_item(image)


def _deletion(data: StreamData) -> tuple[str, str | None]:
    """When it was deleted and by whom; an item that was removed without a tombstone can't tell."""
    if data.NewImage is not None:
        return data.NewImage["deleted_at"]["S"], data.NewImage["deleted_by"]["S"]
    moment = datetime.fromtimestamp(data.ApproximateCreationDateTime, UTC)
    return timestamps.to_text(moment), None
