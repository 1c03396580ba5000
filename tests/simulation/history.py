"""What clients asked and what they were told, in the order in which it happened."""

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass
class Operation:
    """One request. `status` is None while, or if for good, the client does not know what came of it.

    `started` and `ended` are positions in one global order of events, not times.
    """

    client: str
    name: str
    order_id: str | None
    tag: str
    asked: Json
    started: int
    ended: int | None = None
    status: int | None = None
    told: Json = field(default_factory=dict)
    replayed: bool = False

    @property
    def succeeded(self) -> bool:
        return self.status is not None and self.status < 300

    @property
    def refused(self) -> bool:
        return self.status is not None and 400 <= self.status < 500


class History:
    """All operations, and what subscribers of webhooks received."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []
        self.delivered: list[tuple[str, str, int]] = []
        self._moment = 0

    def start(self, client: str, name: str, order_id: str | None, tag: str, asked: Json) -> Operation:
        operation = Operation(client, name, order_id, tag, asked, self._next())
        self.operations.append(operation)
        return operation

    def end(self, operation: Operation, status: int, told: Json, *, replayed: bool = False) -> None:
        operation.ended, operation.status, operation.told = self._next(), status, told
        operation.replayed = replayed

    def receive(self, subscriber: str, order_id: str, version: int) -> None:
        self.delivered.append((subscriber, order_id, version))

    def _next(self) -> int:
        self._moment += 1
        return self._moment
