"""A cache that is killed, hung, slow, full, closed or out of date is never an error, and never lies."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.cache.conftest import Process
from tests.cache.memory_store import MemoryStore
from tests.cache.redis_server import RedisServer
from tests.orders import LAMPS, a_change, an_order

from orders_aws.cache import orders as copies
from orders_aws.cache.circuit_breaker import FAILURES, FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS
from orders_aws.cache.redis_client import Argument, CommandReplies
from orders_core.models import Order, OrderStatus

PATIENCE = 0.2
SERVES_AGAIN = LONGEST_PAUSE_SECONDS + 1


@pytest.fixture
def here(redis: RedisServer, store: MemoryStore, namespace: str) -> Iterator[Process]:
    process = Process(redis.url, store, namespace, PATIENCE)
    yield process
    process.client.close()


@pytest.fixture
def elsewhere(redis: RedisServer, store: MemoryStore, namespace: str) -> Iterator[Process]:
    process = Process(redis.url, store, namespace, PATIENCE)
    yield process
    process.client.close()


@pytest.fixture
def order(here: Process) -> Order:
    """It is in the cache."""
    order = an_order()
    here.orders.create(order)
    here.orders.get(order.order_id)
    assert here.orders.get(order.order_id) == order
    here.lookups.clear()
    return order


FAILS: dict[str, Callable[[RedisServer], object]] = {
    "killed": RedisServer.kill,
    "hung": RedisServer.hang,
    "slow": lambda redis: redis.ask("CLIENT", "PAUSE", 60_000, "ALL"),
    "closed": lambda redis: redis.ask("CONFIG", "SET", "requirepass", "secret"),
    "loses its connections": lambda redis: redis.ask("CONFIG", "SET", "maxclients", 1),
}


@pytest.fixture(params=FAILS)
def fails(request: pytest.FixtureRequest) -> Callable[[RedisServer], object]:
    return FAILS[request.param]


def read_and_write(process: Process, order: Order, times: int) -> Order:
    """Each read shows the write before it."""
    for content in itertools.islice(itertools.cycle([LAMPS, order.content]), times):
        order = process.orders.update(a_change(order, content))
        assert process.orders.get(order.order_id) == order
    return order


class TestAnyFailure:
    def test_is_no_error_and_hides_no_write(
        self, redis: RedisServer, here: Process, order: Order, fails: Callable[[RedisServer], object]
    ) -> None:
        fails(redis)
        fresh = an_order()
        here.orders.create(fresh)
        assert here.orders.get(fresh.order_id) == fresh
        read_and_write(here, order, 6)

    def test_costs_few_reads_any_time(
        self,
        redis: RedisServer,
        here: Process,
        store: MemoryStore,
        order: Order,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Of 2,000 reads at two a second less than one in a hundred waits for a cache that hangs."""
        tries: list[float] = []
        call = here.client.call

        def counted(*commands: tuple[Argument, ...]) -> CommandReplies:
            tries.append(here.now)
            return call(*commands)

        monkeypatch.setattr(here.client, "call", counted)
        redis.hang()
        for here.now in (number / 2 for number in range(2000)):
            assert here.orders.get(order.order_id) == order
        assert len(tries) < 20
        assert tries[:FAILURES] == [0.0, 0.5, 1.0]
        pauses = [later - earlier for earlier, later in itertools.pairwise(tries[FAILURES - 1 :])]
        assert pauses == sorted(pauses)
        assert pauses[0] >= FIRST_PAUSE_SECONDS
        assert here.results == ["bypass"] * 2000
        assert store.calls["get"] == 2001


class TestKilled:
    def test_is_used_again_once_it_is_back(self, redis: RedisServer, here: Process, order: Order) -> None:
        redis.kill()
        for _ in range(2 * FAILURES):
            here.orders.get(order.order_id)
        redis.start()
        here.now = SERVES_AGAIN
        assert [here.orders.get(order.order_id) for _ in range(3)] == [order] * 3
        assert here.results == ["bypass"] * 2 * FAILURES + ["miss", "hit", "hit"]

    def test_a_write_that_reaches_it_ends_the_pause(
        self, redis: RedisServer, here: Process, order: Order
    ) -> None:
        redis.kill()
        for _ in range(FAILURES):
            here.orders.get(order.order_id)
        redis.start()
        written = here.orders.update(a_change(order, LAMPS))
        assert here.orders.get(order.order_id) == written
        assert here.results[-1] == "miss"

    def test_between_two_requests_nobody_notices(
        self, redis: RedisServer, here: Process, order: Order
    ) -> None:
        redis.kill()
        redis.start()
        assert here.orders.get(order.order_id) == order
        assert here.results == ["miss"]


class TestHung:
    def test_what_could_not_be_forgotten_is_not_read_when_it_goes_on(
        self, redis: RedisServer, here: Process, order: Order
    ) -> None:
        redis.hang()
        written = here.orders.update(a_change(order, LAMPS))
        redis.go_on()
        here.now = SERVES_AGAIN
        assert [here.orders.get(order.order_id) for _ in range(2)] == [written] * 2
        assert here.results == ["miss", "hit"]


class TestRefusesToForget:
    """A replica that is taken for the primary answers reads, and refuses every write."""

    def test_no_copy_is_read_until_it_does(
        self, redis: RedisServer, here: Process, elsewhere: Process, order: Order
    ) -> None:
        redis.ask("REPLICAOF", "127.0.0.1", "1")
        assert here.orders.get(order.order_id) == order
        written = here.orders.update(a_change(order, LAMPS))
        assert here.orders.get(order.order_id) == written
        assert here.results == ["hit", "bypass"]
        redis.ask("REPLICAOF", "NO", "ONE")
        assert here.orders.get(order.order_id) == written
        assert elsewhere.orders.get(order.order_id) == written

    def test_a_copy_that_has_expired_need_not_be_forgotten(
        self, redis: RedisServer, here: Process, order: Order, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        redis.ask("REPLICAOF", "127.0.0.1", "1")
        monkeypatch.setattr(copies, "LEASE_SECONDS", -copies.TTL_SECONDS)
        here.orders.update(a_change(order, LAMPS))
        assert here.orders.get(order.order_id) is not None
        assert here.results == ["hit"]

    def test_many_are_forgotten_step_by_step(self, redis: RedisServer, here: Process, order: Order) -> None:
        others = [an_order() for _ in range(450)]
        for other in others:
            here.orders.create(other)
        redis.ask("REPLICAOF", "127.0.0.1", "1")
        for other in others:
            here.orders.update(a_change(other, LAMPS))
        redis.ask("REPLICAOF", "NO", "ONE")
        for _ in range(3):
            assert here.orders.get(order.order_id) == order
        assert here.results == ["bypass", "bypass", "hit"]


class TestFull:
    @pytest.fixture
    def full(self, redis: RedisServer, here: Process, order: Order) -> Order:
        redis.ask("CONFIG", "SET", "maxmemory-policy", "noeviction")
        redis.ask("CONFIG", "SET", "maxmemory", 1)
        return order

    def test_tells_what_it_has(self, here: Process, full: Order) -> None:
        for _ in range(2 * FAILURES):
            assert here.orders.get(full.order_id) == full
        assert here.results == ["hit"] * 2 * FAILURES

    def test_takes_nothing_new(self, here: Process, full: Order) -> None:
        other = an_order()
        here.orders.create(other)
        for _ in range(2 * FAILURES):
            assert here.orders.get(other.order_id) == other
        assert here.results == ["miss"] * 2 * FAILURES

    def test_forgets(self, here: Process, elsewhere: Process, full: Order) -> None:
        written = here.orders.update(a_change(full, LAMPS))
        assert elsewhere.orders.get(full.order_id) == written

    def test_evicts_if_it_may(self, redis: RedisServer, here: Process, full: Order) -> None:
        redis.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        assert here.orders.get(full.order_id) == full
        read_and_write(here, full, 4)


class TestRestartedWithStaleData:
    def test_what_an_earlier_run_was_told_is_no_copy(
        self, redis: RedisServer, here: Process, elsewhere: Process, order: Order
    ) -> None:
        """It comes back from its last dump, with the order as it was before a write that it has missed."""
        redis.ask("SAVE")
        redis.kill()
        written = here.orders.update(a_change(order, status=OrderStatus.CONFIRMED))
        redis.start()
        stale = redis.ask("EXISTS", *_keys(redis))
        assert stale == 1
        for process in (elsewhere, here):
            process.now = SERVES_AGAIN
            assert process.orders.get(order.order_id) == written
        assert elsewhere.results == ["miss"]

    def test_a_lease_of_an_earlier_run_is_none(
        self, redis: RedisServer, here: Process, elsewhere: Process, store: MemoryStore
    ) -> None:
        order = an_order()
        here.orders.create(order)

        def meanwhile(operation: str) -> None:
            """The reader has its lease, which is in the dump; the write after the dump is not."""
            store.meanwhile = lambda operation: None
            redis.ask("SAVE")
            elsewhere.orders.update(a_change(order, LAMPS))
            redis.kill()
            redis.start()

        store.meanwhile = meanwhile
        assert here.orders.get(order.order_id) == order
        written = store.get(order.order_id)
        for process in (elsewhere, here):
            assert process.orders.get(order.order_id) == written != order


def _keys(redis: RedisServer) -> list[str]:
    client_reply = redis.ask("EVAL", "return table.concat(redis.call('KEYS', '*'), ' ')", 0)
    assert isinstance(client_reply, bytes)
    return client_reply.decode().split()


@pytest.mark.parametrize(
    "url", ["redis://127.0.0.1:1", "redis://no-such-host.invalid", "rediss://127.0.0.1:1"]
)
def test_a_cache_that_was_never_there_is_no_error(url: str, store: MemoryStore, tmp_path: Path) -> None:
    process = Process(url, store, "test", PATIENCE)
    order = an_order()
    process.orders.create(order)
    read_and_write(process, order, 2)
