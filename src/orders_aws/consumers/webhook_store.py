"""The DynamoDB table that keeps the webhooks on AWS."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from orders_aws.dynamodb.client import ConditionFailed, DynamoDBClient
from orders_core.stores import StoreUnavailable
from orders_webhooks.webhook import NoSuchWebhook, Webhook

_ATTEMPTS: Final = 8


class DynamoDBWebhooks:
    """`Webhooks` in a table with the key `webhook_id`. It holds a handful, each as JSON with a revision.

    Every method raises `StoreUnavailable` when the table can't answer.
    """

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def add(self, webhook: Webhook) -> None:
        """Store a new webhook.

        Raises:
            StoreUnavailable: another request is adding one with this id.
        """
        item = {
            "webhook_id": {"S": webhook.webhook_id},
            "document": _document(webhook),
            "revision": {"N": "1"},
        }
        request = {
            "TableName": self._table,
            "Item": item,
            "ConditionExpression": "attribute_not_exists(webhook_id)",
        }
        try:
            self._client.call("PutItem", request)
        except ConditionFailed:
            raise StoreUnavailable(f"webhook {webhook.webhook_id} is being added by another") from None

    def get(self, webhook_id: str) -> Webhook | None:
        """Return a webhook; None if there is no such one."""
        item = self._item(webhook_id)
        return None if item is None else _webhook(item)

    def all(self) -> list[Webhook]:
        """Return all webhooks, oldest first."""
        found: list[Webhook] = []
        request: dict[str, object] = {"TableName": self._table, "ConsistentRead": True}
        while True:
            reply: Any = self._client.call("Scan", request)
            found += map(_webhook, reply["Items"])
            if "LastEvaluatedKey" not in reply:
                return sorted(found, key=lambda webhook: webhook.created_at)
            request["ExclusiveStartKey"] = reply["LastEvaluatedKey"]

    def change(self, webhook_id: str, change: Callable[[Webhook], Webhook]) -> Webhook:
        """Replace a webhook by what `change` makes of it, which may be called more than once."""
        for _ in range(_ATTEMPTS):
            item = self._item(webhook_id)
            if item is None:
                raise NoSuchWebhook(webhook_id)
            changed = change(_webhook(item))
            try:
                self._replace(changed, item["revision"])
            except ConditionFailed:
                continue
            return changed
        raise StoreUnavailable(f"webhook {webhook_id} is being changed by many at once")

    def remove(self, webhook_id: str) -> None:
        """Remove a webhook."""
        request = {
            "TableName": self._table,
            "Key": _key(webhook_id),
            "ConditionExpression": "attribute_exists(webhook_id)",
        }
        try:
            self._client.call("DeleteItem", request)
        except ConditionFailed:
            raise NoSuchWebhook(webhook_id) from None

    def _item(self, webhook_id: str) -> dict[str, Any] | None:
        request = {"TableName": self._table, "Key": _key(webhook_id), "ConsistentRead": True}
        reply: Any = self._client.call("GetItem", request)
        item: dict[str, Any] | None = reply.get("Item")
        return item

    def _replace(self, webhook: Webhook, revision: dict[str, str]) -> None:
        self._client.call(
            "UpdateItem",
            {
                "TableName": self._table,
                "Key": _key(webhook.webhook_id),
                "UpdateExpression": "SET document = :document ADD revision :one",
                "ConditionExpression": "revision = :revision",
                "ExpressionAttributeValues": {
                    ":document": _document(webhook),
                    ":one": {"N": "1"},
                    ":revision": revision,
                },
            },
        )


def _key(webhook_id: str) -> dict[str, object]:
    return {"webhook_id": {"S": webhook_id}}


def _document(webhook: Webhook) -> dict[str, str]:
    return {"S": msgspec.json.encode(webhook).decode()}


def _webhook(item: dict[str, Any]) -> Webhook:
    return msgspec.json.decode(item["document"]["S"], type=Webhook)
