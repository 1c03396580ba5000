"""What clients asked and what they were told, in the order in which it happened."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass
class Operation:
    """One request. `status` is None while, or if for good, the client does not know what came of it.

    `started` and `ended` are positions in one global order of events; `started_at` and `ended_at` are seconds
    of simulated time. `session` is the sign-in whose token it carried. `life` counts the starts of the host.
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
    session: str | None = None
    life: int = 0
    started_at: float = 0.0
    ended_at: float = 0.0

    @property
    def succeeded(self) -> bool:
        return self.status is not None and self.status < 300

    @property
    def refused(self) -> bool:
        return self.status is not None and 400 <= self.status < 500


class History:
    """All operations on orders and on accounts, and what subscribers of webhooks received."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []
        self.of_accounts: list[Operation] = []
        self.life_ends: list[float] = []
        """When each life of the host ended, in seconds of simulated time."""
        self.clock: Callable[[], float] = lambda: 0.0
        self.delivered: list[tuple[str, str, int]] = []
        self._moment = 0

    def start(
        self,
        client: str,
        name: str,
        order_id: str | None,
        tag: str,
        asked: Json,
        session: str | None = None,
    ) -> Operation:
        operation = self._operation(client, name, order_id, tag, asked, session)
        self.operations.append(operation)
        return operation

    def start_account(self, client: str, name: str, asked: Json, session: str | None) -> Operation:
        operation = self._operation(client, name, None, "", asked, session)
        self.of_accounts.append(operation)
        return operation

    def end(self, operation: Operation, status: int, told: Json, *, replayed: bool = False) -> None:
        operation.ended, operation.status, operation.told = self._next(), status, told
        operation.replayed, operation.ended_at = replayed, self.clock()

    def receive(self, subscriber: str, order_id: str, version: int) -> None:
        self.delivered.append((subscriber, order_id, version))

    def _operation(
        self, client: str, name: str, order_id: str | None, tag: str, asked: Json, session: str | None
    ) -> Operation:
        return Operation(
            client,
            name,
            order_id,
            tag,
            asked,
            self._next(),
            session=session,
            life=len(self.life_ends),
            started_at=self.clock(),
        )

    def _next(self) -> int:
        self._moment += 1
        return self._moment
