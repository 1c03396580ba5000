"""From SQLite to DynamoDB: everything arrives, whatever is written meanwhile and wherever it is killed."""

import random
import shlex
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from msgspec.structs import replace

from orders_aws.consumers.table_changes import change_in
from orders_core.erasure import Actor, erase_some
from orders_host.data_dir import ORDERS_DB
from orders_host.options import DynamoDBStore
from orders_host.sqlite import SqliteOrderRepository
from orders_migration.plan import url_of
from orders_migration.state import STATE
from tests.api import ORDERS, Api
from tests.docs.markdown import blocks
from tests.events.stream_records import batch_of
from tests.gateway.test_cli import refused, run
from tests.migration.shop import MUG, Shop, everything_told, ids_in, opened_table, to_table

KILLS = 6


def assert_moved(shop: Path, table: DynamoDBStore) -> None:
    """The application answers the same, byte by byte, from either store."""
    order_ids = ids_in(shop)
    with closing(SqliteOrderRepository(shop / ORDERS_DB)) as before, opened_table(table) as after:
        assert everything_told(after, order_ids) == everything_told(before, order_ids)


def test_the_application_answers_the_same_from_the_other_store(shop: Path, table: DynamoDBStore) -> None:
    outcome = to_table(shop, table)
    assert (outcome.source_root, outcome.differing) == (outcome.target_root, [])
    assert outcome.records > len(ids_in(shop))
    assert_moved(shop, table)


def test_what_is_written_meanwhile_arrives_too(shop: Path, table: DynamoDBStore) -> None:
    with closing(SqliteOrderRepository(shop / ORDERS_DB)) as store:
        workers = Shop(store, "2026-02-01")
        steps: set[str] = set()

        def write(step: str) -> None:
            steps.add(step)
            if len(workers.placed) < 40:
                workers.work()

        outcome = to_table(shop, table, write)
    assert {"events put", "orders put", "changes: events put", "figures put"} <= steps
    assert (outcome.source_root, outcome.differing) == (outcome.target_root, [])
    assert to_table(shop, table).differing == []
    assert_moved(shop, table)


def test_a_run_that_was_killed_anywhere_is_ended_by_the_next(shop: Path, table: DynamoDBStore) -> None:
    chance = random.Random(7)
    for number in range(KILLS):
        assert killed_after(chance.randrange(1, 25), shop, table) in {-signal.SIGKILL, 0}
        with closing(SqliteOrderRepository(shop / ORDERS_DB)) as store:
            Shop(store, f"2026-02-1{number}").work()
    outcome = to_table(shop, table)
    assert (outcome.source_root, outcome.differing) == (outcome.target_root, [])
    assert_moved(shop, table)


def killed_after(steps: int, shop: Path, table: DynamoDBStore) -> int:
    """The exit code of a run that gets no further than so many steps."""
    script = (
        "import itertools, os, signal\n"
        "from pathlib import Path\n"
        "from tests.migration.shop import to_table\n"
        "from orders_host.options import DynamoDBStore\n"
        "left = itertools.count(1)\n"
        f"kill = lambda _: next(left) == {steps} and os.kill(os.getpid(), signal.SIGKILL)\n"
        f"to_table(Path({str(shop)!r}), DynamoDBStore{tuple(table)!r}, kill)\n"
    )
    root = Path(__file__).parents[2]
    return subprocess.run([sys.executable, "-c", script], cwd=root, timeout=120, check=False).returncode


def test_an_order_that_differs_is_named(shop: Path, table: DynamoDBStore) -> None:
    assert to_table(shop, table).differing == []
    with opened_table(table) as store:
        created = Api(store).create({"items": [MUG]})["order_id"]
        changed = next(each for each in ids_in(shop) if store.get(each))
        order = store.get(changed)
        assert order
        store.save(replace(order, version=order.version + 1, updated_by="somebody"), order.version)
    outcome = to_table(shop, table)
    assert outcome.source_root != outcome.target_root
    assert outcome.differing == sorted([changed, created])
    with opened_table(table) as store:
        kept = store.get(changed)
        assert kept and kept.updated_by == "somebody"
    done = run("migrate", "--to", url_of(table), "--data-dir", shop)
    assert done.returncode == 1
    assert f"order {changed} differs" in done.stdout


def test_what_was_erased_or_pruned_in_place_is_put_again(shop: Path, table: DynamoDBStore) -> None:
    assert to_table(shop, table).differing == []
    with closing(SqliteOrderRepository(shop / ORDERS_DB)) as store:
        Shop(store, "2026-02-01").place()
        assert erase_some(store, "ana", Actor("staff", "2026-02-02T00:00:00.000Z"))[0].events
        deleted = store.list_deleted("ana", 10, "")
        assert store.prune_deleted("2026-01-31T00:00:01.000Z", ("", ""), 3, lambda _: False).orders == 3
        lost = set(deleted) - set(store.list_deleted("ana", 10, ""))
    outcome = to_table(shop, table)
    assert (outcome.source_root, outcome.differing) == (outcome.target_root, [])
    assert_moved(shop, table)
    with opened_table(table) as moved:
        assert [moved.list_events(each, 10) for each in sorted(lost)] == [[], [], []]
    assert not [each for each in batch_of(table.endpoint_url, table.table).Records if change_in(each)]


def test_the_stream_publishes_what_is_written_later_and_nothing_that_was_brought(
    shop: Path, table: DynamoDBStore
) -> None:
    with closing(SqliteOrderRepository(shop / ORDERS_DB)) as store:
        Shop(store, "2026-02-01").place()
        path = f"{ORDERS}/{Api(store).create({'items': [MUG]})['order_id']}"
        to_table(shop, table)
        assert Api(store).send("PATCH", path, {"notes": "Soon"}).status == 200
        to_table(shop, table)
    records = batch_of(table.endpoint_url, table.table).Records
    assert len(records) > len(ids_in(shop)) - 1
    assert [record for record in records if change_in(record)] == []
    with opened_table(table) as moved:
        version = Api(moved).send("GET", path).json["version"]
        Api(moved).send("PATCH", path, {"notes": "At once"}).expect(200)
        assert Api(moved).send("DELETE", path).status == 204
    changes = [change_in(each) for each in batch_of(table.endpoint_url, table.table).Records[len(records) :]]
    assert [each.event.version for each in changes if each] == [version + 1, version + 2]


def test_the_command_tells_what_it_would_do_and_what_it_did(shop: Path, table: DynamoDBStore) -> None:
    to = ("migrate", "--to", url_of(table), "--data-dir", shop)
    dry = run(*to, "--dry-run")
    assert (dry.returncode, "Nothing was written" in dry.stdout) == (0, True), dry
    assert not (shop / STATE).exists()
    done = run(*to)
    assert (done.returncode, "Both sides have the same" in done.stdout) == (0, True), done


def test_each_fault_is_one_line(shop: Path, table: DynamoDBStore, tmp_path: Path) -> None:
    endpoint = f"region=eu-west-1&endpoint_url={table.endpoint_url}"
    home = ("--data-dir", shop)
    assert "write dynamodb://" in refused("migrate", "--to", "sqlite", *home)
    assert "no-such-orders can't be used" in refused(
        "migrate", "--to", f"dynamodb://no-such-orders?{endpoint}", *home
    )
    assert "orders.db" in refused("migrate", "--to", url_of(table), "--data-dir", tmp_path / "none")
    with opened_table(table) as store:
        Api(store).create({"items": [MUG]})
    assert "are not empty" in refused("migrate", "--to", url_of(table), *home)
    assert not (shop / STATE).exists()
    (shop / STATE).write_text("{")
    assert "is damaged" in refused("migrate", "--to", url_of(table), *home)


def test_the_page_about_moving_shows_commands_that_work(shop: Path, table: DynamoDBStore) -> None:
    page = Path(__file__).parents[2] / "docs" / "moving.md"
    commands = [line for block in blocks(page) for line in block.text.splitlines() if "migrate --to" in line]
    assert commands
    for command in commands:
        named = command.replace("dynamodb://orders-api-prod-orders?region=eu-west-1", url_of(table))
        done = run(*shlex.split(named.replace("--data-dir data", f"--data-dir {shop}"), comments=True)[1:])
        assert done.returncode == 0, done
