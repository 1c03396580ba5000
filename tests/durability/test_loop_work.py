"""What grows with the data is read beside the event loop: counted in steps of SQLite's machine."""

import asyncio
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest
from msgspec.structs import replace
from tests.api import STAFF, Recorder
from tests.durability.test_group_commit import event
from tests.orders import an_order, moment

from orders_core.application import Application
from orders_core.models import OrderStatus
from orders_core.proxy import ProxyEvent
from orders_host import sqlite_file
from orders_host.invocation import GroupCommit
from orders_host.sqlite import SqliteOrderRepository

MAX_STEPS_ON_THE_LOOP: Final = 5_000
"""About a third of a millisecond."""

_GRAIN: Final = 50


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Counter[int]:
    """Steps of SQLite's virtual machine, by thread, of all connections opened from here on."""
    counted: Counter[int] = Counter()
    real = sqlite_file.connect

    def step() -> int:
        counted[threading.get_ident()] += _GRAIN
        return 0

    def connect(*arguments: Any, **named: Any) -> sqlite3.Connection:  # noqa: ANN401
        connection = real(*arguments, **named)
        connection.set_progress_handler(step, _GRAIN)
        return connection

    monkeypatch.setattr(sqlite_file, "connect", connect)
    return counted


@pytest.fixture
def store(tmp_path: Path, steps: Counter[int]) -> Iterator[SqliteOrderRepository]:
    """A year of figures, and some orders."""
    with closing(SqliteOrderRepository(tmp_path / "orders.db")) as opened:
        opened.begin()
        for number in range(300):
            opened.create(an_order(at=moment(number)))
        opened.commit()
        opened._writer.executemany(
            "INSERT OR REPLACE INTO daily_figures VALUES (date('2026-01-01', ?), ?, ?, 1, 0, 100)",
            [
                (f"+{day} days", status, currency)
                for day in range(365)
                for status in OrderStatus
                for currency in ("EUR", "USD", "JPY")
            ],
        )
        yield opened


def asking(resource: str, **query: str) -> ProxyEvent:
    asked = event("GET", resource, caller=STAFF)
    asked["multiValueQueryStringParameters"] = {name: [value] for name, value in query.items()}
    return asked


def work_of(store: SqliteOrderRepository, steps: Counter[int], asked: ProxyEvent) -> tuple[int, int]:
    """The steps that the loop's thread did for a request, and those that others did."""

    async def run() -> None:
        commits = GroupCommit(Application(store, Recorder()), store, lambda: None)
        answer = await commits(asked)
        assert answer["statusCode"] == 200, answer

    assert store.get("x") is None  # opens this thread's connection
    steps.clear()
    asyncio.run(run())
    mine = steps[threading.get_ident()]
    return mine, steps.total() - mine


def test_a_years_figures_are_read_beside_the_loop(store: SqliteOrderRepository, steps: Counter[int]) -> None:
    asked = asking("/v1/orders/stats", **{"from": "2026-01-01", "to": "2026-12-31"})
    on_the_loop, beside = work_of(store, steps, asked)
    assert on_the_loop == 0
    assert beside > MAX_STEPS_ON_THE_LOOP


@pytest.mark.parametrize("query", [{}, {"status": "PENDING"}, {"limit": "100"}], ids=repr)
def test_a_page_is_little_work_and_read_at_once(
    store: SqliteOrderRepository, steps: Counter[int], query: dict[str, str]
) -> None:
    on_the_loop, beside = work_of(store, steps, asking("/v1/orders", **query))
    assert 0 < on_the_loop <= MAX_STEPS_ON_THE_LOOP
    assert beside == 0


def test_a_read_beside_the_loop_is_not_taken_for_one_of_a_batch_that_fails(tmp_path: Path) -> None:
    """Its observation is recorded as what it was, whatever becomes of writes at the same moment."""
    from orders_host.held_telemetry import Held, HeldTelemetry

    recorder = Recorder()
    telemetry = HeldTelemetry(recorder)
    with closing(SqliteOrderRepository(tmp_path / "orders.db")) as opened:
        application = Application(opened, telemetry)
        held: list[Held] = []
        with telemetry.holding(held):
            thread = threading.Thread(target=application, args=(asking("/v1/orders/stats"),))
            thread.start()
            thread.join()
        assert held == []
        assert [observation.status for observation in recorder.observations] == [200]


def test_replaying_since_a_time_reads_from_that_day_on(tmp_path: Path) -> None:
    from orders_host.relay.feed import Feed

    with closing(SqliteOrderRepository(tmp_path / "orders.db")) as opened:
        days = ["2026-03-01", "2026-03-02", "2026-03-04", "2026-03-03", "2026-03-05"]
        orders = [an_order(at=f"{day}T12:00:00.000Z") for day in days]  # the clock was set back once
        for order in orders:
            opened.create(replace(order, updated_at=order.created_at))
        with closing(Feed(tmp_path / "orders.db")) as feed:
            statements: list[str] = []
            feed._connection.set_trace_callback(statements.append)
            for since, expected in [
                ("2026-03-03T00:00:00.000Z", orders[2:]),
                ("2026-03-04T00:00:00.000Z", [orders[2], orders[4]]),
                ("2026-03-04T13:00:00.000Z", [orders[4]]),
                ("2026-03-06T00:00:00.000Z", []),
            ]:
                found = [entry.order_id for entry in feed.search(since, None)]
                assert found == [order.order_id for order in expected]
            outbox = [each for each in statements if "FROM outbox WHERE" in each]
            assert "sequence > 2 " in outbox[0]
