"""The process may be killed, or lose its disk, at any moment: what was acknowledged is there afterwards."""

import os
import resource
import signal
import sqlite3
from pathlib import Path

import pytest
from tests.durability.load import under_load
from tests.hosts.own import MUGS, UNLIMITED, OwnHost, add_user, own_host
from tests.real_parts.process import stop

from orders_host.sqlite import SqliteOrderRepository

ROUNDS = 5
ANA = "ana@example.com"


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A data directory with one customer."""
    add_user(tmp_path / "data", ANA)
    return tmp_path / "data"


def kept(data_dir: Path, acknowledged: dict[str, dict[str, object]]) -> None:
    """Raise AssertionError unless the file is sound and has every order, as new as its client knows it."""
    connection = sqlite3.connect(data_dir / "orders.db")
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    finally:
        connection.close()
    store = SqliteOrderRepository(data_dir / "orders.db")
    try:
        for order_id, known in acknowledged.items():
            order = store.get(order_id)
            assert order is not None, f"order {order_id} was acknowledged and is lost"
            assert order.version >= int(str(known["version"]))
            events = store.list_events(order_id, 1_000)
            assert [event.version for event in events] == list(range(1, order.version + 1))
    finally:
        store.close()


def test_no_acknowledged_order_is_lost_when_the_process_is_killed(data_dir: Path) -> None:
    acknowledged: dict[str, dict[str, object]] = {}
    for _ in range(ROUNDS):
        with own_host(data_dir, *UNLIMITED) as host, under_load(host.url, host.token(ANA)) as load:
            load.wait_for(200)
            os.kill(host.server.pid, signal.SIGKILL)
        acknowledged |= load.acknowledged
        kept(data_dir, acknowledged)
    assert len(acknowledged) >= ROUNDS * 200


def test_what_was_in_flight_is_answered_before_the_process_stops(data_dir: Path) -> None:
    with own_host(data_dir, *UNLIMITED) as host, under_load(host.url, host.token(ANA)) as load:
        load.wait_for(100)
        stop(host.server)
    kept(data_dir, load.acknowledged)
    # Every order that was stored was answered for: nothing happened behind a client's back.
    store = SqliteOrderRepository(data_dir / "orders.db")
    connection = sqlite3.connect(data_dir / "orders.db")
    (orders,) = connection.execute("SELECT count(*) FROM orders").fetchone()
    connection.close()
    store.close()
    assert orders == len(load.acknowledged)
    assert load.refused == []


def test_a_full_disk_refuses_writes_and_loses_nothing(data_dir: Path) -> None:
    with own_host(data_dir, *UNLIMITED) as host, host.client(ANA) as client:
        placed = [client.post("/v1/orders", json=MUGS) for _ in range(20)]
        acknowledged = {answer.json()["order_id"]: answer.json() for answer in placed}
        _limit_files(host, (data_dir / "orders.db-wal").stat().st_size)
        refused = client.post("/v1/orders", json=MUGS)
        assert (refused.status_code, refused.headers["content-type"]) == (503, "application/problem+json")
        assert refused.headers["retry-after"] == "1"
        assert refused.headers["access-control-allow-origin"] == "*"
        assert client.get(f"/v1/orders/{next(iter(acknowledged))}").status_code == 200
        assert client.get("/healthz").status_code == 200
        _limit_files(host, resource.RLIM_INFINITY)
        again = client.post("/v1/orders", json=MUGS)
        assert again.status_code == 201
        acknowledged[again.json()["order_id"]] = again.json()
        os.kill(host.server.pid, signal.SIGKILL)
    kept(data_dir, acknowledged)


def _limit_files(host: OwnHost, size: int) -> None:
    """No file of the host may grow beyond this size in bytes: what a full disk looks like to it."""
    resource.prlimit(host.server.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
