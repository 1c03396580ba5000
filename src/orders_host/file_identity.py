"""Notices when a database in use was moved, replaced or removed: what is written to it would be lost."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from orders_core.stores import StoreUnavailable
from orders_host.sparing import SparingLog

_log = logging.getLogger(__name__)
_SUFFIXES: Final = ("", "-wal")


class FileIdentity:
    """The files behind an open SQLite database: the main one, and the log that commits go to first."""

    def __init__(self, path: Path) -> None:
        """Take note of the files as they are; the database is open."""
        self._paths: Sequence[Path] = [path.with_name(path.name + suffix) for suffix in _SUFFIXES]
        self._known: dict[Path, tuple[int, int]] = {}
        self._complaints = SparingLog(_log)
        self.check()

    def check(self) -> None:
        """Return if the files are still those that were opened.

        Raises:
            StoreUnavailable: one of them is not.
        """
        for path in self._paths:
            found = _identity(path)
            # SQLite makes the log at the first access; it stays as long as the database is open.
            if found is not None and path not in self._known:
                self._known[path] = found
            elif found != self._known.get(path):
                text = (
                    f"{path.name} was moved, replaced or removed under the host; put it back or start again"
                )
                self._complaints.warning("%s", text)
                raise StoreUnavailable(text)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
