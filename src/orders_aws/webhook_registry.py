"""Webhooks on AWS as the API manages them."""

from orders_aws.consumers.webhook_store import DynamoDBWebhooks
from orders_aws.dynamodb.client import DynamoDBClient
from orders_core.stores import InvalidWebhook
from orders_core.webhook_schemas import Deliveries, DeliveryAttempt, Replay
from orders_webhooks.management import ManagedWebhooks, time_of


class QueuedWebhooks(ManagedWebhooks):
    """`WebhookRegistry` where a queue has the deliveries: only the latest failures are known of each webhook.

    A write for each delivery that succeeds would cost as much as the delivery itself.
    """

    def __init__(self, client: DynamoDBClient, orders_table: str) -> None:
        super().__init__(DynamoDBWebhooks(client, f"{orders_table.removesuffix('-orders')}-webhooks"))

    def deliveries(self, webhook_id: str) -> Deliveries:
        """See `WebhookRegistry`."""
        attempts = [
            DeliveryAttempt(
                event_id=each.message_id,
                order_id=each.message_id.partition(":")[0],
                at=time_of(each.at),
                error=each.error,
                next_attempt_at=None,
            )
            for each in self._existing(webhook_id).failed_attempts
        ]
        return Deliveries(waiting=None, failing=None, dead_letters=None, attempts=attempts)

    def replay(self, webhook_id: str, since: str | None, order_id: str | None) -> Replay:
        """See `WebhookRegistry`."""
        self._existing(webhook_id)
        raise InvalidWebhook(
            "since" if since else "order_id" if order_id else "",
            "can't be replayed to one webhook on AWS: replay the archive of the event bus",
        )
