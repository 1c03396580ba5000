"""What a cache does to reads by id, and what it does to them when it fails: `python -m bench.cache`.

The cache is a redis-server of its own; the store takes five milliseconds for each answer, as DynamoDB does.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from orders_aws.cache.redis_client import RedisClient
from orders_aws.cache.store import CachedOrderRepository
from orders_core.models import LineItem, Order, OrderContent, place
from orders_host.sqlite import SqliteOrderRepository

READS = 1000
STORE_SECONDS = 0.005


class SlowStore(SqliteOrderRepository):
    """A store that is as far away as DynamoDB is."""

    def get(self, order_id: str) -> Order | None:
        time.sleep(STORE_SECONDS)
        return super().get(order_id)


@click.command()
def main() -> None:
    """Print percentiles of a read by id, without a cache and with one that works, is killed or hangs."""
    items = (LineItem("SKU-1", 2, 950, "Mug"),)
    order = place("0" * 36, "ana", OrderContent(items, "EUR"), at="2026-01-31T09:30:00.123Z", by="ana")
    with tempfile.TemporaryDirectory() as folder:
        store = SlowStore(Path(folder) / "orders.db")
        store.create(order)
        click.echo("| cache | p50, ms | p99, ms | hit | miss | bypass |\n|---|---:|---:|---:|---:|---:|")
        tell("none", [timed(store.get, order.order_id) for _ in range(READS)], Counter())
        for name, fail in (("works", None), ("killed", kill), ("hangs", hang)):
            tell(name, *read_through(store, order.order_id, folder, fail))
        store.close()


def read_through(
    store: SlowStore, order_id: str, folder: str, fail: Callable[["subprocess.Popen[bytes]"], None] | None
) -> tuple[list[float], Counter[str]]:
    """Seconds of each read, and how it fared in a cache that fails before the first."""
    results: Counter[str] = Counter()
    with redis(folder) as (server, url):
        client = RedisClient(url)
        orders = CachedOrderRepository(store, client, "bench", lambda result, _: results.update([result]))
        orders.get(order_id)
        if fail is not None:
            fail(server)
        results.clear()
        took = [timed(orders.get, order_id) for _ in range(READS)]
        client.close()
    return took, results


def tell(name: str, took: list[float], results: Counter[str]) -> None:
    p50, p99 = (sorted(took)[int(len(took) * share)] * 1000 for share in (0.5, 0.99))
    counts = " | ".join(str(results[result]) for result in ("hit", "miss", "bypass"))
    click.echo(f"| {name} | {p50:.2f} | {p99:.2f} | {counts} |")


def timed(read: Callable[[str], object], order_id: str) -> float:
    started = time.perf_counter()
    read(order_id)
    return time.perf_counter() - started


def kill(server: "subprocess.Popen[bytes]") -> None:
    server.kill()
    server.wait()


def hang(server: "subprocess.Popen[bytes]") -> None:
    os.kill(server.pid, signal.SIGSTOP)


@contextmanager
def redis(folder: str) -> Iterator[tuple["subprocess.Popen[bytes]", str]]:
    program = shutil.which("redis-server")
    if program is None:
        raise click.ClickException("redis-server is missing: apt-get install redis-server")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    argv = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
    server = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
    try:
        wait_until_it_listens(port)
        yield server, f"redis://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


def wait_until_it_listens(port: int) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


if __name__ == "__main__":
    main()
