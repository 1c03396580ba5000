"""What keeps the relay from working: logged when it begins, counted, and told by the host's health."""

import logging
from collections.abc import Callable

from orders_core.stores import StoreUnavailable

_log = logging.getLogger(__name__)


class Faults:
    """The parts of the relay that fail now, and why."""

    def __init__(self, count: Callable[[], None] = lambda: None) -> None:
        """`count` is called for each failure."""
        self._count = count
        self._failing: dict[str, str] = {}

    def failed(self, part: str, error: Exception) -> None:
        """Note a failure. A part that fails again for the same reason is logged once."""
        self._count()
        reason = f"{type(error).__name__}: {error}"
        if self._failing.get(part) != reason:
            _log.error("%s fails and is tried again: %s", part, reason, exc_info=error)
        self._failing[part] = reason

    def works(self, part: str) -> None:
        """Note that a part works, or is no longer needed."""
        if self._failing.pop(part, None) is not None:
            _log.info("%s works again", part)

    def probe(self) -> None:
        """Return if nothing fails.

        Raises:
            StoreUnavailable: something does; the message says what, and why.
        """
        if self._failing:
            raise StoreUnavailable("; ".join(f"{part}: {why}" for part, why in self._failing.items()))
