"""Log lines for what may happen thousands of times a second: some seconds apart, with a count."""

import logging
import time
from collections.abc import Callable
from typing import Final

INTERVAL_SECONDS: Final = 10.0


class SparingLog:
    """Warnings of one kind. Those that come too soon after a line are counted by the next one."""

    def __init__(self, logger: logging.Logger, clock: Callable[[], float] = time.monotonic) -> None:
        self._logger = logger
        self._clock = clock
        self._quiet_until = 0.0
        self._kept_back = 0

    def warning(self, text: str, *values: object) -> None:
        """Write the line now, or count it."""
        now = self._clock()
        if now < self._quiet_until:
            self._kept_back += 1
            return
        self._quiet_until = now + INTERVAL_SECONDS
        kept_back, self._kept_back = self._kept_back, 0
        self._logger.warning(text + (f" ({kept_back} more before)" if kept_back else ""), *values)
