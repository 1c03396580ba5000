"""Keeps requests from waiting again and again for something that does not answer.

https://learn.microsoft.com/azure/architecture/patterns/circuit-breaker
"""

from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import Final

FAILURES: Final = 3
"""Failures in a row that open the circuit."""

FIRST_PAUSE_SECONDS: Final = 5.0
LONGEST_PAUSE_SECONDS: Final = 300.0


class CircuitBreaker:
    """Closed: everything passes. Open: nothing does, until one attempt may probe after each pause.

    Pauses double while probes fail, so that even a client with few requests has few slow ones.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._failures = 0
        self._pause = FIRST_PAUSE_SECONDS
        self._next_probe_at = 0.0

    @property
    def is_closed(self) -> bool:
        """Whether everything passes; asking does not use up a probe."""
        return self._failures < FAILURES

    def permits(self) -> bool:
        """Whether to try now; the caller then reports how it went."""
        if self._failures < FAILURES:
            return True
        with self._lock:
            now = self._clock()
            if now < self._next_probe_at:
                return False
            # Other callers wait for this probe's result.
            self._pause = min(2 * self._pause, LONGEST_PAUSE_SECONDS)
            self._next_probe_at = now + self._pause
            return True

    def succeeded(self) -> None:
        """Note that a permitted attempt succeeded; this closes the circuit."""
        if self._failures:
            with self._lock:
                self._failures, self._pause = 0, FIRST_PAUSE_SECONDS

    def failed(self) -> None:
        """Note that a permitted attempt failed; FAILURES in a row open the circuit."""
        with self._lock:
            self._failures += 1
            if self._failures == FAILURES:
                self._next_probe_at = self._clock() + self._pause
