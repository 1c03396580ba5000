"""An order as a DynamoDB item and back, in DynamoDB's typed JSON.

Each field of `Order` is an attribute. Texts and numbers are DynamoDB's own, so that keys, indexes and
conditions can use them; everything else is one JSON document, as it is on SQLite:

    order_id, customer_id, status, created_at …   S
    version                                       N
    content, returns, payments, …                 S, JSON
    history                                       M, by status: S, JSON of the entry
    status_shard                                  S, key of StatusIndex, derived
    external_reference                            S, key of ReferenceIndex, from the content if it has one
    held_amount, held_currency                    N, S: of the payments if there are any, for conditions
    write_1 … write_4                             S, ids of the last writes, the newest first
    moved                                         N, if a migration wrote it: the version that it wrote

A field at its default has no attribute. `content` is canonical: equal contents are equal texts, so that a
condition can compare them. `history` is a map so that a write can add to it without reading it.
"""

import zlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import structs

from orders_core.models import Order, OrderContent, OrderStatus, StatusEntry

# A DynamoDB attribute value is a recursive tagged union that no static type follows through indexing.
Item = dict[str, Any]

STATUS_SHARDS: Final = 8
"""Partitions of StatusIndex for each status; docs/scaling.md says why so many."""

_FIELDS: Final = structs.fields(Order)

RECENT_WRITES: Final = ("write_1", "write_2", "write_3", "write_4")
"""Ids of the last writes of an item, the newest first: a write whose reply was lost is recognised by its id.

More than one, because others may write between an attempt and its retry, which is a second or so.
"""

MOVED: Final = "moved"
"""The version of an order that a migration wrote: its event was brought along, and is not published again."""

ORDER_ATTRIBUTES: Final = (
    *(field.name for field in _FIELDS if field.name != "order_id"),
    "status_shard",
    "external_reference",
    "held_amount",
    "held_currency",
    *RECENT_WRITES,
    MOVED,
)
"""Every attribute of an order's item but its key."""


EXPIRES: Final = "expires_at"
"""When DynamoDB removes the item, in Unix seconds: of what is left of deleted orders."""


def has_write(item: Mapping[str, Any], write_id: str) -> bool:
    """Whether a write with this id is among the last ones of the item."""
    return any(item.get(name, {}).get("S") == write_id for name in RECENT_WRITES)


def is_tombstone(item: Mapping[str, Any]) -> bool:
    """Whether this is what is left of an order that was deleted.

    It has `deleted_at`, `deleted_by` and, as the key of DeletedIndex, `deleted_customer`.
    """
    return "deleted_at" in item


def was_moved(item: Mapping[str, Any]) -> bool:
    """Whether the item, an order or a tombstone, is as a migration wrote it."""
    return MOVED in item and ("version" not in item or item["version"] == item[MOVED])


def status_shard(status: OrderStatus, order_id: str) -> str:
    """Partition key of StatusIndex: spreads the orders of one status over `STATUS_SHARDS` partitions."""
    return f"{status}#{zlib.crc32(order_id.encode()) % STATUS_SHARDS}"


def to_item(order: Order) -> Item:
    """The item that holds an order."""
    item = {
        field.name: _attribute(field.name, value)
        for field in _FIELDS
        if (value := getattr(order, field.name)) != field.default
    }
    item["status_shard"] = {"S": status_shard(order.status, order.order_id)}
    if order.content.external_reference is not None:
        item["external_reference"] = {"S": order.content.external_reference}
    if order.payments:
        item["held_amount"] = {"N": str(order.held_amount)}
        item["held_currency"] = {"S": order.content.currency}
    return item


def from_item(item: Mapping[str, Any]) -> Order:
    """The order in an item.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: it does not hold one.
    """
    return Order(
        **{
            field.name: _value(field, item[field.name])
            for field in _FIELDS
            if field.required or field.name in item
        }
    )


def content_attribute(content: OrderContent) -> Item:
    """What a client writes, as one canonical document."""
    return {"S": content.canonical().decode()}


def history_entry(entry: StatusEntry) -> Item:
    """One entry of the map `history`, whose name is the entry's status."""
    return {"S": msgspec.json.encode(entry).decode()}


def _attribute(name: str, value: Any) -> Item:  # noqa: ANN401 - a field of an order, of any type
    if name == "content":
        return content_attribute(value)
    if name == "history":
        return {"M": {entry.status: history_entry(entry) for entry in value}}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, int):
        return {"N": str(value)}
    return {"S": msgspec.json.encode(value).decode()}


def _value(field: structs.FieldInfo, attribute: Mapping[str, Any]) -> Any:  # noqa: ANN401 - of any type
    if field.name == "history":
        return _history(attribute["M"])
    if field.type is str:
        return attribute["S"]
    if field.type is int:
        return int(attribute["N"])
    if isinstance(field.type, type) and issubclass(field.type, str):
        return field.type(attribute["S"])
    return msgspec.json.decode(attribute["S"], type=field.type)


def _history(entries: Mapping[str, Any]) -> tuple[StatusEntry, ...]:
    # The statuses are declared in the order in which an order passes through them.
    return tuple(
        msgspec.json.decode(entries[status]["S"], type=StatusEntry)
        for status in OrderStatus
        if status in entries
    )
