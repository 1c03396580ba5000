"""The host on a simulated machine: its threads, its disk and its power are the simulation's."""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from orders_core.application import Application
from orders_core.stores import StoreUnavailable
from orders_host.data_dir import DATABASES, EVENTS_DB, GATEWAY_DB, ORDERS_DB
from orders_host.invocation import GroupCommit
from orders_host.relay import Relay
from orders_host.relay.worker import DeliveryAttempt
from orders_host.sqlite import SqliteOrderRepository
from tests.api import Recorder
from tests.simulation.gateway import SimulatedGateway
from tests.simulation.loop import SimulatedLoop


class PowerCut(KeyboardInterrupt):
    """The machine is off. A KeyboardInterrupt, because a loop lets no other exception of a callback pass."""


class Machine:
    """One life of the host, from a start to a power cut or a stop."""

    def __init__(self, folder: Path, loop: SimulatedLoop, random: Random, attempt: DeliveryAttempt) -> None:
        self.folder = folder
        self.loop = loop
        self._random = random
        self.telemetry = Recorder()
        self.store = SqliteOrderRepository(folder / "orders.db")
        self.relay = Relay(folder, attempt)
        application = Application(self.store, self.telemetry, clock=self._clock)
        invocation = GroupCommit(application, self.store, self.relay.feed.wake)
        self.gateway = SimulatedGateway(folder, loop, invocation, self.relay)
        self._fault_rate = 0.0
        self._cut_in_commit: Path | None = None
        loop.in_thread = self._in_thread

    async def start(self) -> None:
        await self.gateway.start()

    async def stop(self) -> None:
        await self.gateway.stop()

    def close(self) -> None:
        self.gateway.close()
        self.relay.close()
        self.store.close()

    def fail_commits(self, rate: float) -> None:
        """From now on this share of commits fails, as with a disk that reports errors."""
        self._fault_rate = rate

    def fill_disk(self, full: bool) -> None:
        """Let the file grow no more, or let it grow again."""
        pages = 1 if full else 2**30
        self.store._writer.execute(f"PRAGMA max_page_count = {pages}")

    def cut_in_next_commit(self, image: Path) -> None:
        """The next commit is torn: of what it wrote, only a part reaches the disk, and the power is gone."""
        self._cut_in_commit = image

    def cut_now(self, image: Path) -> None:
        """Leave in `image` what the disk holds, and turn the machine off.

        Raises:
            PowerCut: always.
        """
        copy_disk(self.folder, image)
        for name, connection in self._writers():
            if not _is_durable(connection):
                _tear(image / f"{name}-wal", 0, self._random)
        raise PowerCut

    def _writers(self) -> list[tuple[str, sqlite3.Connection]]:
        return [
            (ORDERS_DB, self.store._writer),
            (GATEWAY_DB, self.gateway.database._connection()),
            (EVENTS_DB, self.relay._store._connection),
        ]

    def _in_thread(self, func: Callable[..., object], args: tuple[object, ...]) -> object:
        if getattr(func, "__name__", "") != "commit":
            return func(*args)
        if self._random.random() < self._fault_rate:
            raise StoreUnavailable("SQLite: disk I/O error")
        if self._cut_in_commit is None:
            return func(*args)
        before = _size(self.folder / "orders.db-wal")
        func(*args)
        copy_disk(self.folder, self._cut_in_commit)
        _tear(self._cut_in_commit / "orders.db-wal", before, self._random)
        raise PowerCut

    def _clock(self) -> str:
        moment = datetime.fromtimestamp(self.loop.wall_clock(), UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


def copy_disk(source: Path, target: Path) -> None:
    """What is on the disk, without SQLite's shared memory, which does not outlive the machine."""
    target.mkdir()
    for file in source.iterdir():
        if file.is_file() and not file.name.endswith("-shm"):
            shutil.copyfile(file, target / file.name)


def _tear(wal: Path, synced: int, random: Random) -> None:
    """Keep what was synced; of the rest, a part in whole sectors, some of them in the wrong state."""
    content = bytearray(wal.read_bytes()) if wal.exists() else bytearray()
    if len(content) <= synced:
        return
    end = random.randint(synced, len(content))
    torn = content[:end]
    for start in range(synced, end, 512):
        if random.random() < 0.2:
            torn[start : start + 512] = bytes(len(torn[start : start + 512]))
    wal.write_bytes(torn)


def _is_durable(connection: sqlite3.Connection) -> bool:
    """Whether each commit is synced; otherwise anything since the last checkpoint may be gone."""
    (level,) = connection.execute("PRAGMA synchronous").fetchone()
    return bool(level >= 2)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def intact(folder: Path) -> bool:
    """Whether SQLite finds every page of every database in order."""
    for name in DATABASES:
        connection = sqlite3.connect(folder / name)
        try:
            if connection.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
                return False
        finally:
            connection.close()
    return True


def run(loop: SimulatedLoop, main: "asyncio.Future[None]") -> bool:
    """Run until `main` is done (True) or the power is cut (False)."""
    try:
        loop.run_until_complete(main)
    except PowerCut:
        return False
    return True
