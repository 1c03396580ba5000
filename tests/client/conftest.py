"""Clients of the embedded host, straight and through a proxy that fails on demand."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from orders_api_client import NewLineItem, Orders, Retries
from tests.client.flaky import FlakyProxy, flaky_proxy
from tests.hosts import ANA, PASSWORD, STAFF, Host

MUGS = [NewLineItem("A-1", 2, Decimal("9.50"), "Mug")]

AT_ONCE = Retries(attempts=4, first_wait=0)
"""Retries that do not wait, where the host does not ask for it."""


@pytest.fixture
def ana(embedded_host: Host) -> Iterator[Orders]:
    """A customer."""
    with Orders(embedded_host.origin, ANA, PASSWORD, api_key=embedded_host.api_key) as orders:
        yield orders


@pytest.fixture
def staff(embedded_host: Host) -> Iterator[Orders]:
    """A member of the group `staff`."""
    with Orders(embedded_host.origin, STAFF, PASSWORD, api_key=embedded_host.api_key) as orders:
        yield orders


@pytest.fixture
def proxy(embedded_host: Host) -> Iterator[FlakyProxy]:
    """A proxy before the host; give it faults."""
    with flaky_proxy(embedded_host.origin) as running:
        yield running


@pytest.fixture
def through_proxy(proxy: FlakyProxy, embedded_host: Host) -> Iterator[Orders]:
    """The customer behind the proxy, signed in already."""
    with Orders(proxy.url, ANA, PASSWORD, api_key=embedded_host.api_key, retries=AT_ONCE) as orders:
        next(orders.list())
        proxy.seen.clear()
        yield orders
