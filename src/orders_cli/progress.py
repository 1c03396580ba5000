"""A line on the terminal that tells how far a long command has come."""

import sys
import time
from collections.abc import Callable
from typing import Final, TextIO

_EVERY_SECONDS: Final = 0.2


class Progress:
    """Rewrites one line of standard error; nothing where that is no terminal."""

    def __init__(self, out: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._out = out or sys.stderr
        self._clock = clock
        self._began = clock()
        self._shown = float("-inf")
        self._width = 0

    def tell(self, orders: int, done: float | None = None) -> None:
        """Show how many orders are done, and which part of all (from 0 to 1) where that is known."""
        now = self._clock()
        if self._out.isatty() and now - self._shown >= _EVERY_SECONDS:
            self._shown = now
            self._write(describe(orders, now - self._began, done))

    def end(self) -> None:
        """Clear the line."""
        if self._width:
            self._write("")
            self._out.write("\r")

    def _write(self, line: str) -> None:
        self._out.write(f"\r{line:<{self._width}}")
        self._out.flush()
        self._width = len(line)


def describe(orders: int, seconds: float, done: float | None) -> str:
    """The line: a bar, the number of orders, the rate, and the time that is left."""
    told = f"{orders:,} orders, {orders / seconds if seconds else 0:,.0f} a second"
    if done is None:
        return told
    filled = round(20 * done)
    left = f", {seconds / done * (1 - done):,.0f} s left" if done else ""
    return f"[{'#' * filled}{'.' * (20 - filled)}] {done:4.0%}  {told}{left}"
