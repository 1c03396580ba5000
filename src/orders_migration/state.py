"""How far a migration has come, in a small file that outlives the process."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

STATE: Final = "migration.json"
_LOCK: Final = "migration.lock"
_PRIVATE: Final = 0o600


class Stage(StrEnum):
    """What is being copied; declared in the order in which it is."""

    EVENTS = "events"
    ORDERS = "orders"
    DELETED = "deleted orders"
    CHANGES = "changes since"


class State(msgspec.Struct, forbid_unknown_fields=True):
    """A migration that has begun.

    All before `stage` is copied, and of the stage itself all up to `after`. `position` is the sequence number
    of the last event whose order is known to have arrived as it was after it.
    """

    source: str
    target: str
    position: int
    stage: Stage = Stage.EVENTS
    after: tuple[str, int] = ("", 0)


class MigrationRunning(ValueError):
    """Another process migrates the same data directory."""


class StateFile:
    """`migration.json` in the data directory; replaced as a whole, so that it is never half written."""

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir / STATE

    def read(self) -> State | None:
        """Return what an earlier run has left; None if there was none.

        Raises:
            ValueError: the file can't be read as one of ours.
        """
        try:
            document = self.path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            return msgspec.json.decode(document, type=State)
        except msgspec.MsgspecError as error:
            raise ValueError(f"{self.path} is damaged ({error}): remove it, and empty the target.") from error

    def write(self, state: State) -> None:
        """Replace the file; it is on the disk when this returns."""
        part = self.path.with_suffix(".part")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(state))
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.path)


@contextmanager
def only_one(data_dir: Path) -> Iterator[None]:
    """Hold the lock of the one migration of a data directory; the system frees it however the process ends.

    Raises:
        MigrationRunning: another process has it.
    """
    descriptor = os.open(data_dir / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _PRIVATE)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise MigrationRunning(f"Another process migrates {data_dir}: let it end.") from None
        yield
    finally:
        os.close(descriptor)
