"""When a delivery is tried again: soon at first, then over hours."""

import random
from typing import Final

DELAYS_SECONDS: Final = (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800)
"""From one failure to the next attempt; after the last, some 16 hours on, the delivery is given up."""

JITTER: Final = 0.2
MAX_RETRY_AFTER_SECONDS: Final = 12 * 3600.0

PATIENCE_FAILURES: Final = 3
PAUSE_SECONDS: Final = 2.0
MAX_PAUSE_SECONDS: Final = 300.0


def delay(attempts: int, retry_after: float | None = None) -> float | None:
    """Seconds until the next attempt after `attempts` failed ones; None after the last.

    The endpoint may ask for a longer wait (`retry_after`), up to half a day.
    """
    if attempts > len(DELAYS_SECONDS):
        return None
    planned = DELAYS_SECONDS[attempts - 1] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311
    return max(planned, min(retry_after or 0.0, MAX_RETRY_AFTER_SECONDS))


def pause(failures: int) -> float:
    """Seconds for which an endpoint that failed so often in a row is left alone, whatever there is for it."""
    if failures < PATIENCE_FAILURES:
        return 0.0
    return min(PAUSE_SECONDS * 2.0 ** min(failures - PATIENCE_FAILURES, 16), MAX_PAUSE_SECONDS)
