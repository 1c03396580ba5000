"""A store behind a real Redis: one of the run's for what works, one of the test's own for what breaks."""

import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.cache.memory_store import MemoryStore
from tests.cache.redis_server import RedisServer

from orders_aws.cache.circuit_breaker import CircuitBreaker
from orders_aws.cache.redis_client import RedisClient
from orders_aws.cache.store import CachedOrderRepository
from orders_core.telemetry import CacheResult


class Process:
    """One of many that share a cache and a store, such as an instance of the function.

    It is more patient than those, since the tests share their machine; with what fails for good, less so.
    """

    def __init__(
        self,
        url: str,
        store: MemoryStore,
        namespace: str,
        patience: float = 10,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self.now = 0.0
        self.lookups: list[tuple[CacheResult, float]] = []
        self.client = RedisClient(url, patience)
        breaker = CircuitBreaker(lambda: self.now)
        self.orders = CachedOrderRepository(store, self.client, namespace, self._observe, breaker, wait)

    @property
    def results(self) -> list[str]:
        return [result for result, _ in self.lookups]

    def _observe(self, result: CacheResult, seconds: float) -> None:
        self.lookups.append((result, seconds))


@pytest.fixture
def namespace() -> str:
    return f"test-{uuid.uuid4().hex}"


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def here(redis_url: str, store: MemoryStore, namespace: str) -> Iterator[Process]:
    process = Process(redis_url, store, namespace)
    yield process
    process.client.close()


@pytest.fixture
def elsewhere(redis_url: str, store: MemoryStore, namespace: str) -> Iterator[Process]:
    process = Process(redis_url, store, namespace)
    yield process
    process.client.close()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    yield server
    server.stop()
