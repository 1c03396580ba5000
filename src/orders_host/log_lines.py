"""Writes lines to a stream that may not be read: in a thread, so that requests never wait for it."""

import logging
import threading
from collections import deque
from typing import Final, TextIO

MAX_WAITING: Final = 20_000
"""Lines that wait for a stream that takes none. More are dropped, and counted."""

_CLOSE_SECONDS: Final = 2.0
_GATHER_SECONDS: Final = 0.02


class LineWriter:
    """Takes texts that end in a newline and writes them in order, many at once when they come fast."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._waiting: deque[str] = deque()
        self._dropped = 0
        self._news = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def write(self, text: str) -> None:
        """Take a text; drop it if too many wait already."""
        if len(self._waiting) >= MAX_WAITING:
            self._dropped += 1
            return
        self._waiting.append(text)
        if not self._news.is_set():
            self._news.set()

    def flush(self) -> None:
        """Do nothing: what was taken is written as soon as the stream takes it."""

    def close(self) -> None:
        """Write what waits, for as long as a stream that works could need."""
        self._closing.set()
        self._news.set()
        self._thread.join(_CLOSE_SECONDS)

    def _run(self) -> None:
        while not self._closing.is_set() or self._waiting:
            self._news.wait()
            # A busy host gathers lines: a switch of threads and a write for each would cost it more than many
            # a request does.
            self._closing.wait(_GATHER_SECONDS)
            self._news.clear()
            self._write_waiting()

    def _write_waiting(self) -> None:
        texts = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if self._dropped:
            dropped, self._dropped = self._dropped, 0
            texts.append(f'{{"level": "WARNING", "message": "{dropped} log lines were dropped"}}\n')
        if not texts:
            return
        try:
            self._stream.write("".join(texts))
            self._stream.flush()
        except (OSError, ValueError):
            # The reader is gone, or the disk is full; requests go on.
            return


class LineHandler(logging.StreamHandler[LineWriter]):
    """Hands log records to a `LineWriter`, so that no caller waits for the reader of the log."""

    def close(self) -> None:
        """Write what is left."""
        self.stream.close()
        super().close()
