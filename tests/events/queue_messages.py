"""What SQS holds behind the bus, in the form in which Lambda gets it."""

import itertools
from collections.abc import Iterable

import msgspec

from orders_aws.consumers.batch import QueueAttributes, QueueMessage
from orders_core.events import OrderEvent
from orders_core.schemas import Envelope, event_view_of

_numbers = itertools.count(1)


def message(body: str, received: int = 1) -> QueueMessage:
    number = next(_numbers)
    return QueueMessage(f"message-{number}", f"receipt-{number}", body, QueueAttributes(str(received)))


def from_bus(event: OrderEvent) -> QueueMessage:
    """As a rule's target gets it, and a topic's subscriber with raw delivery."""
    envelope = Envelope(
        version="0",
        id=f"bus-{next(_numbers)}",
        source="orders-api",
        detail_type=event.type,
        time=event.time,
        account="123456789012",
        region="eu-west-1",
        resources=[],
        detail=event_view_of(event),
    )
    return message(msgspec.json.encode(envelope).decode())


def as_lambda_event(messages: Iterable[QueueMessage]) -> object:
    return msgspec.to_builtins({"Records": list(messages)})
