"""Credentials for emulators, and a deployment's tables on DynamoDB Local."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest
from tests.real_parts.tables import REGION, create_orders_table

from orders_aws.client.calls import AwsClient, Service
from orders_aws.dynamodb.client import DynamoDBClient
from orders_aws.dynamodb.store import DynamoDBStore, Tables

Connect = Callable[[Service, str], AwsClient]


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """That only an emulator takes."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


@pytest.fixture
def tables(dynamodb_endpoint: str) -> Tables:
    """New and empty ones."""
    return Tables.beside(create_orders_table(dynamodb_endpoint))


@pytest.fixture
def connect(credentials: None) -> Iterator[Connect]:
    """Makes clients, and closes them at the end."""
    with ExitStack() as stack:
        yield lambda service, url: stack.enter_context(closing(AwsClient(service, REGION, url)))


@pytest.fixture
def dynamodb(credentials: None, dynamodb_endpoint: str) -> Iterator[DynamoDBClient]:
    with closing(DynamoDBClient(REGION, dynamodb_endpoint)) as client:
        yield client


@pytest.fixture
def store(dynamodb: DynamoDBClient, tables: Tables) -> DynamoDBStore:
    return DynamoDBStore(dynamodb, tables)
