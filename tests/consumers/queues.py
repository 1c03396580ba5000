"""The bus, the topic and the queues: at least once, in any order, and dead letters in the end."""

import itertools
import json
import re
from collections.abc import Callable
from random import Random
from typing import Any, Final

from msgspec import Struct

from orders_aws.consumers.batch import BatchResponse, QueueAttributes, QueueMessage
from tests.consumers.clock import Clock
from tests.consumers.faults import Faults
from tests.consumers.services import Killed
from tests.consumers.stream import EVENTS_TF

VISIBILITY_SECONDS: Final = 6 * 60.0
"""For which a message is hidden after its receipt, where nobody says otherwise."""

_BATCH: Final = 10

Json = dict[str, Any]
Function = Callable[[list[QueueMessage]], BatchResponse]
_numbers = itertools.count(1)


class Waiting(Struct):
    """A message in a queue, and from when on it is seen."""

    number: int
    body: str
    visible_at: float
    receives: int = 0


class Queue:
    """A standard queue and the function behind it."""

    def __init__(self, name: str, random: Random, clock: Clock, faults: Faults) -> None:
        self.name = name
        self.consume: Function = lambda _: {"batchItemFailures": []}
        self.messages: dict[str, Waiting] = {}
        self.dead: list[Waiting] = []
        self._random = random
        self._clock = clock
        self._faults = faults
        found = re.search(rf"attempts = .*\b{name} = (\d+)", EVENTS_TF)
        assert found, f"infra/modules/events/main.tf does not say how often {name} tries"
        self._attempts = int(found[1])

    def put(self, body: str) -> None:
        """Take a message; it is seen now or later, once or twice."""
        for _ in range(1 + self._faults.happens("twice")):
            late = self._random.uniform(1, 900) if self._faults.happens("delayed") else self._random.random()
            number = next(_numbers)
            self.messages[f"receipt-{number}"] = Waiting(number, body, self._clock.now + late)

    def hide(self, receipt: str, seconds: float) -> None:
        """Let a message be seen again after a while (ChangeMessageVisibility)."""
        self.messages[receipt].visible_at = self._clock.now + seconds

    def redrive(self) -> None:
        """Put the dead letters back, as docs/operations.md says to do when the cause is mended."""
        for each in self.dead:
            each.receives, each.visible_at = 0, self._clock.now
            self.messages[f"receipt-{each.number}"] = each
        self.dead = []

    def run(self) -> None:
        """Invoke the function with some of the messages that are seen."""
        receipts = [key for key, each in self.messages.items() if each.visible_at <= self._clock.now]
        batch: list[QueueMessage] = []
        for receipt in self._random.sample(receipts, min(_BATCH, len(receipts))):
            waiting = self.messages[receipt]
            if waiting.receives >= self._attempts:
                self.dead.append(self.messages.pop(receipt))
                continue
            waiting.receives += 1
            waiting.visible_at = self._clock.now + VISIBILITY_SECONDS
            attributes = QueueAttributes(str(waiting.receives))
            batch.append(QueueMessage(f"message-{waiting.number}", receipt, waiting.body, attributes))
        if batch:
            self._deal_with(batch)

    def _deal_with(self, batch: list[QueueMessage]) -> None:
        try:
            response = self.consume(batch)
        except Killed:
            return
        failures = {each["itemIdentifier"] for each in response["batchItemFailures"]}
        for message in batch:
            if message.messageId not in failures and not self._faults.happens("not_deleted"):
                self.messages.pop(message.receiptHandle, None)


class Bus:
    """EventBridge with the rules of Terraform, and the topic behind one of them."""

    def __init__(self, clock: Clock, faults: Faults, queues: dict[str, Queue]) -> None:
        self._clock = clock
        self._faults = faults
        self._queues = queues
        self.taken: list[str] = []

    def answer(self, operation: str, request: Json) -> Json:
        """PutEvents: each entry is taken or refused on its own."""
        assert operation == "PutEvents", operation
        results: list[Json] = []
        for entry in request["Entries"]:
            if self._faults.happens("entry_refused"):
                results.append({"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"})
                continue
            self._take(entry)
            results.append({"EventId": str(len(self.taken))})
        failed = sum("ErrorCode" in each for each in results)
        return {"FailedEntryCount": failed, "Entries": results}

    def _take(self, entry: Json) -> None:
        detail = json.loads(entry["Detail"])
        self.taken.append(detail["id"])
        envelope = json.dumps(
            {
                "version": "0",
                "id": f"bus-{len(self.taken)}",
                "source": entry["Source"],
                "detail-type": entry["DetailType"],
                "time": "2026-01-31T09:00:00Z",
                "account": "123456789012",
                "region": "eu-west-1",
                "resources": [],
                "detail": detail,
            }
        )
        kind = entry["DetailType"]
        if kind != "OrderUpdated":
            self._queues["fulfilment"].put(envelope)
        if kind == "OrderCreated" or (
            kind == "OrderStatusChanged" and detail["order"]["status"] == "SHIPPED"
        ):
            self._queues["notifications"].put(envelope)
        self._queues["webhooks"].put(envelope)
