"""The table's stream: shards that split, each read in order by Lambda, which comes again after a failure."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final

import msgspec

from orders_aws.consumers.batch import BatchResponse
from orders_aws.consumers.table_changes import StreamBatch
from tests.consumers.clock import Clock
from tests.consumers.faults import Faults
from tests.consumers.services import Killed

EVENTS_TF: Final = (Path(__file__).parents[2] / "infra/modules/events/main.tf").read_text()

_MAX_PAUSE: Final = 60.0

Record = dict[str, Any]
Function = Callable[[StreamBatch], BatchResponse]


def setting(name: str) -> int:
    """A number of the event source mapping of the stream, as Terraform sets it."""
    found = re.search(rf"^  {name} += (-?[0-9* ]+)", EVENTS_TF, re.MULTILINE)
    assert found, f"infra/modules/events/main.tf has no {name}"
    first, *others = (int(each) for each in found[1].split("*"))
    return first * others[0] if others else first


class Shard:
    """Some of the orders' changes. One that was split is read to its end before its children are."""

    def __init__(self, parent: "Shard | None") -> None:
        self.parent = parent
        self.records: list[Record] = []
        self.position = 0
        self.failures = 0
        self.at_once = setting("batch_size")
        self.next_at = 0.0

    @property
    def is_readable(self) -> bool:
        """Whether everything before it was read."""
        return self.parent is None or (self.parent.is_read and self.parent.is_readable)

    @property
    def is_read(self) -> bool:
        """Whether its records were all dealt with."""
        return self.position == len(self.records)


class Stream:
    """The shards, and the publisher's event source mapping with its settings in Terraform."""

    def __init__(self, random: Random, clock: Clock, faults: Faults, publish: Function) -> None:
        self._random = random
        self._clock = clock
        self._faults = faults
        self._publish = publish
        first, second = Shard(None), Shard(None)
        self._shards = [first, second]
        # By the hash of an order's id: the shard that its next change goes to.
        self._leaves = [first, first, second, second]
        self._max_attempts = setting("maximum_retry_attempts")
        self._max_age = setting("maximum_record_age_in_seconds")
        self.given_up: list[Record] = []
        self.splits = 0

    def append(self, record: Record) -> None:
        """Add a change to its order's shard."""
        key = record["dynamodb"]["Keys"]["order_id"]["S"]
        self._leaves[sum(key.encode()) % len(self._leaves)].records.append(record)

    def split(self) -> None:
        """Let every shard end and be followed by others, as DynamoDB does each four hours, or under load."""
        self._leaves = [Shard(leaf) for leaf in self._leaves]
        self._shards = [each for each in self._shards if not each.is_read] + self._leaves
        self.splits += 1

    @property
    def is_read(self) -> bool:
        """Whether all of it was dealt with."""
        return all(shard.is_read for shard in self._shards)

    def run(self) -> None:
        """Invoke the publisher with a batch of each shard that has one."""
        for shard in self._shards:
            if shard.is_readable and not shard.is_read and self._clock.now >= shard.next_at:
                self._invoke(shard)

    def _invoke(self, shard: Shard) -> None:
        records = shard.records[shard.position : shard.position + shard.at_once]
        done = self._done(records)
        if done and self._faults.happens("batch_again"):
            return
        shard.position += done
        if done == len(records):
            shard.failures, shard.at_once = 0, setting("batch_size")
            return
        shard.failures = 0 if done else shard.failures + 1
        shard.next_at = self._clock.now + min(2.0**shard.failures, _MAX_PAUSE)
        age = self._clock.now - shard.records[shard.position]["dynamodb"]["ApproximateCreationDateTime"]
        if 0 <= self._max_attempts < shard.failures or age > self._max_age:
            self.given_up += shard.records[shard.position : shard.position + shard.at_once]
            shard.position = min(shard.position + shard.at_once, len(shard.records))
            shard.failures = 0

    def _done(self, records: Sequence[Record]) -> int:
        """How many from the first on were dealt with. After an error of the function it gets half as many."""
        try:
            response = self._publish(msgspec.convert({"Records": records}, StreamBatch))
        except (Exception, Killed):  # noqa: BLE001 - whatever it raises, Lambda comes again
            return 0
        failures = {each["itemIdentifier"] for each in response["batchItemFailures"]}
        numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
        return next((at for at, number in enumerate(numbers) if number in failures), len(records))
