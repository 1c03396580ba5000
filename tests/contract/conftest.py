"""Every store that orders can be kept in; a test that asks for `orders` runs against each."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.real_parts.tables import REGION, create_orders_table

from orders_aws.cache.redis_client import RedisClient
from orders_aws.cache.store import CachedOrderRepository
from orders_aws.dynamodb.client import DynamoDBClient
from orders_aws.dynamodb.store import DynamoDBStore, Tables
from orders_core.stores import Store
from orders_host.sqlite import SqliteOrderRepository


@pytest.fixture(params=["sqlite", "dynamodb", "cached"])
def orders(request: pytest.FixtureRequest) -> Store:
    """An empty store."""
    repository: Store = request.getfixturevalue(f"{request.param}_orders")
    return repository


@pytest.fixture
def sqlite_orders(tmp_path: Path) -> Iterator[SqliteOrderRepository]:
    repository = SqliteOrderRepository(tmp_path / "orders.db")
    yield repository
    repository.close()


@pytest.fixture
def dynamodb_orders(dynamodb_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[DynamoDBStore]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    client = DynamoDBClient(REGION, dynamodb_endpoint)
    yield DynamoDBStore(client, Tables.beside(create_orders_table(dynamodb_endpoint)))
    client.close()


@pytest.fixture
def cached_orders(sqlite_orders: SqliteOrderRepository, redis_url: str) -> Iterator[CachedOrderRepository]:
    cache = RedisClient(redis_url, patience=10)
    yield CachedOrderRepository(sqlite_orders, cache, f"contract-{uuid.uuid4().hex}", lambda *_: None)
    cache.close()
