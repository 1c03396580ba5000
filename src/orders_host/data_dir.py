"""The host's data directory: its files by name, and the lock of the one host that serves from it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

ORDERS_DB: Final = "orders.db"
EVENTS_DB: Final = "events.db"
GATEWAY_DB: Final = "gateway.db"

MAIL: Final = "mail"
"""The folder of letters of a host without a mail server."""

DATABASES: Final = (EVENTS_DB, ORDERS_DB, GATEWAY_DB)
"""In the order in which a backup pins them: how far a webhook has come is never ahead of the events."""

RESTORING: Final = "restoring"
"""The folder that a restore works in. While it is there, the databases beside it can't be opened."""

LOCK: Final = "host.lock"
_PRIVATE: Final = 0o600


class DirectoryInUse(OSError):
    """Another host serves from the directory."""


@contextmanager
def exclusive(data_dir: Path) -> Iterator[None]:
    """Hold the directory's lock. The operating system frees it when the process ends, however it ends.

    Two hosts would keep each other waiting for the disk, and sign in users with two issuers.

    Raises:
        DirectoryInUse: another host has the lock.
        OSError: the directory can't be written.
    """
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(data_dir / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _PRIVATE)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 20, 0).decode(errors="replace").strip()
            raise DirectoryInUse(
                f"another host serves from it (process {holder}); stop that one, or choose another directory"
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)
