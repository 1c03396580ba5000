"""An order as a DynamoDB item and back, in DynamoDB's typed JSON."""

import zlib
from collections.abc import Mapping
from typing import Any, Final

from orders_core.models import (
    LineItem,
    Order,
    OrderContent,
    OrderStatus,
    Return,
    ReturnEntry,
    ReturnLine,
    ReturnStatus,
    StatusEntry,
)

# A DynamoDB attribute value is a recursive tagged union that no static type follows through indexing.
Item = dict[str, Any]

STATUS_SHARDS: Final = 8
"""Partitions of StatusIndex for each status; docs/scaling.md says why so many."""


ORDER_ATTRIBUTES: Final = (
    "customer_id",
    "status",
    "status_shard",
    "version",
    "created_at",
    "updated_at",
    "updated_by",
    "history",
    "items",
    "currency",
    "notes",
    "metadata",
    "total_amount",
    "fingerprint",
    "returns",
)
"""Every attribute of an order's item but its key."""


def is_tombstone(item: Mapping[str, Any]) -> bool:
    """Whether this is what is left of an order that was deleted: `deleted_at` and `deleted_by`."""
    return "deleted_at" in item


def status_shard(status: OrderStatus, order_id: str) -> str:
    """Partition key of StatusIndex: spreads the orders of one status over `STATUS_SHARDS` partitions."""
    return f"{status}#{zlib.crc32(order_id.encode()) % STATUS_SHARDS}"


def to_item(order: Order) -> Item:
    item = {
        "order_id": {"S": order.order_id},
        "customer_id": {"S": order.customer_id},
        "status": {"S": order.status},
        "status_shard": {"S": status_shard(order.status, order.order_id)},
        "version": {"N": str(order.version)},
        "created_at": {"S": order.created_at},
        "updated_at": {"S": order.updated_at},
        "updated_by": {"S": order.updated_by},
        "history": {"M": {entry.status: history_entry(entry.at, entry.by) for entry in order.history}},
        **content_attributes(order.content),
    }
    if order.fingerprint:
        item["fingerprint"] = {"S": order.fingerprint}
    if order.returns:
        item["returns"] = {"L": [_return_item(each) for each in order.returns]}
    return item


def content_attributes(content: OrderContent) -> Item:
    """The attributes that a client writes, and the total that follows from them."""
    return {
        "items": {"L": [_line_item(item) for item in content.items]},
        "currency": {"S": content.currency},
        "notes": _optional(content.notes),
        "metadata": {"M": {key: {"S": value} for key, value in content.metadata.items()}},
        "total_amount": {"N": str(content.total_amount)},
    }


def history_entry(at: str, by: str) -> Item:
    return {"M": {"at": {"S": at}, "by": {"S": by}}}


def from_item(item: Mapping[str, Any]) -> Order:
    return Order(
        order_id=item["order_id"]["S"],
        customer_id=item["customer_id"]["S"],
        status=OrderStatus(item["status"]["S"]),
        content=OrderContent(
            items=tuple(
                LineItem(
                    product_id=line["M"]["product_id"]["S"],
                    quantity=int(line["M"]["quantity"]["N"]),
                    unit_price=int(line["M"]["unit_price"]["N"]),
                    name=line["M"]["name"].get("S"),
                )
                for line in item["items"]["L"]
            ),
            currency=item["currency"]["S"],
            notes=item["notes"].get("S"),
            metadata={key: value["S"] for key, value in item["metadata"]["M"].items()},
        ),
        version=int(item["version"]["N"]),
        created_at=item["created_at"]["S"],
        updated_at=item["updated_at"]["S"],
        updated_by=item["updated_by"]["S"],
        history=_history(item["history"]["M"]),
        fingerprint=item["fingerprint"]["S"] if "fingerprint" in item else "",
        returns=_returns(item),
    )


def _line_item(line: LineItem) -> Item:
    return {
        "M": {
            "product_id": {"S": line.product_id},
            "quantity": {"N": str(line.quantity)},
            "unit_price": {"N": str(line.unit_price)},
            "name": _optional(line.name),
        }
    }


def _return_item(each: Return) -> Item:
    return {
        "M": {
            "return_id": {"S": each.return_id},
            "status": {"S": each.status},
            "reason": {"S": each.reason},
            "lines": {"L": [_return_line_item(line) for line in each.lines]},
            "history": {"M": {entry.status: history_entry(entry.at, entry.by) for entry in each.history}},
        }
    }


def _return_line_item(line: ReturnLine) -> Item:
    return {
        "M": {
            # Its product is that of the order's line, which changes no more: an item has at most 400 KB.
            "line": {"N": str(line.line)},
            "quantity": {"N": str(line.quantity)},
            "refund_amount": {"N": str(line.refund_amount)},
        }
    }


def _returns(item: Mapping[str, Any]) -> tuple[Return, ...]:
    if "returns" not in item:
        return ()
    products = [line["M"]["product_id"]["S"] for line in item["items"]["L"]]
    return tuple(_return(each["M"], products) for each in item["returns"]["L"])


def _return(each: Mapping[str, Any], products: list[str]) -> Return:
    history = each["history"]["M"]
    return Return(
        return_id=each["return_id"]["S"],
        status=ReturnStatus(each["status"]["S"]),
        lines=tuple(_return_line(line["M"], products) for line in each["lines"]["L"]),
        reason=each["reason"]["S"],
        history=tuple(
            ReturnEntry(status, history[status]["M"]["at"]["S"], history[status]["M"]["by"]["S"])
            for status in ReturnStatus
            if status in history
        ),
    )


def _return_line(line: Mapping[str, Any], products: list[str]) -> ReturnLine:
    number = int(line["line"]["N"])
    return ReturnLine(
        line=number,
        product_id=products[number - 1],
        quantity=int(line["quantity"]["N"]),
        refund_amount=int(line["refund_amount"]["N"]),
    )


def _optional(text: str | None) -> Item:
    return {"NULL": True} if text is None else {"S": text}


def _history(entries: Mapping[str, Any]) -> tuple[StatusEntry, ...]:
    # The statuses are declared in the order in which an order passes through them.
    return tuple(
        StatusEntry(status, entries[status]["M"]["at"]["S"], entries[status]["M"]["by"]["S"])
        for status in OrderStatus
        if status in entries
    )
