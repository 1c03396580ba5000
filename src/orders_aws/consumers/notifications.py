"""Writes to customers when an order is placed and when it is on its way."""

import logging
import os
from functools import cache
from typing import Any, Final

import msgspec

from orders_aws.client.calls import COGNITO, SES, AwsClient, Refused
from orders_aws.client.deadline import INVOCATION
from orders_aws.consumers import environment
from orders_aws.consumers.batch import BatchResponse, QueueBatch, QueueMessage, each_alone
from orders_core.models import OrderStatus
from orders_core.schemas import Envelope, OrderEventView, OrderView

_PLACED: Final = ("We have your order", "thank you for your order. This is what we have noted:")
_SHIPPED: Final = ("Your order is on its way", "these things have left our house:")

_log = logging.getLogger(__name__)


def handler(event: object, context: object) -> BatchResponse:
    """Lambda's entry point, for a batch of the queue behind the topic."""
    INVOCATION.begin(context)
    return each_alone(msgspec.convert(event, QueueBatch).Records, _notifier().consume)


class Notifier:
    """`sender` is the address that mail comes from; without one (None) no mail is sent."""

    def __init__(self, users: AwsClient, user_pool_id: str, mail: AwsClient, sender: str | None) -> None:
        self._users = users
        self._user_pool_id = user_pool_id
        self._mail = mail
        self._sender = sender

    def consume(self, message: QueueMessage) -> None:
        """Raises Refused or Unavailable: the message comes again."""
        event = msgspec.json.decode(message.body, type=Envelope).detail
        words = _words_for(event)
        if words is None or self._sender is None:
            return
        address = self._address_of(event.order.customer_id)
        if address is None:
            _log.info("no address to write to", extra={"event_id": event.id})
            return
        self._mail.call("SendEmail", _email(self._sender, address, *words, event.order))

    def _address_of(self, customer_id: str) -> str | None:
        """Return the verified address of a user; None if the customer is not a user of the pool."""
        try:
            reply: Any = self._users.call(
                "AdminGetUser", {"UserPoolId": self._user_pool_id, "Username": customer_id}
            )
        except Refused as error:
            if error.kind != "UserNotFoundException":
                raise
            return None
        attributes = {each["Name"]: each["Value"] for each in reply["UserAttributes"]}
        return attributes.get("email") if attributes.get("email_verified") == "true" else None


def _words_for(event: OrderEventView) -> tuple[str, str] | None:
    """Subject and first sentence; None for what customers are not told."""
    if event.type == "OrderCreated":
        return _PLACED
    shipped = event.type == "OrderStatusChanged" and event.order.status is OrderStatus.SHIPPED
    return _SHIPPED if shipped else None


def _email(sender: str, address: str, subject: str, sentence: str, order: OrderView) -> dict[str, object]:
    """https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html"""
    lines = [f"  {item.quantity} × {item.name or item.product_id}" for item in order.items]
    total = f"Total: {order.total_amount} {order.currency}"
    text = "\n".join([f"Hello,\n\n{sentence}\n", *lines, "", total, f"Order: {order.order_id}", ""])
    return {
        "FromEmailAddress": sender,
        "Destination": {"ToAddresses": [address]},
        "Content": {
            "Simple": {
                "Subject": {"Data": subject, "Charset": "UTF-8"},
                "Body": {"Text": {"Data": text, "Charset": "UTF-8"}},
            }
        },
    }


@cache
def _notifier() -> Notifier:
    return Notifier(
        environment.client_of(COGNITO),
        environment.required("USER_POOL_ID"),
        environment.client_of(SES),
        os.environ.get("EMAIL_SENDER"),
    )
