"""Backup, restore and check: all databases at one moment, whatever is being written meanwhile."""

import sqlite3
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.orders import MUGS, a_change, a_removal, an_order

from orders_core.models import Order, OrderStatus
from orders_core.stores import OrderQuery
from orders_host import restore as restoring
from orders_host.backup import MANIFEST, write_backup
from orders_host.check import check
from orders_host.data_dir import DATABASES, EVENTS_DB, GATEWAY_DB, ORDERS_DB, RESTORING
from orders_host.database import Database
from orders_host.relay.feed import Feed
from orders_host.relay.store import EventStore
from orders_host.restore import DirectoryInUse, InvalidBackup, restore, verify
from orders_host.sqlite import SqliteOrderRepository
from orders_host.sqlite_file import RestoreUnfinished
from orders_webhooks.webhook import subscribe

PATIENCE_SECONDS = 60
LATER = 1_900_000_000.0


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A data directory with an order that was changed, one that was deleted, a webhook and a pool."""
    folder = tmp_path / "data"
    folder.mkdir()
    with closing(SqliteOrderRepository(folder / ORDERS_DB)) as store:
        first, second, third = an_order(), an_order("luis"), an_order()
        for order in (first, second, third):
            store.create(order)
        store.update(a_change(first, MUGS, status=OrderStatus.CONFIRMED))
        store.delete(a_removal(third))
    with closing(EventStore(folder / EVENTS_DB)) as webhooks:
        webhooks.add(subscribe("https://shop.example.com/", (), time.time()), 2)
    Database(folder / GATEWAY_DB).close()
    return folder


@pytest.fixture
def store(home: Path) -> Iterator[SqliteOrderRepository]:
    with closing(SqliteOrderRepository(home / ORDERS_DB)) as opened:
        yield opened


def orders_in(folder: Path) -> list[Order]:
    with closing(SqliteOrderRepository(folder / ORDERS_DB)) as store:
        return store.list_orders(OrderQuery(None), 100_000).orders


def test_what_was_backed_up_is_what_is_restored(home: Path, tmp_path: Path) -> None:
    before = orders_in(home)
    manifest = write_backup(home, tmp_path / "backup.tar")
    assert [file.name for file in manifest.files] == list(DATABASES)
    assert verify(tmp_path / "backup.tar") == manifest
    restore(tmp_path / "backup.tar", tmp_path / "new")
    assert orders_in(tmp_path / "new") == before
    assert check(tmp_path / "new").findings == []
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == sorted(DATABASES)


def test_only_the_owner_may_read_any_of_it(home: Path, tmp_path: Path) -> None:
    write_backup(home, tmp_path / "backup.tar")
    restore(tmp_path / "backup.tar", tmp_path / "new")
    files = [tmp_path / "backup.tar", *(tmp_path / "new").iterdir()]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


def test_it_ends_while_orders_are_written_and_holds_all_acknowledged_before(
    home: Path, store: SqliteOrderRepository, tmp_path: Path
) -> None:
    """A write between any two of its steps does not make it start again."""
    fill(store, 3_000)
    acknowledged = set(ids(store))
    steps = []

    def write_on(done: int, total: int) -> None:
        steps.append((done, total))
        store.create(an_order())

    write_backup(home, tmp_path / "backup.tar", write_on)
    assert len(steps) > 3
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)
    assert len(ids(store)) == len(acknowledged) + len(steps)
    restore(tmp_path / "backup.tar", tmp_path / "new")
    assert {order.order_id for order in orders_in(tmp_path / "new")} == acknowledged
    assert check(tmp_path / "new").findings == []


def test_it_ends_while_another_thread_never_stops_writing(home: Path, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        with closing(SqliteOrderRepository(home / ORDERS_DB)) as store:
            while not stop.is_set():
                store.create(an_order())

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(5):
            write_backup(home, tmp_path / f"{number}.tar")
            restore(tmp_path / f"{number}.tar", tmp_path / str(number))
            assert check(tmp_path / str(number)).findings == []
    finally:
        stop.set()
        writer.join(PATIENCE_SECONDS)


def fill(store: SqliteOrderRepository, number: int) -> None:
    store.begin()
    for _ in range(number):
        store.create(an_order(content=replace(MUGS, notes="x" * 900)))
    store.commit()


def ids(store: SqliteOrderRepository) -> list[str]:
    return [order.order_id for order in store.list_orders(OrderQuery(None), 100_000).orders]


def test_without_a_database_there_is_nothing_to_back_up(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="there is no database"):
        write_backup(tmp_path, tmp_path / "backup.tar")
    assert list(tmp_path.iterdir()) == []


# --- archives that are not what they were ---


def cut(content: bytes) -> bytes:
    return content[: len(content) * 2 // 3]


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize("damage", [cut, flipped, lambda _: b"", lambda _: b"no archive" * 999])
def test_a_damaged_archive_is_refused_and_changes_nothing(
    home: Path, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    archive = tmp_path / "backup.tar"
    write_backup(home, archive)
    before = orders_in(home)
    archive.write_bytes(damage(archive.read_bytes()))
    with pytest.raises(InvalidBackup):
        verify(archive)
    with pytest.raises(InvalidBackup):
        restore(archive, home, replace=True)
    with pytest.raises(InvalidBackup):
        restore(archive, tmp_path / "new")
    assert orders_in(home) == before
    assert list((tmp_path / "new").iterdir()) == []


def test_an_archive_with_other_files_is_refused(home: Path, tmp_path: Path) -> None:
    (tmp_path / "evil").write_text("x")
    with tarfile.open(tmp_path / "backup.tar", "w") as tar:
        tar.add(tmp_path / "evil", "../evil")
    with pytest.raises(InvalidBackup, match=r"'\.\./evil'"):
        restore(tmp_path / "backup.tar", home, replace=True)
    assert MANIFEST not in {path.name for path in home.iterdir()}


# --- where it is restored to ---


def test_a_directory_in_use_is_refused(home: Path, store: SqliteOrderRepository, tmp_path: Path) -> None:
    write_backup(home, tmp_path / "backup.tar")
    with pytest.raises(DirectoryInUse, match="stop the host"):
        restore(tmp_path / "backup.tar", home, replace=True)
    store.create(an_order())
    assert check(home).findings == []


def test_databases_are_moved_aside_only_when_asked(home: Path, tmp_path: Path) -> None:
    write_backup(home, tmp_path / "backup.tar")
    with closing(SqliteOrderRepository(home / ORDERS_DB)) as store:
        store.create(an_order("lost"))
    with pytest.raises(DirectoryInUse, match="or replace them"):
        restore(tmp_path / "backup.tar", home)
    restore(tmp_path / "backup.tar", home, replace=True, now=LATER)
    assert "lost" not in {order.customer_id for order in orders_in(home)}
    assert "lost" in {order.customer_id for order in orders_in(home / "replaced-20300317T174640Z")}


def test_an_old_log_never_meets_a_new_database(home: Path, tmp_path: Path) -> None:
    """A host that was killed leaves a log; with another database it would be read as its changes."""
    write_backup(home, tmp_path / "backup.tar")
    for name in DATABASES:
        (home / name).unlink()
        (home / f"{name}-wal").write_bytes(b"old")
    restore(tmp_path / "backup.tar", home, replace=True)
    assert not list(home.glob("*-wal"))
    assert check(home).findings == []


def test_a_damaged_database_can_be_replaced(home: Path, tmp_path: Path) -> None:
    write_backup(home, tmp_path / "backup.tar")
    (home / ORDERS_DB).write_bytes(b"damaged" * 1000)
    restore(tmp_path / "backup.tar", home, replace=True)
    assert check(home).findings == []


@pytest.mark.parametrize("step", ["_read", "_begin_epoch", "_move_aside", "_sync"])
def test_interrupted_it_can_be_run_again_and_nothing_starts_in_between(
    home: Path, tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "backup.tar"
    write_backup(home, archive)
    before = orders_in(home)

    def killed(*_: object) -> None:
        raise OSError("killed")

    with monkeypatch.context() as patch:
        # A killed process does not tidy up.
        patch.setattr("shutil.rmtree", lambda *_, **__: None)
        patch.setattr(restoring, step, killed)
        with pytest.raises(OSError, match="killed"):
            restore(archive, home, replace=True)
    assert (home / RESTORING).exists()
    with pytest.raises(RestoreUnfinished, match="run it again"):
        SqliteOrderRepository(home / ORDERS_DB)
    restore(archive, home, replace=True)
    assert orders_in(home) == before


# --- epochs ---


def test_no_event_has_a_number_or_an_id_of_one_that_the_backup_does_not_have(
    home: Path, tmp_path: Path
) -> None:
    """What was written after the backup is lost, but consumers may know of it."""
    archive = tmp_path / "backup.tar"
    write_backup(home, archive)
    order = orders_in(home)[0]
    known = change_and_read(home, order)
    for attempt in range(2):
        folder = tmp_path / str(attempt)
        epoch = restore(archive, folder, now=LATER + attempt)
        events = change_and_read(folder, order)
        assert [name for _, name in events] == [f"{name}:{epoch}" for _, name in known[:1]]
        assert not set(events) & set(known)
        assert all(sequence > known[-1][0] for sequence, _ in events)
        assert check(folder).findings == []
        known += events


def change_and_read(folder: Path, order: Order) -> list[tuple[int, str]]:
    """The events (number, id) of one more change."""
    with (
        closing(SqliteOrderRepository(folder / ORDERS_DB)) as store,
        closing(Feed(folder / ORDERS_DB)) as feed,
    ):
        before = feed.last
        store.update(a_change(order, replace(MUGS, notes=folder.name)))
        feed.look()
        return [(entry.sequence, entry.event_id) for entry in feed.after(before)]


def test_a_clock_that_was_set_back_begins_a_later_epoch_all_the_same(home: Path, tmp_path: Path) -> None:
    write_backup(home, tmp_path / "1.tar")
    first = restore(tmp_path / "1.tar", tmp_path / "first", now=LATER)
    write_backup(tmp_path / "first", tmp_path / "2.tar")
    assert restore(tmp_path / "2.tar", tmp_path / "second", now=1.0) > first


# --- check ---


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("UPDATE orders SET status = 'SHIPPED'", "in its document"),
        ("UPDATE orders SET total = 1", "total is 1"),
        ("UPDATE orders SET document = x'00'", "its document can't be read"),
        ("DELETE FROM orders", "it is missing"),
        ("DELETE FROM outbox WHERE version = 1", "version 1 was expected"),
        ("DELETE FROM outbox", "it has no events"),
        ("DELETE FROM outbox WHERE version = 2", "its last event says"),
        ("UPDATE outbox SET document = x'00'", "its document can't be read"),
        ("UPDATE outbox SET document = (SELECT max(document) FROM outbox)", "its document is of"),
        ("DELETE FROM tombstone", "no tombstone"),
        ("UPDATE daily_figures SET orders = orders + 1", "the figures of 2026-01-31"),
        ("DELETE FROM daily_figures", "the figures of 2026-01-31"),
    ],
)
def test_check_finds_what_does_not_agree(home: Path, damage: str, said: str) -> None:
    assert check(home).findings == []
    with closing(sqlite3.connect(home / ORDERS_DB)) as raw, raw:
        raw.execute(damage)
    assert any(said in text for _, text in check(home).findings), check(home).findings


def test_check_finds_damaged_pages(home: Path, store: SqliteOrderRepository) -> None:
    fill(store, 200)
    store.close()
    content = bytearray((home / ORDERS_DB).read_bytes())
    for page in range(10, len(content) // 4096):
        content[page * 4096 : page * 4096 + 64] = bytes(64)
    (home / ORDERS_DB).write_bytes(content)
    assert {finding.file for finding in check(home).findings} == {ORDERS_DB}


def test_check_finds_a_webhook_that_is_ahead_of_the_events(home: Path) -> None:
    with closing(sqlite3.connect(home / EVENTS_DB)) as raw, raw:
        raw.execute("UPDATE webhook SET cursor = 999")
    ((file, text),) = check(home).findings
    assert (file, "has come to event 999" in text) == (EVENTS_DB, True)


def test_check_counts_what_it_has_seen(home: Path) -> None:
    result = check(home)
    assert (result.orders, result.events) == (2, 5)
