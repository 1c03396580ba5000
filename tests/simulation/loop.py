"""An event loop whose time is simulated and whose order of events follows from a seed."""

import asyncio
import selectors
from collections.abc import Callable
from random import Random
from typing import Any

FIRST_WALL_CLOCK = 1_769_850_000.0
"""The Unix time at which every history begins."""

MAX_TURNS = 300_000
"""Of the loop in one life of the host; a history takes some ten thousand."""


class _NoSockets(selectors.BaseSelector):
    """A selector that never finds anything; instead of waiting it moves the loop's clock on."""

    def __init__(self, loop: "SimulatedLoop") -> None:
        self._loop = loop
        self._keys: dict[Any, selectors.SelectorKey] = {}
        self._turns = 0

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:  # noqa: ANN401
        key = selectors.SelectorKey(fileobj, 0, events, data)
        self._keys[fileobj] = key
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:  # noqa: ANN401
        return self._keys.pop(fileobj)

    def get_map(self) -> dict[Any, selectors.SelectorKey]:
        return self._keys

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise Deadlock("nothing is scheduled and nothing can happen any more")
        self._turns += 1
        if self._turns > MAX_TURNS:
            raise Deadlock("the host goes round and round, and no client gets an answer")
        self._loop.now += timeout
        return []


class Deadlock(Exception):
    """Every task waits for something that no one will do."""


class SimulatedLoop(asyncio.SelectorEventLoop):
    """Runs tasks in simulated time. Work given to threads is done at a moment that the seed draws.

    `now` is in seconds and never goes back; the wall clock is `wall_clock_ahead` of it. Between the moment at
    which a thread does its work and the moment at which the loop hears of it, other tasks go on, as they do
    with real threads.
    """

    def __init__(self, random: Random) -> None:
        self.now = 0.0
        self.wall_clock_ahead = FIRST_WALL_CLOCK
        self._random = random
        self.in_thread: Callable[[Callable[..., object], tuple[object, ...]], object] = _call
        super().__init__(_NoSockets(self))

    def time(self) -> float:
        return self.now

    def wall_clock(self) -> float:
        """The Unix time that the host's clock shows."""
        return self.now + self.wall_clock_ahead

    def run_in_executor(
        self,
        executor: object,
        func: Callable[..., Any],
        *args: object,
    ) -> asyncio.Future[Any]:
        outcome: asyncio.Future[Any] = self.create_future()

        def work() -> None:
            try:
                value = self.in_thread(func, args)
            except Exception as error:  # noqa: BLE001 - it is the caller's, as with a real thread
                self.call_later(self._pause(), _settle, outcome, None, error)
            else:
                self.call_later(self._pause(), _settle, outcome, value, None)

        self.call_later(self._pause(), work)
        return outcome

    def _pause(self) -> float:
        # Mostly a fast disk, sometimes one that is busy for a quarter of a second.
        return (
            self._random.expovariate(1000) if self._random.random() < 0.97 else self._random.uniform(0, 0.25)
        )


def _call(func: Callable[..., object], args: tuple[object, ...]) -> object:
    return func(*args)


def _settle(outcome: asyncio.Future[Any], value: object, error: Exception | None) -> None:
    if outcome.done():
        return
    if error is not None:
        outcome.set_exception(error)
    else:
        outcome.set_result(value)
