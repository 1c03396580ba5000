"""A line on a terminal that says how far something has come, how fast it goes, and how long it takes yet."""

import time
from typing import Final

from orders_cli.terminal_line import TerminalLine

_BAR: Final = 24


class ProgressLine:
    """How far one labelled part of a command has come. The rate is that of the present label."""

    def __init__(self) -> None:
        self._line = TerminalLine()
        self._label = ""
        self._began = (0.0, 0)

    def __call__(self, label: str, done: int, total: int) -> None:
        """Tell that `done` records of `total` are done, of what the label names."""
        if not self._line.is_due(at_once=label != self._label):
            return
        now = time.monotonic()
        if label != self._label:
            self.end()
            self._label, self._began = label, (now, done)
        began_at, began_with = self._began
        rate = (done - began_with) / (now - began_at) if now > began_at else 0.0
        self._line.show(as_line(label, done, total, rate))

    def end(self) -> None:
        """Leave the line as it is, and begin another."""
        self._line.leave()
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
