"""The time of a run: it passes when somebody sleeps or waits, and never by itself."""

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar
from unittest import mock

P = ParamSpec("P")
T = TypeVar("T")


class Clock:
    """Unix time, in seconds."""

    def __init__(self) -> None:
        self.now = 1_769_850_000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


@contextmanager
def stopped(clock: Clock, seed: int) -> Iterator[None]:
    """Let time and randomness of this process follow from the clock and the seed, and threads take turns."""
    random.seed(seed)
    with (
        mock.patch.object(time, "time", clock),
        mock.patch.object(time, "monotonic", clock),
        mock.patch.object(time, "sleep", clock.sleep),
        mock.patch.object(asyncio, "to_thread", _here),
    ):
        yield


async def _here(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    return work(*args, **kwargs)
