"""The conditional writes of the orders table: guards and assignments joined into DynamoDB's expressions."""

import itertools
from typing import Final

from orders_aws.dynamodb.items import (
    EXPIRES,
    ORDER_ATTRIBUTES,
    RECENT_WRITES,
    Item,
    content_attribute,
    history_entry,
    status_shard,
    to_item,
)
from orders_core import retention
from orders_core.models import (
    DELETABLE,
    Order,
    OrderChange,
    OrderContent,
    OrderRemoval,
    OrderStatus,
    StatusEntry,
)
from orders_core.personal import without_personal_data

_NAMES: Final = {f"#{name}": name for name in ("status", "content", "version")}


_NOTE_WRITE: Final = {
    RECENT_WRITES[0]: ":write",
    **{older: f"if_not_exists({newer}, :no_write)" for newer, older in itertools.pairwise(RECENT_WRITES)},
}
"""Assignments that put a write's id before the others; DynamoDB reads the values from before the update."""


def update_request(table: str, change: OrderChange, write_id: str) -> Item:
    """UpdateItem for a change: its guards are the condition, so that it needs no read.

    A change without `versions` would be applied again by a retry after a lost reply, and then over what
    others wrote in between. Its id, unique to this write, is therefore part of the condition.
    """
    expression = _Expression()
    expression.require_new_write(write_id)
    expression.values[":content"] = content_attribute(change.content)
    expression.require_owner(change.owner)
    expression.require_owner(change.customer_id)
    expression.require_version(change.versions)
    if change.status is not None:
        expression.require_status(change.starts_from)
    # The document is canonical: an unchanged content is an equal text.
    expression.require_status(change.editable_in, unless="#content = :content")
    expression.require_payments_within(change.content)
    if without_personal_data(change.content) is not change.content:
        expression.require_not_erased()
    assignments = {
        "#content": ":content",
        "updated_at": ":at",
        "updated_by": ":by",
        "#version": "#version + :one",
        **_NOTE_WRITE,
    }
    expression.values |= {":at": {"S": change.at}, ":by": {"S": change.by}, ":one": {"N": "1"}}
    if change.status is not None:
        assignments |= {
            "#status": ":status",
            "status_shard": ":shard",
            f"history.{change.status}": f"if_not_exists(history.{change.status}, :entry)",
        }
        expression.values |= {
            ":status": {"S": change.status},
            ":shard": {"S": status_shard(change.status, change.order_id)},
            ":entry": history_entry(StatusEntry(change.status, change.at, change.by)),
        }
    removed = " REMOVE external_reference"
    if change.content.external_reference is not None:
        removed = ""
        assignments["external_reference"] = ":reference"
        expression.values[":reference"] = {"S": change.content.external_reference}
    assigned = ", ".join(f"{name} = {value}" for name, value in assignments.items())
    request = expression.request(table, change.order_id)
    # The condition names what is assigned, but for the version.
    names = {**request["ExpressionAttributeNames"], "#version": "version"}
    return request | {
        "UpdateExpression": f"SET {assigned}{removed}",
        "ExpressionAttributeNames": names,
        "ReturnValues": "ALL_NEW",
    }


def save_request(table: str, order: Order, expected_version: int, write_id: str) -> Item:
    """UpdateItem that writes every attribute of an order if it still has the version expected.

    An update and no PutItem, so that the ids of earlier writes stay.
    """
    expression = _Expression()
    expression.require_new_write(write_id)
    expression.require_version((expected_version,))
    item = to_item(order)
    stored = {name: item[name] for name in ORDER_ATTRIBUTES if name in item}
    absent = [name for name in ORDER_ATTRIBUTES if name not in item and name not in RECENT_WRITES]
    expression.values |= {f":{name}": value for name, value in stored.items()}
    assignments = {f"#{name}": f":{name}" for name in stored} | _NOTE_WRITE
    update = "SET " + ", ".join(f"{name} = {value}" for name, value in assignments.items())
    if absent:
        update += " REMOVE " + ", ".join(f"#{name}" for name in absent)
    return expression.request(table, order.order_id) | {
        "UpdateExpression": update,
        "ExpressionAttributeNames": {f"#{name}": name for name in (*stored, *absent)},
    }


def delete_request(table: str, removal: OrderRemoval) -> Item:
    """UpdateItem that leaves a tombstone: the id stays taken, and the stream learns who deleted the order."""
    expression = _Expression()
    expression.require_owner(removal.owner)
    expression.require_version(removal.versions)
    expression.require_status(DELETABLE)
    expression.require_no_payments()
    expression.values |= {":at": {"S": removal.at}, ":by": {"S": removal.by}}
    expression.values[":expires"] = {"N": str(retention.expires_at(removal.at))}
    request = expression.request(table, removal.order_id)
    request["ExpressionAttributeNames"] = {f"#{name}": name for name in ORDER_ATTRIBUTES}
    removed = ", ".join(f"#{name}" for name in ORDER_ATTRIBUTES)
    kept = f"deleted_at = :at, deleted_by = :by, deleted_customer = customer_id, {EXPIRES} = :expires"
    return request | {"UpdateExpression": f"SET {kept} REMOVE {removed}"}


class _Expression:
    """The conditions of one write, joined into one expression with the values they name."""

    def __init__(self) -> None:
        # A tombstone has no customer.
        self._conditions = ["attribute_exists(customer_id)"]
        self.values: Item = {}

    def require_new_write(self, write_id: str) -> None:
        """The write was not applied yet."""
        self.values |= {":write": {"S": write_id}, ":no_write": {"S": "-"}}
        self._conditions.append(f"NOT (:write IN ({', '.join(RECENT_WRITES)}))")

    def require_owner(self, customer_id: str | None) -> None:
        if customer_id is not None:
            self._conditions.append(f"customer_id = {self._bind('customer', {'S': customer_id})}")

    def require_version(self, versions: tuple[int, ...] | None) -> None:
        if versions is not None:
            self._conditions.append(f"#version IN ({self._bind_all('v', [{'N': str(v)} for v in versions])})")

    def require_status(self, statuses: tuple[OrderStatus, ...], unless: str = "") -> None:
        """The status is one of these; or the condition `unless` holds. DynamoDB's IN takes no empty list."""
        if not statuses:
            self._conditions.append(f"({unless})")
            return
        condition = f"#status IN ({self._bind_all('s', [{'S': status} for status in statuses])})"
        self._conditions.append(f"({condition} OR ({unless}))" if unless else condition)

    def require_payments_within(self, content: OrderContent) -> None:
        """What was authorized or captured is in the content's currency, and its total is not less."""
        self.values |= {":currency": {"S": content.currency}, ":total": {"N": str(content.total_amount)}}
        within = "held_currency = :currency AND held_amount <= :total"
        self._conditions.append(f"(attribute_not_exists(payments) OR #content = :content OR ({within}))")

    def require_not_erased(self) -> None:
        self._conditions.append("attribute_not_exists(erased_at)")

    def require_no_payments(self) -> None:
        self._conditions.append("attribute_not_exists(payments)")

    def request(self, table: str, order_id: str) -> Item:
        condition = " AND ".join(self._conditions)
        used = {placeholder: name for placeholder, name in _NAMES.items() if placeholder in condition}
        return {
            "TableName": table,
            "Key": {"order_id": {"S": order_id}},
            "ConditionExpression": condition,
            "ExpressionAttributeNames": used,
            "ExpressionAttributeValues": self.values,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }

    def _bind(self, prefix: str, value: Item) -> str:
        placeholder = f":{prefix}{len(self.values)}"
        self.values[placeholder] = value
        return placeholder

    def _bind_all(self, prefix: str, values: list[Item]) -> str:
        return ", ".join(self._bind(prefix, value) for value in values)
