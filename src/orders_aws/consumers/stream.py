"""The publisher: changes of the orders table become history, figures and events on the bus, in their order.

stream ──record──▶ change ──▶ history + figures (one transaction) ──▶ bus
             └ unpublishable ──▶ queue of the unpublished
"""

import logging
import os
from functools import cache
from typing import Final

import msgspec

from orders_aws.client.calls import DYNAMODB, EVENTBRIDGE, SQS, AwsClient, Refused, Unavailable
from orders_aws.client.deadline import INVOCATION
from orders_aws.consumers import environment
from orders_aws.consumers.batch import BatchResponse, failed
from orders_aws.consumers.bus import Bus
from orders_aws.consumers.history import History, transactions
from orders_aws.consumers.table_changes import Change, StreamBatch, StreamRecord, Unpublishable, change_in
from orders_aws.limits import MAX_MESSAGE_BYTES

_MAX_RECORD_BYTES: Final = MAX_MESSAGE_BYTES * 3 // 4

_log = logging.getLogger(__name__)


def handler(event: object, context: object) -> BatchResponse:
    """Lambda's entry point, for a batch of the stream."""
    INVOCATION.begin(context)
    return _publisher().publish(msgspec.convert(event, StreamBatch))


class Publisher:
    """Publishes batch after batch; what can't be goes to `aside`, for a person to look at.

    `epoch` is 0 until the table is restored.
    """

    def __init__(self, history: History, bus: Bus, aside: "QuarantineQueue", epoch: int = 0) -> None:
        self._history = history
        self._bus = bus
        self._aside = aside
        self._epoch = epoch

    def publish(self, batch: StreamBatch) -> BatchResponse:
        """Everything from the first failure on is reported as failed, so that it comes again in its order."""
        changes = [change for record in batch.Records if (change := self._read(record)) is not None]
        recorded = self._record(changes)
        published = self._bus.put(changes[:recorded])
        if published < len(changes):
            _log.error("%s of %s changes published; the others come again", published, len(changes))
        return failed(change.sequence_number for change in changes[published:])

    def _read(self, record: StreamRecord) -> Change | None:
        try:
            return change_in(record, self._epoch)
        except Unpublishable as error:
            _log.exception("record %s can't be published and is set aside", record.eventID)
            self._aside.put(record, str(error))
            return None

    def _record(self, changes: list[Change]) -> int:
        """How many from the first on are recorded."""
        recorded = 0
        for together in transactions(changes):
            try:
                self._history.record(together)
            except (Refused, Unavailable):
                _log.exception("changes from %s on can't be recorded", together[0].event.id)
                break
            recorded += len(together)
        return recorded


class QuarantineQueue:
    """The queue of what could not be published."""

    def __init__(self, client: AwsClient, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def put(self, record: StreamRecord, error: str) -> None:
        """Raises Refused or Unavailable: then the whole batch comes again."""
        body = msgspec.json.encode({"error": error, "record": record})
        if len(body) > _MAX_RECORD_BYTES:
            keys = {"eventID": record.eventID, "Keys": record.dynamodb.Keys}
            body = msgspec.json.encode({"error": error, "record": keys})
        self._client.call("SendMessage", {"QueueUrl": self._queue_url, "MessageBody": body.decode()})


@cache
def _publisher() -> Publisher:
    # With the first batch and not at import: tests import this without a deployment around it.
    table = environment.table_beside_orders
    return Publisher(
        History(environment.client_of(DYNAMODB), table("events"), table("stats")),
        Bus(environment.client_of(EVENTBRIDGE), environment.required("EVENT_BUS")),
        QuarantineQueue(environment.client_of(SQS), environment.required("UNPUBLISHED_QUEUE_URL")),
        int(os.environ.get("EVENT_EPOCH", "0")),
    )
