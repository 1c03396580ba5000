"""What a cache in front of the store changes, and that nobody can tell by the answers."""

import json
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event, Semaphore

import msgspec
import pytest
from msgspec.structs import replace
from tests.cache.conftest import Process
from tests.cache.memory_store import MemoryStore
from tests.orders import LAMPS, a_change, a_removal, an_order

from orders_aws.cache import orders as copies
from orders_aws.cache.redis_client import RedisClient
from orders_core.models import Order, OrderStatus
from orders_core.schemas import view_of
from orders_core.stores import OrderQuery, StoreUnavailable

Write = Callable[[Process, Order], Order | None]


def update(process: Process, order: Order) -> Order:
    return process.orders.update(a_change(order, LAMPS))


def save(process: Process, order: Order) -> Order:
    changed = replace(order, version=order.version + 1, content=LAMPS)
    process.orders.save(changed, order.version)
    return changed


def delete(process: Process, order: Order) -> None:
    process.orders.delete(a_removal(order))


WRITES = [update, save, delete]


@pytest.fixture
def order(here: Process) -> Order:
    order = an_order()
    here.orders.create(order)
    return order


class TestReads:
    def test_a_hit_asks_the_store_nothing(self, here: Process, store: MemoryStore, order: Order) -> None:
        for _ in range(5):
            assert here.orders.get(order.order_id) == order
        assert store.calls == {"create": 1, "get": 1}
        assert here.results == ["miss", "hit", "hit", "hit", "hit"]

    def test_all_processes_share_the_copies(self, here: Process, elsewhere: Process, order: Order) -> None:
        here.orders.get(order.order_id)
        assert elsewhere.orders.get(order.order_id) == order
        assert elsewhere.results == ["hit"]

    def test_an_unknown_order_is_asked_for_each_time(self, here: Process, store: MemoryStore) -> None:
        assert [here.orders.get(an_order().order_id) for _ in range(2)] == [None, None]
        assert store.calls["get"] == 2

    def test_everything_else_is_the_stores_business(self, here: Process, store: MemoryStore) -> None:
        here.orders.list_orders(OrderQuery("ana"), 1)
        here.orders.list_events("some", 1)
        here.orders.daily_figures("2026-01-01", "2026-01-01")
        assert store.calls == {"list_orders": 1, "list_events": 1, "daily_figures": 1}
        assert here.lookups == []

    def test_each_lookup_is_told_with_its_time(self, here: Process, order: Order) -> None:
        here.orders.get(order.order_id)
        here.orders.get(order.order_id)
        assert all(seconds > 0 for _, seconds in here.lookups)


class TestCopies:
    def test_live_a_bounded_time(self, here: Process, namespace: str, order: Order) -> None:
        here.orders.get(order.order_id)
        (left,), _ = here.client.call(("PTTL", f"{namespace}:{order.order_id}"))
        assert isinstance(left, int)
        assert 0 < left <= 1000 * copies.TTL_SECONDS

    def test_are_smaller_than_what_the_api_answers(self, here: Process, namespace: str, order: Order) -> None:
        here.orders.get(order.order_id)
        (size,), _ = here.client.call(("STRLEN", f"{namespace}:{order.order_id}"))
        assert isinstance(size, int)
        assert size < len(msgspec.json.encode(view_of(order)))

    def test_of_another_release_are_not_read(
        self, here: Process, elsewhere: Process, order: Order, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        here.orders.get(order.order_id)
        monkeypatch.setattr(copies, "_SHAPE", b"another!")
        for _ in range(2):
            assert elsewhere.orders.get(order.order_id) == order
        assert elsewhere.results == ["miss", "hit"]

    @pytest.mark.parametrize("value", [b"", b"garbage", None])
    def test_that_are_damaged_are_not_read(
        self, here: Process, namespace: str, order: Order, value: bytes | None
    ) -> None:
        here.orders.get(order.order_id)
        key = f"{namespace}:{order.order_id}"
        (copy,), _ = here.client.call(("GET", key))
        assert isinstance(copy, bytes)
        here.client.call(("SET", key, copy[:-3] if value is None else value))
        assert here.orders.get(order.order_id) == order
        assert here.results == ["miss", "miss"]

    def test_of_tables_with_different_names_are_kept_apart(
        self, redis_url: str, here: Process, order: Order
    ) -> None:
        here.orders.get(order.order_id)
        other = Process(redis_url, MemoryStore(), "another-table")
        assert other.orders.get(order.order_id) is None
        other.client.close()


class TestWrites:
    @pytest.mark.parametrize("write", WRITES)
    def test_are_seen_by_everybody_once_acknowledged(
        self, here: Process, elsewhere: Process, order: Order, write: Write
    ) -> None:
        here.orders.get(order.order_id)
        written = write(here, order)
        assert here.orders.get(order.order_id) == written
        assert elsewhere.orders.get(order.order_id) == written

    @pytest.mark.parametrize("write", WRITES)
    def test_are_not_undone_by_a_reader_who_read_before_them(
        self, here: Process, elsewhere: Process, store: MemoryStore, order: Order, write: Write
    ) -> None:
        """The reader has read the old order from the store, and comes to the cache after the writer."""
        written: list[Order | None] = []

        def in_between(operation: str) -> None:
            if operation == "get" and not written:
                written.append(write(elsewhere, order))

        store.meanwhile = in_between
        assert here.orders.get(order.order_id) == order
        assert [here.orders.get(order.order_id), elsewhere.orders.get(order.order_id)] == written * 2

    @pytest.mark.parametrize("write", WRITES)
    def test_that_got_no_answer_may_have_been_done(
        self, here: Process, store: MemoryStore, order: Order, write: Write
    ) -> None:
        def lose_the_answer(operation: str) -> None:
            if operation != "get":
                raise StoreUnavailable("the connection broke")

        here.orders.get(order.order_id)
        store.meanwhile = lose_the_answer
        with pytest.raises(StoreUnavailable):
            write(here, order)
        assert here.orders.get(order.order_id) == store.get(order.order_id) != order

    def test_of_two_readers_at_once_one_keeps_a_copy(
        self, here: Process, elsewhere: Process, store: MemoryStore, order: Order
    ) -> None:
        def read_elsewhere(operation: str) -> None:
            store.meanwhile = lambda operation: None
            elsewhere.orders.get(order.order_id)

        store.meanwhile = read_elsewhere
        here.orders.get(order.order_id)
        assert here.orders.get(order.order_id) == order
        assert here.results == ["miss", "hit"]

    @pytest.mark.parametrize("write", WRITES)
    def test_whose_process_is_killed_before_it_removes_the_copy_leave_none(
        self,
        here: Process,
        elsewhere: Process,
        store: MemoryStore,
        order: Order,
        write: Write,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        elsewhere.orders.get(order.order_id)
        monkeypatch.setattr(copies.OrderCache, "forget", lambda cache, order_id: True)
        write(here, order)
        assert elsewhere.orders.get(order.order_id) == store.get(order.order_id) != order


class TestManyReaders:
    def test_that_miss_at_once_ask_the_store_once(
        self, redis_url: str, namespace: str, here: Process, store: MemoryStore, order: Order
    ) -> None:
        waiting, kept = Semaphore(0), Event()

        def wait(_: float) -> None:
            waiting.release()
            assert kept.wait(30)

        readers = [Process(redis_url, store, namespace, wait=wait) for _ in range(8)]
        with ThreadPoolExecutor(len(readers)) as pool:
            found: list[Future[Order | None]] = []

            def others_come(operation: str) -> None:
                store.meanwhile = lambda operation: None
                found.extend(pool.submit(each.orders.get, order.order_id) for each in readers)
                for _ in readers:
                    assert waiting.acquire(timeout=30)

            store.meanwhile = others_come
            assert here.orders.get(order.order_id) == order
            kept.set()
            assert [each.result() for each in found] == [order] * len(readers)
        assert store.calls["get"] == 1
        assert [reader.results for reader in readers] == [["hit"]] * len(readers)
        for reader in readers:
            reader.client.close()

    def test_that_wait_in_vain_ask_the_store_and_leave_the_lease_alone(
        self, redis_url: str, namespace: str, here: Process, store: MemoryStore, order: Order
    ) -> None:
        waits: list[float] = []
        other = Process(redis_url, store, namespace, wait=waits.append)

        def read_elsewhere(operation: str) -> None:
            store.meanwhile = lambda operation: None
            assert other.orders.get(order.order_id) == order

        store.meanwhile = read_elsewhere
        here.orders.get(order.order_id)
        assert len(waits) == 2
        assert here.orders.get(order.order_id) == order
        assert (other.results, here.results) == (["miss"], ["miss", "hit"])
        other.client.close()


class TestClient:
    def test_knows_databases(self, redis_url: str, namespace: str) -> None:
        first, second = RedisClient(f"{redis_url}/1", 10), RedisClient(f"{redis_url}/2", 10)
        first.call(("SET", namespace, "ñ", "PX", 10_000))
        assert first.call(("GET", namespace)).replies == ["ñ".encode()]
        assert second.call(("GET", namespace)).replies == [None]
        first.close()
        second.close()

    def test_large_values_arrive_whole(self, redis_url: str, namespace: str) -> None:
        client = RedisClient(redis_url, patience=10)
        value = json.dumps(list(OrderStatus) * 2_000).encode()
        answer = client.call(("SET", namespace, value, "PX", 10_000), ("GET", namespace), ("DEL", namespace))
        assert answer.replies == [b"OK", value, 1]
        client.close()
