"""Puts the databases of an archive into a data directory, and begins a new epoch of events."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import tarfile
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final

import msgspec

from orders_host import sqlite_file, sqlite_schema
from orders_host.backup import MANIFEST, PART_BYTES, ArchivedFile, Manifest, sync_folder
from orders_host.customers import erase_again
from orders_host.data_dir import DATABASES, ORDERS_DB, RESTORING
from orders_host.erased_customers import add_erased, read_erased

EPOCH_SHIFT: Final = 20
"""An epoch's events are numbered from its number (Unix seconds) times 2^20: each epoch's numbers are its own,
as long as fewer than a million events a second are written."""

_BESIDE: Final = ("", "-wal", "-shm", "-journal")
_MAX_MANIFEST_BYTES: Final = 1 << 20


class InvalidBackup(ValueError):
    """The archive is not one of ours, is not complete, or was changed."""


class DirectoryInUse(ValueError):
    """The data directory can't be restored to, because it is used or has files already."""


def verify(archive: Path) -> Manifest:
    """Check that an archive is complete and unchanged.

    Raises:
        InvalidBackup: it is not.
        OSError: it can't be read.
    """
    return _read(archive, None)


def restore(archive: Path, data_dir: Path, *, replace: bool = False, now: float | None = None) -> int:
    """Put an archive's databases into a data directory, and return the number of the new epoch.

    Databases that are there already are moved to a folder beside them (`replace`), or refused. If it is
    interrupted, the host refuses the directory until a restore has ended. Customers who were erased, by the
    directory's list or the archive's, are erased from what is restored.

    Raises:
        InvalidBackup: the archive is not complete or was changed; the directory's databases are as before.
        DirectoryInUse: a host or a command has a database open, or there are databases and not `replace`.
        SchemaTooNew: a later release wrote the archive.
        OSError, sqlite3.Error: a file can't be read or written.
    """
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    existing = [name for name in DATABASES if (data_dir / name).exists()]
    if existing and not replace:
        raise DirectoryInUse(
            f"{data_dir} has databases already ({', '.join(existing)}): choose an empty directory,"
            " or replace them, which moves them aside."
        )
    moment = time.time() if now is None else now
    folder = data_dir / RESTORING
    shutil.rmtree(folder, ignore_errors=True)
    # First of all: a host that starts from now on is refused.
    folder.mkdir(mode=0o700)
    try:
        for name in existing:
            _require_unused(data_dir / name)
        manifest = _read(archive, folder)
        names = [file.name for file in manifest.files]
        epoch = _begin_epoch(folder / ORDERS_DB, moment)
        add_erased(data_dir, manifest.erased)
        erased = read_erased(data_dir)
        if erased:
            erase_again(folder, erased)
    except BaseException:
        shutil.rmtree(folder)
        raise
    _swap(data_dir, folder, names, moment)
    return epoch


def _swap(data_dir: Path, folder: Path, names: list[str], now: float) -> None:
    """Replace the databases; the folder goes last, so that an interrupted swap keeps the directory closed."""
    for name in names:
        (folder / name).chmod(0o600)
        _sync(folder / name)
    _move_aside(data_dir, now)
    for name in names:
        (folder / name).replace(data_dir / name)
    sync_folder(data_dir)
    shutil.rmtree(folder)
    sync_folder(data_dir)


def _require_unused(path: Path) -> None:
    """Raise DirectoryInUse while a connection to the file is open in any process.

    SQLite leaves WAL mode only when no other connection has the file open. A damaged file is not used.
    """
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("PRAGMA journal_mode = DELETE").fetchone()
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise DirectoryInUse(
                    f"{path} is in use: stop the host and other commands, then try again."
                ) from None
        except sqlite3.DatabaseError:
            return


def _read(archive: Path, folder: Path | None) -> Manifest:
    """Read the whole archive, into a folder if there is one."""
    found: list[ArchivedFile] = []
    manifest: Manifest | None = None
    try:
        with tarfile.open(archive, mode="r:") as tar:
            for member in tar:
                content = tar.extractfile(member)
                if content is None or (member.name not in DATABASES and member.name != MANIFEST):
                    raise InvalidBackup(f"{archive} is no backup: it holds {member.name!r}.")
                if member.name == MANIFEST:
                    manifest = msgspec.json.decode(content.read(_MAX_MANIFEST_BYTES), type=Manifest)
                else:
                    found.append(_extract(member.name, content, folder))
    except (tarfile.TarError, msgspec.DecodeError, msgspec.ValidationError) as error:
        raise InvalidBackup(f"{archive} is no backup, or is damaged: {error}.") from error
    if manifest is None:
        raise InvalidBackup(f"{archive} is not complete: it has no {MANIFEST}.")
    if found != manifest.files:
        raise InvalidBackup(f"{archive} is damaged: its files are not those that {MANIFEST} names.")
    return manifest


def _extract(name: str, content: IO[bytes], folder: Path | None) -> ArchivedFile:
    digest = hashlib.sha256()
    size = 0
    path = Path(os.devnull) if folder is None else folder / name
    with path.open("wb") as output:
        while part := content.read(PART_BYTES):
            digest.update(part)
            size += len(part)
            output.write(part)
    return ArchivedFile(name, size, digest.hexdigest())


def _begin_epoch(orders_db: Path, now: float) -> int:
    """Number events from here on so that none has a number or an id of one that the backup does not have."""
    if not orders_db.exists():
        return 0
    with closing(sqlite_file.open_file(orders_db, sqlite_schema.MIGRATIONS)) as connection:
        with sqlite_file.transaction(connection):
            (before,) = connection.execute("SELECT number FROM epoch").fetchone()
            epoch = max(int(now), int(before) + 1)
            connection.execute("UPDATE epoch SET number = ?", (epoch,))
            connection.execute("DELETE FROM sqlite_sequence WHERE name = 'outbox'")
            connection.execute("INSERT INTO sqlite_sequence VALUES ('outbox', ?)", (epoch << EPOCH_SHIFT,))
        # Leaves one file, without a log beside it.
        connection.execute("PRAGMA journal_mode = DELETE")
    return epoch


def _move_aside(data_dir: Path, now: float) -> None:
    """Move databases and their logs to a folder beside them: a new file must not meet an old log."""
    files = [data_dir / f"{name}{suffix}" for name in DATABASES for suffix in _BESIDE]
    present = [path for path in files if path.exists()]
    if not present:
        return
    aside = data_dir / f"replaced-{datetime.fromtimestamp(now, UTC):%Y%m%dT%H%M%SZ}"
    aside.mkdir(mode=0o700, exist_ok=True)
    for path in present:
        path.replace(aside / path.name)


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
