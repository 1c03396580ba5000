"""Fixtures for the tests of what is deployed."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.aws.runtime_api import Function, running_function
from tests.real_parts.tables import create_orders_table


@pytest.fixture(scope="session")
def unpacked_zip(function_zip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that Lambda calls /var/task, read-only as it is there."""
    folder = tmp_path_factory.mktemp("function")
    with zipfile.ZipFile(function_zip) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture(scope="session")
def orders_table(dynamodb_endpoint: str) -> str:
    """A table of this worker's own."""
    return create_orders_table(dynamodb_endpoint)


@pytest.fixture(scope="session")
def function(
    unpacked_zip: Path, dynamodb_endpoint: str, orders_table: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Function]:
    """The function from the zip, started, on DynamoDB Local."""
    variables = {
        "DYNAMODB_TABLE": orders_table,
        "DYNAMODB_ENDPOINT_URL": dynamodb_endpoint,
        "ENVIRONMENT": "test",
    }
    with running_function(unpacked_zip, tmp_path_factory.mktemp("run"), variables) as started:
        yield started
