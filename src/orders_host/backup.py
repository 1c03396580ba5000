"""Writes all databases of a data directory, as they are at one moment, into one archive.

The archive is a tar file: the databases, each a SQLite file that needs no other, and at its end
`manifest.json` with their sizes and SHA-256 digests. Why it is made in this way: docs/decisions/backup.md.
"""

from __future__ import annotations

import hashlib
import io
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, closing
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Final, Literal

import msgspec

from orders_core.timestamps import utc_now
from orders_host import sqlite_file
from orders_host.data_dir import DATABASES
from orders_host.erased_customers import ErasedCustomer, read_erased

MANIFEST: Final = "manifest.json"
PART_BYTES: Final = 1 << 20

_PAGES_A_STEP: Final = 1024
_STEPS_A_SYNC: Final = 8
_OWNER_ONLY: Final = 0o600

Progress = Callable[[int, int], None]
"""Called with the bytes copied so far, and all there are."""


class ArchivedFile(msgspec.Struct, frozen=True):
    """One database of an archive."""

    name: str
    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """What an archive holds; written last, so that an archive without it is not complete."""

    format: Literal[1]
    created_at: str
    release: str
    files: list[ArchivedFile]
    erased: list[ErasedCustomer] = []


def write_backup(data_dir: Path, archive: Path, progress: Progress = lambda _, __: None) -> Manifest:
    """Write an archive of a data directory, whether its host runs or not.

    All databases are pinned first, then copied: what is written meanwhile is in none of the copies.

    Raises:
        FileNotFoundError: there is no database in the directory.
        OSError, sqlite3.Error: they can't be read, or the archive can't be written.
    """
    paths = [data_dir / name for name in DATABASES if (data_dir / name).is_file()]
    if not paths:
        raise FileNotFoundError(f"there is no database in {data_dir}; `orders serve` makes them")
    with ExitStack() as stack:
        pinned = [(path.name, stack.enter_context(closing(_pin(path)))) for path in paths]
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix=".backup-", dir=archive.absolute().parent))
        )
        _copy(pinned, folder, progress)
        unnamed = folder / "archive"
        manifest = _pack(folder, [path.name for path in paths], unnamed, read_erased(data_dir))
        unnamed.replace(archive)
    sync_folder(archive.absolute().parent)
    return manifest


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _pin(path: Path) -> sqlite3.Connection:
    """Return a connection whose reads see the file as it is now, until it is closed."""
    connection = sqlite_file.connect(path)
    try:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _copy(pinned: list[tuple[str, sqlite3.Connection]], folder: Path, progress: Progress) -> None:
    sizes = [_size(connection) for _, connection in pinned]
    before = 0
    for (name, connection), size in zip(pinned, sizes, strict=True):
        _copy_file(connection, folder / name, partial(_tell, progress, before, sum(sizes)))
        before += size


def _tell(progress: Progress, before: int, total: int, copied: int) -> None:
    progress(before + copied, total)


def _size(connection: sqlite3.Connection) -> int:
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
    return int(pages) * int(page_bytes)


def _copy_file(source: sqlite3.Connection, path: Path, progress: Callable[[int], None]) -> None:
    """Copy one database in steps that never start again: the source's read transaction stays open."""
    (page_bytes,) = source.execute("PRAGMA page_size").fetchone()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    steps = 0

    def after_step(_: int, remaining: int, total: int) -> None:
        nonlocal steps
        steps += 1
        if steps % _STEPS_A_SYNC == 0:
            # Many dirty pages at the end would make the host's own commits wait for all of them.
            os.fdatasync(descriptor)
        progress((total - remaining) * page_bytes)

    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as target:
            # An interrupted copy is thrown away, so that it needs no journal.
            target.execute("PRAGMA journal_mode = OFF")
            target.execute("PRAGMA synchronous = OFF")
            source.backup(target, pages=_PAGES_A_STEP, progress=after_step, sleep=0)
    finally:
        os.close(descriptor)


def _pack(folder: Path, names: list[str], archive: Path, erased: list[ErasedCustomer]) -> Manifest:
    descriptor = os.open(archive, os.O_RDWR | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    with os.fdopen(descriptor, "wb") as output:
        with tarfile.open(fileobj=output, mode="w") as tar:
            files = [_add(tar, output, folder / name) for name in names]
            manifest = Manifest(1, utc_now(), version("orders-api"), files, erased)
            content = msgspec.json.format(msgspec.json.encode(manifest))
            tar.addfile(_member(MANIFEST, len(content)), io.BytesIO(content))
        output.flush()
        os.fsync(output.fileno())
    return manifest


def _add(tar: tarfile.TarFile, output: io.BufferedWriter, path: Path) -> ArchivedFile:
    size = path.stat().st_size
    with path.open("rb") as file:
        hashing = _Hashing(file, output)
        tar.addfile(_member(path.name, size), hashing)
    path.unlink()
    return ArchivedFile(path.name, size, hashing.digest.hexdigest())


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size = size
    member.mode = _OWNER_ONLY
    return member


class _Hashing(io.RawIOBase):
    """A file whose digest is known when it has been read. What is written of it is synced on the way."""

    def __init__(self, file: io.BufferedReader, output: io.BufferedWriter) -> None:
        self._file = file
        self._output = output
        self._unsynced = 0
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        content = self._file.read(size)
        self.digest.update(content)
        self._unsynced += len(content)
        if self._unsynced > 32 * PART_BYTES:
            self._output.flush()
            os.fdatasync(self._output.fileno())
            self._unsynced = 0
        return content
