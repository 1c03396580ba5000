"""The rules of orders and returns once more, in the plainest words: what a store of dictionaries would do.

Written from the API's description alone, so that it may disagree with the application.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.api import Caller

Json = dict[str, Any]

NEXT = {
    "PENDING": {"CONFIRMED", "CANCELLED"},
    "CONFIRMED": {"PROCESSING", "CANCELLED"},
    "PROCESSING": {"SHIPPED", "CANCELLED"},
    "SHIPPED": {"DELIVERED"},
    "DELIVERED": set(),
    "CANCELLED": set(),
}
NEXT_OF_RETURN = {
    "REQUESTED": {"APPROVED", "REJECTED"},
    "APPROVED": {"RECEIVED"},
    "RECEIVED": {"REFUNDED"},
    "REFUNDED": set(),
    "REJECTED": set(),
}


class Refusal(Exception):
    """A status and the slug of its problem."""

    def __init__(self, status: int, slug: str) -> None:
        super().__init__(status, slug)
        self.told = (status, slug)


NOT_FOUND = Refusal(404, "not-found")
FORBIDDEN = Refusal(403, "forbidden")
STALE = Refusal(412, "version-mismatch")
ILLEGAL = Refusal(409, "illegal-state")
INVALID = Refusal(400, "invalid-input")
REUSED = Refusal(422, "idempotency-key-reused")


@dataclass
class ModelReturn:
    status: str
    lines: list[tuple[int, int]]
    reason: str
    history: list[tuple[str, str]]


@dataclass
class ModelOrder:
    customer: str
    content: Json
    status: str = "PENDING"
    version: int = 1
    history: list[tuple[str, str]] = field(default_factory=list)
    returns: dict[str, ModelReturn] = field(default_factory=dict)
    events: list[tuple[str, int, str]] = field(default_factory=list)
    deleted: bool = False

    def left(self, line: int) -> int:
        """How many of a line may still come back."""
        back = [
            quantity
            for each in self.returns.values()
            if each.status != "REJECTED"
            for number, quantity in each.lines
            if number == line
        ]
        return int(self.content["items"][line - 1]["quantity"]) - sum(back)

    def written(self, kind: str, by: str) -> None:
        self.version += 1
        self.events.append((kind, self.version, by))


class Model:
    """All orders by id, the keys they were placed with, and in which order they were."""

    def __init__(self) -> None:
        self.orders: dict[str, ModelOrder] = {}
        self.keys: dict[tuple[str, str], tuple[str, object]] = {}
        self.return_keys: dict[tuple[str, str, str], tuple[str, object]] = {}

    def allow_create(self, caller: Caller, body: Json, key: str | None) -> str | None:
        """The id of the order that was placed with the key before, or None for a new one."""
        customer = body.get("customer_id", caller.sub)
        if not caller.groups and customer != caller.sub:
            raise FORBIDDEN
        if key is None or (caller.sub, key) not in self.keys:
            return None
        order_id, first = self.keys[caller.sub, key]
        if first != (customer, content_of(body)) or self.orders[order_id].deleted:
            raise REUSED
        return order_id

    def create(self, order_id: str, caller: Caller, body: Json, key: str | None) -> None:
        customer = body.get("customer_id", caller.sub)
        content = content_of(body)
        self.orders[order_id] = ModelOrder(
            customer,
            content,
            history=[("PENDING", caller.sub)],
            events=[("OrderCreated", 1, caller.sub)],
        )
        if key is not None:
            self.keys[caller.sub, key] = order_id, (customer, content)

    def replace(self, order_id: str, caller: Caller, body: Json, versions: list[int] | None) -> None:
        order = self.visible(order_id, caller)
        status = body.get("status", order.status)
        moves = status != order.status
        customer = body.get("customer_id", order.customer)
        if not caller.groups and ((moves and status != "CANCELLED") or customer != caller.sub):
            raise FORBIDDEN
        check_version(order, versions)
        editable = {"PENDING", "CONFIRMED", "PROCESSING"} if caller.groups else {"PENDING"}
        content = content_of(body)
        if (
            customer != order.customer
            or (moves and status not in NEXT[order.status])
            or (content != order.content and order.status not in editable)
        ):
            raise ILLEGAL
        order.content, order.status = content, status
        if moves:
            order.history.append((status, caller.sub))
        order.written("OrderStatusChanged" if moves else "OrderUpdated", caller.sub)

    def delete(self, order_id: str, caller: Caller, versions: list[int] | None) -> None:
        order = self.visible(order_id, caller)
        check_version(order, versions)
        if order.status not in ("PENDING", "CANCELLED"):
            raise ILLEGAL
        order.deleted = True
        order.events.append(("OrderDeleted", order.version + 1, caller.sub))

    def allow_return(
        self, order_id: str, caller: Caller, body: Json, key: str | None, versions: list[int] | None
    ) -> str | None:
        """The id of the return that was asked for with the key before, or None for a new one."""
        order = self.visible(order_id, caller)
        lines = [(line["line"], line["quantity"]) for line in body["lines"]]
        if key is not None and (caller.sub, order_id, key) in self.return_keys:
            return_id, first = self.return_keys[caller.sub, order_id, key]
            if first != (lines, body["reason"]):
                raise REUSED
            return return_id
        check_version(order, versions)
        if order.status != "DELIVERED":
            raise ILLEGAL
        numbers = [line for line, _ in lines]
        there = range(1, len(order.content["items"]) + 1)
        if len(set(numbers)) < len(numbers) or any(
            line not in there or quantity > order.left(line) for line, quantity in lines
        ):
            raise INVALID
        return None

    def request_return(
        self, order_id: str, return_id: str, caller: Caller, body: Json, key: str | None
    ) -> None:
        order = self.orders[order_id]
        lines = [(line["line"], line["quantity"]) for line in body["lines"]]
        order.returns[return_id] = ModelReturn(
            "REQUESTED", lines, body["reason"], [("REQUESTED", caller.sub)]
        )
        order.written("OrderUpdated", caller.sub)
        if key is not None:
            self.return_keys[caller.sub, order_id, key] = return_id, (lines, body["reason"])

    def move_return(
        self, order_id: str, return_id: str, caller: Caller, status: str, versions: list[int] | None
    ) -> None:
        if not caller.groups:
            raise FORBIDDEN
        order = self.visible(order_id, caller)
        if return_id not in order.returns:
            raise NOT_FOUND
        check_version(order, versions)
        moved = order.returns[return_id]
        if status == moved.status:
            return
        if status not in NEXT_OF_RETURN[moved.status]:
            raise ILLEGAL
        moved.status = status
        moved.history.append((status, caller.sub))
        order.written("OrderUpdated", caller.sub)

    def visible(self, order_id: str, caller: Caller) -> ModelOrder:
        order = self.orders.get(order_id)
        if order is None or order.deleted or not (caller.groups or order.customer == caller.sub):
            raise NOT_FOUND
        return order

    def events(self, order_id: str, caller: Caller) -> list[tuple[str, int, str]]:
        order = self.orders.get(order_id)
        if order is None or not (caller.groups or order.customer == caller.sub):
            raise NOT_FOUND
        return order.events

    def listed(self, caller: Caller, customer: str | None, status: str | None) -> list[str]:
        """Ids, newest first."""
        if not caller.groups:
            if customer not in (None, caller.sub):
                raise FORBIDDEN
            customer = caller.sub
        return [
            order_id
            for order_id, order in reversed(self.orders.items())
            if not order.deleted and customer in (None, order.customer) and status in (None, order.status)
        ]


def check_version(order: ModelOrder, versions: list[int] | None) -> None:
    if versions is not None and order.version not in versions:
        raise STALE


def content_of(body: Json) -> Json:
    """What a client writes, with the defaults for what it leaves out."""
    return {
        "items": [{"name": None, **item} for item in body["items"]],
        "currency": body.get("currency", "EUR"),
        "notes": body.get("notes"),
        "metadata": body.get("metadata", {}),
    }


def total(order: ModelOrder) -> Decimal:
    items = order.content["items"]
    return sum((Decimal(item["unit_price"]) * item["quantity"] for item in items), Decimal())


def seen(order: ModelOrder) -> Json:
    """What a client sees of an order, but for ids and times."""
    returns = [
        {
            "return_id": return_id,
            "status": each.status,
            "lines": each.lines,
            "reason": each.reason,
            "history": each.history,
        }
        for return_id, each in order.returns.items()
    ]
    return {
        **order.content,
        "customer_id": order.customer,
        "status": order.status,
        "version": order.version,
        "total_amount": total(order),
        "history": order.history,
        "returns": returns,
    }


def reduced(document: Json) -> Json:
    """The same of an order that the API answered with."""
    returns = [
        {
            "return_id": each["return_id"],
            "status": each["status"],
            "lines": [(line["line"], line["quantity"]) for line in each["lines"]],
            "reason": each["reason"],
            "history": [(entry["status"], entry["by"]) for entry in each["history"]],
        }
        for each in document.get("returns", [])
    ]
    return {
        **{name: document[name] for name in ("items", "currency", "notes", "metadata")},
        **{name: document[name] for name in ("customer_id", "status", "version")},
        "total_amount": Decimal(document["total_amount"]),
        "history": [(entry["status"], entry["by"]) for entry in document["history"]],
        "returns": returns,
    }
