"""The time by which calls to AWS must have ended: a function that is stopped meanwhile answers nothing."""

import time
from collections.abc import Callable
from math import inf
from typing import Final, Protocol

RESERVE_SECONDS: Final = 0.3
"""What an invocation keeps for itself after its last call, to answer and to log."""


class LambdaContext(Protocol):
    """The second argument of a Lambda handler: https://docs.aws.amazon.com/lambda/latest/dg/python-context.html."""

    def get_remaining_time_in_millis(self) -> int:
        """The time until Lambda ends the invocation."""


class Deadline:
    """When the present invocation has to stop calling; never, where nothing began one.

    A function instance deals with one invocation at a time, so its clients and threads share one.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until = inf

    def begin(self, context: object) -> None:
        """Take the time that is left from the context of a new invocation, if it has one."""
        remaining = getattr(context, "get_remaining_time_in_millis", None)
        self._until = inf if remaining is None else self._clock() + remaining() / 1000 - RESERVE_SECONDS

    def left(self) -> float:
        """Seconds that are left; negative when they are over."""
        return self._until - self._clock()


INVOCATION: Final = Deadline()
"""The deadline of this process's present invocation."""
