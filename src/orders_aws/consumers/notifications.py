"""Writes to customers when an order is placed and when it is on its way: one mail for each event.

Queues deliver an event more than once. Before it sends, the consumer claims the mail on the order's item
with version 0 of the events table, and afterwards it notes there that the mail was sent:

    event ──▶ claim ──▶ send ──▶ note that it was sent
                ├ it was sent: done
                └ another invocation has the claim: again later

A claim ends by itself, so a mail that could not be sent comes again. A mail that SES was given and gave no
answer for counts as sent, and so does one that was sent and could not be noted. What is left is a function
that is killed between SES's acceptance and the note: it sends the mail twice, which is better than none.
"""

import logging
import os
import time
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import msgspec

from orders_aws.client.calls import COGNITO, SES, AnswerLost, AwsClient, Refused
from orders_aws.client.deadline import INVOCATION
from orders_aws.consumers import environment
from orders_aws.consumers.batch import BatchResponse, QueueBatch, QueueMessage, each_alone
from orders_aws.dynamodb.client import ConditionFailed, DynamoDBClient
from orders_core.models import OrderStatus
from orders_core.schemas import Envelope, OrderEventView, OrderView
from orders_core.stores import StoreUnavailable

CLAIM_SECONDS: Final = 120
"""Longer than an invocation may take, and shorter than a message stays hidden after a failure."""

_PLACED: Final = ("We have your order", "thank you for your order. This is what we have noted:")
_SENT: Final = "0"
_SHIPPED: Final = ("Your order is on its way", "these things have left our house:")

_log = logging.getLogger(__name__)


def handler(event: object, context: object) -> BatchResponse:
    """Lambda's entry point, for a batch of the queue behind the topic."""
    INVOCATION.begin(context)
    return each_alone(msgspec.convert(event, QueueBatch).Records, _notifier().consume)


class UnderWay(Exception):
    """Another invocation sends this mail now."""


class NotSent(Exception):
    """SES refuses the mail; the message has its reason's name only, because SES's words quote the address."""


class SentMails:
    """Which mails were sent: beside an order's events, as version 0, an attribute for each event."""

    def __init__(
        self, client: DynamoDBClient, events_table: str, clock: Callable[[], float] = time.time
    ) -> None:
        self._client = client
        self._table = events_table
        self._clock = clock

    def claim(self, event: OrderEventView) -> bool:
        """Whether to send the mail now; False if it was sent.

        Raises:
            UnderWay: another invocation has claimed it.
        """
        now = self._clock()
        claim = str(int((now + CLAIM_SECONDS) * 1000))
        try:
            self._set(event, claim, "attribute_not_exists(#mail) OR #mail BETWEEN :one AND :now", now)
        except ConditionFailed as failure:
            item: Any = failure.item
            stored = item[_attribute(event)]["N"]
            if stored == _SENT:
                return False
            if not (failure.retried and stored == claim):
                raise UnderWay(event.id) from None
        return True

    def note(self, event: OrderEventView) -> None:
        """Keep that the mail was sent."""
        self._set(event, _SENT)

    def _set(self, event: OrderEventView, value: str, condition: str = "", now: float = 0) -> None:
        request: dict[str, object] = {
            "TableName": self._table,
            "Key": {"order_id": {"S": event.order_id}, "version": {"N": "0"}},
            "UpdateExpression": "SET #mail = :value",
            "ExpressionAttributeNames": {"#mail": _attribute(event)},
            "ExpressionAttributeValues": {":value": {"N": value}},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        if condition:
            request["ConditionExpression"] = condition
            request["ExpressionAttributeValues"] = {
                ":value": {"N": value},
                ":one": {"N": "1"},
                ":now": {"N": str(int(now * 1000))},
            }
        self._client.call("UpdateItem", request)


class Notifier:
    """`sender` is the address that writes; without one no mail is sent."""

    def __init__(
        self, users: AwsClient, user_pool_id: str, mail: AwsClient, sender: str | None, mails: SentMails
    ) -> None:
        self._users = users
        self._user_pool_id = user_pool_id
        self._mail = mail
        self._sender = sender
        self._mails = mails

    def consume(self, message: QueueMessage) -> None:
        """Raises Refused, Unavailable, StoreUnavailable, UnderWay or NotSent: the message comes again."""
        event = msgspec.json.decode(message.body, type=Envelope).detail
        words = _words_for(event)
        if words is None or self._sender is None:
            return
        address = self._address_of(event.order.customer_id)
        if address is None:
            _log.info("the customer has no verified address", extra={"event_id": event.id})
            return
        if self._mails.claim(event):
            self._send(event, _email(self._sender, address, *words, event.order))
            self._note(event)

    def _send(self, event: OrderEventView, email: dict[str, object]) -> None:
        try:
            self._mail.call("SendEmail", email, once=True)
        except AnswerLost:
            _log.warning(
                "whether the mail was sent is unknown; it is not repeated", extra={"event_id": event.id}
            )
        except Refused as error:
            raise NotSent(error.kind) from None

    def _note(self, event: OrderEventView) -> None:
        try:
            self._mails.note(event)
        except StoreUnavailable:
            # If the message came again, so would the mail.
            _log.exception("the mail was sent and can't be noted", extra={"event_id": event.id})

    def _address_of(self, customer_id: str) -> str | None:
        """The verified address of a user; None if the customer is not a user of the pool."""
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


def _attribute(event: OrderEventView) -> str:
    return f"mail_{event.version}"


def _words_for(event: OrderEventView) -> tuple[str, str] | None:
    """Subject and first sentence; None for what customers are not told."""
    if event.type == "OrderCreated":
        return _PLACED
    shipped = event.type == "OrderStatusChanged" and event.order.status is OrderStatus.SHIPPED
    return _SHIPPED if shipped else None


def _email(sender: str, address: str, subject: str, sentence: str, order: OrderView) -> dict[str, object]:
    """The request of a letter: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html ."""
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
        SentMails(environment.dynamodb(), environment.table_beside_orders("events")),
    )
