"""A line on the terminal that tells how far a long command has come."""

import time
from collections.abc import Callable
from typing import TextIO

from orders_cli.terminal_line import TerminalLine


class Progress:
    """How many orders are done; nothing where standard error is no terminal."""

    def __init__(self, out: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._line = TerminalLine(out, clock)
        self._clock = clock
        self._began = clock()

    def tell(self, orders: int, done: float | None = None) -> None:
        """Show how many orders are done, and which part of all (from 0 to 1) where that is known."""
        if self._line.is_due():
            self._line.show(describe(orders, self._clock() - self._began, done))

    def end(self) -> None:
        """Clear the line."""
        self._line.clear()


def describe(orders: int, seconds: float, done: float | None) -> str:
    """The line: a bar, the number of orders, the rate, and the time that is left."""
    told = f"{orders:,} orders, {orders / seconds if seconds else 0:,.0f} a second"
    if done is None:
        return told
    filled = round(20 * done)
    left = f", {seconds / done * (1 - done):,.0f} s left" if done else ""
    return f"[{'#' * filled}{'.' * (20 - filled)}] {done:4.0%}  {told}{left}"
