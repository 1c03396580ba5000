"""The customers that were erased, in a file of its own: a restored backup forgets them again by it.

It holds their ids, which lead to no person once the user pool has forgotten them too. A restore that replaces
the databases leaves it, and each backup has a copy.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

ERASED: Final = "erased-customers.jsonl"


TO_SCRUB: Final = "to-scrub"


class ToScrub:
    """The mark that the files may hold traces of what was erased from their tables; it outlives a crash."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / TO_SCRUB

    def set(self) -> None:
        """Set the mark, or renew it."""
        self._path.touch(mode=0o600)
        os.utime(self._path)

    def since(self) -> int | None:
        """When it was set last; None if it is not."""
        try:
            return self._path.stat().st_mtime_ns
        except FileNotFoundError:
            return None

    def done(self, since: int | None) -> None:
        """Remove the mark, unless it was renewed since then."""
        if self.since() == since:
            self._path.unlink(missing_ok=True)


class ErasedCustomer(msgspec.Struct, frozen=True):
    """A customer, and when erasing began: RFC 3339 UTC with milliseconds."""

    customer_id: str
    at: str


def read_erased(data_dir: Path) -> list[ErasedCustomer]:
    """Read the list, the first erased first. A line that a power loss cut short is passed over."""
    try:
        content = (data_dir / ERASED).read_bytes()
    except FileNotFoundError:
        return []
    return [
        msgspec.json.decode(line, type=ErasedCustomer)
        for line in content.splitlines(keepends=True)
        if line.endswith(b"}\n")
    ]


def add_erased(data_dir: Path, customers: Iterable[ErasedCustomer]) -> None:
    """Add customers who are not in the list yet, and return when that is on the disk."""
    known = {each.customer_id for each in read_erased(data_dir)}
    lines = [msgspec.json.encode(each) + b"\n" for each in customers if each.customer_id not in known]
    if not lines:
        return
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    with os.fdopen(os.open(data_dir / ERASED, flags, 0o600), "ab") as file:
        # Begins a line of its own after one that was cut short.
        file.write(b"".join([b"\n" if file.tell() else b"", *lines]))
        file.flush()
        os.fsync(file.fileno())
