"""A shop on this machine and a deployment's empty tables, between which orders move."""

from pathlib import Path

import pytest

from orders_host.options import DynamoDBStore
from tests.migration.shop import fill
from tests.real_parts.tables import REGION, create_orders_table


@pytest.fixture
def table(dynamodb_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> DynamoDBStore:
    """Empty tables of a test's own."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    return DynamoDBStore(create_orders_table(dynamodb_endpoint), REGION, dynamodb_endpoint)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A data directory with orders in every status, some of them deleted."""
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    fill(data_dir)
    return data_dir
