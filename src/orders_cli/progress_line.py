"""A line on a terminal that says how far something has come, how fast it goes, and how long it takes yet."""

import sys
import time
from typing import Final, TextIO

_REDRAW_SECONDS: Final = 0.2
_BAR: Final = 24


class ProgressLine:
    """Draws on a terminal, and nothing elsewhere. The rate is that of the present label."""

    def __init__(self, stream: TextIO = sys.stderr) -> None:
        self._stream = stream
        self._draws = stream.isatty()
        self._label = ""
        self._began = (0.0, 0)
        self._drawn_at = 0.0

    def __call__(self, label: str, done: int, total: int) -> None:
        """Tell that `done` records of `total` are done, of what the label names."""
        now = time.monotonic()
        if not self._draws or (label == self._label and now - self._drawn_at < _REDRAW_SECONDS):
            return
        if label != self._label:
            self.end()
            self._label, self._began = label, (now, done)
        self._drawn_at = now
        began_at, began_with = self._began
        rate = (done - began_with) / (now - began_at) if now > began_at else 0.0
        self._stream.write(f"\r\033[K{as_line(label, done, total, rate)}")
        self._stream.flush()

    def end(self) -> None:
        """Leave the line as it is, and begin another."""
        if self._label and self._draws:
            self._stream.write("\n")
            self._stream.flush()
        self._label = ""


def as_line(label: str, done: int, total: int, rate: float) -> str:
    """The line; `rate` is in records a second."""
    share = min(done / total, 1.0) if total > 0 else 1.0
    bar = "#" * int(share * _BAR)
    rest = f", {_minutes((total - done) / rate)} left" if rate > 0 and done < total else ""
    return f"{label:15} [{bar:{_BAR}}] {done:,} of {max(total, done):,}, {rate:,.0f}/s{rest}"


def _minutes(seconds: float) -> str:
    minutes, seconds = divmod(int(seconds + 0.5), 60)
    return f"{minutes}:{seconds:02}"
