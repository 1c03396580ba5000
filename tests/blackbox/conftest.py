"""The hosts that the black-box tests run against, and their users."""

from collections.abc import Iterator

import pytest

from tests.blackbox.client import Client
from tests.hosts import ANA, LUIS, STAFF, Host


@pytest.fixture(scope="session", params=["embedded", "deployed"])
def host(request: pytest.FixtureRequest) -> Host:
    """Each host in turn."""
    chosen: Host = request.getfixturevalue(f"{request.param}_host")
    return chosen


@pytest.fixture(scope="session")
def ana(host: Host) -> Iterator[Client]:
    """A customer."""
    yield from signed_in(host, ANA)


@pytest.fixture(scope="session")
def luis(host: Host) -> Iterator[Client]:
    """Another customer."""
    yield from signed_in(host, LUIS)


@pytest.fixture(scope="session")
def staff(host: Host) -> Iterator[Client]:
    """A member of the group `staff`."""
    yield from signed_in(host, STAFF)


@pytest.fixture(scope="session")
def nobody(host: Host) -> Iterator[Client]:
    """A client with an API key and without a token."""
    client = Client(host)
    yield client
    client.close()


def signed_in(host: Host, email: str) -> Iterator[Client]:
    client = Client(host, host.tokens(email)["id"])
    yield client
    client.close()
