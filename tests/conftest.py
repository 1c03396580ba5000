"""Fixtures that every test may ask for: the real parts, one instance a test run."""

from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.hosts import Host
from tests.hosts.deployed import deploy
from tests.hosts.embedded import start_embedded
from tests.real_parts.artefact import build_local_zip
from tests.real_parts.chromium import chromium
from tests.real_parts.dynamodb_local import start_dynamodb_local
from tests.real_parts.ministack import start_ministack
from tests.real_parts.redis import start_redis
from tests.real_parts.shared import made_once, shared

pytest_plugins = ["tests.real_parts.left_out"]

# No test depends on how fast a busy machine is.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")


@pytest.fixture(scope="session")
def dynamodb_endpoint() -> str:
    """URL of DynamoDB Local. Workers share it: give each table a name of its own."""
    return shared("dynamodb-local", start_dynamodb_local).url


@pytest.fixture(scope="session")
def ministack_endpoint() -> str:
    """URL of ministack. Workers share it: give each resource a name of its own."""
    return shared("ministack", start_ministack).url


@pytest.fixture(scope="session")
def redis_url() -> str:
    """URL of an empty Redis. Workers share it: take keys, or a database, of your own."""
    return f"redis://127.0.0.1:{shared('redis', start_redis).port}"


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """The browser's executable."""
    return chromium()


@pytest.fixture(scope="session")
def function_zip() -> Path:
    """The Lambda's zip as `make package` builds it, but for this machine and this Python."""
    return made_once("orders-api.zip", build_local_zip)


@pytest.fixture(scope="session")
def embedded_host() -> Host:
    """`orders serve` with its demo users. Workers share it: order for customers of your own."""
    return Host.load(made_once("embedded-host.json", partial(start_embedded, ["--require-api-key"])))


@pytest.fixture(scope="session")
def deployed_host(ministack_endpoint: str, function_zip: Path) -> Host:
    """The zip behind API Gateway and Cognito on ministack, with the same users. Workers share it likewise."""
    return Host.load(made_once("deployed-host.json", partial(deploy, ministack_endpoint, function_zip)))
