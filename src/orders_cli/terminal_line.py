"""One line of a terminal that tells how far a long command has come, written anew again and again."""

import sys
import time
from collections.abc import Callable
from typing import Final, TextIO

_EVERY_SECONDS: Final = 0.2


class TerminalLine:
    """Writes over what it wrote before; nothing where the stream is no terminal."""

    def __init__(self, out: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._out = out or sys.stderr
        self._clock = clock
        self._shown = float("-inf")
        self._width = 0

    def is_due(self, *, at_once: bool = False) -> bool:
        """Whether to show something: not too often, except where it can't wait."""
        waited = self._clock() - self._shown
        return self._out.isatty() and (at_once or waited >= _EVERY_SECONDS)

    def show(self, text: str) -> None:
        """Write the text over the one before."""
        self._shown = self._clock()
        self._out.write(f"\r{text:<{self._width}}")
        self._out.flush()
        self._width = len(text)

    def clear(self) -> None:
        """Leave an empty line, if anything was shown."""
        if self._width:
            self.show("")
            self._out.write("\r")

    def leave(self) -> None:
        """Leave the line as it is, if anything was shown, and begin another."""
        if self._width:
            self._out.write("\n")
            self._out.flush()
            self._width = 0
