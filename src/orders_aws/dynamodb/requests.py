"""The conditional writes of the orders table: guards and assignments joined into DynamoDB's expressions."""

from typing import Final

from orders_aws.dynamodb.items import ORDER_ATTRIBUTES, Item, content_attribute, history_entry, status_shard
from orders_core.models import DELETABLE, OrderChange, OrderRemoval, OrderStatus, StatusEntry

_NAMES: Final = {f"#{name}": name for name in ("status", "content", "version")}


def update_request(table: str, change: OrderChange) -> Item:
    """UpdateItem for a change: its guards are the condition, so that it needs no read."""
    expression = _Expression()
    expression.values[":content"] = content_attribute(change.content)
    expression.require_owner(change.owner)
    expression.require_owner(change.customer_id)
    expression.require_version(change.versions)
    if change.status is not None:
        expression.require_status(change.starts_from)
    # The document is canonical: an unchanged content is an equal text.
    expression.require_status(change.editable_in, unless="#content = :content")
    assignments = {
        "#content": ":content",
        "updated_at": ":at",
        "updated_by": ":by",
        "#version": "#version + :one",
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
    return expression.request(table, change.order_id) | {
        "UpdateExpression": "SET " + ", ".join(f"{name} = {value}" for name, value in assignments.items()),
        "ExpressionAttributeNames": _NAMES,
        "ReturnValues": "ALL_NEW",
    }


def delete_request(table: str, removal: OrderRemoval) -> Item:
    """UpdateItem that leaves a tombstone: the id stays taken, and the stream learns who deleted the order."""
    expression = _Expression()
    expression.require_owner(removal.owner)
    expression.require_version(removal.versions)
    expression.require_status(DELETABLE)
    expression.values |= {":at": {"S": removal.at}, ":by": {"S": removal.by}}
    request = expression.request(table, removal.order_id)
    request["ExpressionAttributeNames"] = {f"#{name}": name for name in ORDER_ATTRIBUTES}
    removed = ", ".join(f"#{name}" for name in ORDER_ATTRIBUTES)
    return request | {"UpdateExpression": f"SET deleted_at = :at, deleted_by = :by REMOVE {removed}"}


class _Expression:
    """The conditions of one write, joined into one expression with the values they name."""

    def __init__(self) -> None:
        # A tombstone has no customer.
        self._conditions = ["attribute_exists(customer_id)"]
        self.values: Item = {}

    def require_owner(self, customer_id: str | None) -> None:
        if customer_id is not None:
            self._conditions.append(f"customer_id = {self._bind('customer', {'S': customer_id})}")

    def require_version(self, versions: tuple[int, ...] | None) -> None:
        if versions is not None:
            self._conditions.append(f"#version IN ({self._bind_all('v', [{'N': str(v)} for v in versions])})")

    def require_status(self, statuses: tuple[OrderStatus, ...], unless: str = "") -> None:
        """The status is one of these; or the condition `unless` holds."""
        condition = f"#status IN ({self._bind_all('s', [{'S': status} for status in statuses])})"
        self._conditions.append(f"({condition} OR ({unless}))" if unless else condition)

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
