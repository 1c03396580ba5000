"""Partial answers to a batch: what failed comes again, what succeeded does not.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import TypedDict

from msgspec import Struct

_log = logging.getLogger(__name__)


class Failure(TypedDict):
    """The id of one message or record that must be delivered again."""

    itemIdentifier: str


class BatchResponse(TypedDict):
    """Lambda's partial batch response."""

    batchItemFailures: list[Failure]


class QueueAttributes(Struct):
    """The attributes of an SQS message that are read here."""

    ApproximateReceiveCount: str


class QueueMessage(Struct):
    """A message of SQS as Lambda hands it over."""

    messageId: str  # noqa: N815 - Lambda's names
    receiptHandle: str  # noqa: N815
    body: str
    attributes: QueueAttributes

    @property
    def receive_count(self) -> int:
        """How often it was received so far, this time included."""
        return int(self.attributes.ApproximateReceiveCount)


class QueueBatch(Struct):
    """The event with which Lambda delivers messages of SQS."""

    Records: list[QueueMessage]


def failed(identifiers: Iterable[str]) -> BatchResponse:
    """Return the response that names the messages or records to deliver again."""
    return {"batchItemFailures": [{"itemIdentifier": each} for each in identifiers]}


def each_alone(messages: Sequence[QueueMessage], work: Callable[[QueueMessage], None]) -> BatchResponse:
    """Do the work for each message; a failure of one does not end the others."""
    failures: list[str] = []
    for message in messages:
        try:
            work(message)
        except Exception:  # noqa: BLE001 - one message must not fail the others; the queue gives it up in the end
            _log.exception("message %s failed, receive %s", message.messageId, message.receive_count)
            failures.append(message.messageId)
    return failed(failures)
