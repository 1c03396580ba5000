"""Many processes read and write the same orders at once: no read is older than an acknowledged write."""

import random
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.cache.conftest import Process
from tests.cache.memory_store import MemoryStore
from tests.cache.redis_server import RedisServer
from tests.orders import LAMPS, MUGS, a_change, an_order

from orders_core.models import Order

PROCESSES = 4


@pytest.fixture(autouse=True)
def threads_take_turns_often() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), writes_in_ten=st.integers(1, 9), orders=st.integers(1, 3))
def test_every_process_reads_what_any_has_written(
    redis_url: str, namespace: str, seed: int, writes_in_ten: int, orders: int
) -> None:
    store = MemoryStore()
    placed = [an_order() for _ in range(orders)]
    for order in placed:
        store.create(order)
    acknowledged = {order.order_id: 1 for order in placed}

    def work(number: int) -> list[str]:
        process = Process(redis_url, store, f"{namespace}-{seed}")
        dice = random.Random(seed + number)
        for _ in range(60):
            order = dice.choice(placed)
            if dice.randrange(10) < writes_in_ten:
                version = process.orders.update(a_change(order, dice.choice([MUGS, LAMPS]))).version
                acknowledged[order.order_id] = max(acknowledged[order.order_id], version)
            else:
                least = acknowledged[order.order_id]
                found = process.orders.get(order.order_id)
                assert found is not None
                assert found.version >= least
        process.client.close()
        return process.results

    with ThreadPoolExecutor(PROCESSES) as pool:
        results = [result for part in pool.map(work, range(PROCESSES)) for result in part]
    assert "bypass" not in results


def test_most_reads_are_hits(redis_url: str, namespace: str) -> None:
    store = MemoryStore()
    order = an_order()
    store.create(order)

    def read(_: int) -> list[str]:
        process = Process(redis_url, store, namespace)
        for _ in range(100):
            assert process.orders.get(order.order_id) == order
        process.client.close()
        return process.results

    with ThreadPoolExecutor(PROCESSES) as pool:
        results = [result for part in pool.map(read, range(PROCESSES)) for result in part]
    assert results.count("hit") > 90 * PROCESSES


@pytest.mark.parametrize("trouble", ["killed", "hung"])
def test_in_trouble_each_process_still_reads_what_it_has_written(
    redis: RedisServer, namespace: str, trouble: str
) -> None:
    store = MemoryStore()
    done = Event()

    def make_trouble() -> None:
        while not done.wait(0.03):
            if trouble == "killed":
                redis.kill()
                redis.start()
            else:
                redis.hang()
                done.wait(0.03)
                redis.go_on()

    def work(number: int) -> None:
        process = Process(redis.url, store, namespace, patience=0.01)
        order: Order = an_order()
        process.orders.create(order)
        for turn in range(80):
            process.now += 1000
            order = process.orders.update(a_change(order, [MUGS, LAMPS][turn % 2]))
            for _ in range(3):
                assert process.orders.get(order.order_id) == order
        process.client.close()

    troublemaker = Thread(target=make_trouble)
    troublemaker.start()
    try:
        _all(work)
    finally:
        done.set()
        troublemaker.join()


def _all(work: Callable[[int], None]) -> None:
    with ThreadPoolExecutor(PROCESSES) as pool:
        list(pool.map(work, range(PROCESSES)))
