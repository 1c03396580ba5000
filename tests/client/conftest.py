"""Clients of the embedded host, straight and through a proxy that fails on demand."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from orders_client import NewLineItem, Orders, Retries
from tests.client.flaky import FlakyProxy, flaky_proxy
from tests.hosts import ANA, PASSWORD, STAFF, Host

MUGS = [NewLineItem("A-1", 2, Decimal("9.50"), "Mug")]

AT_ONCE = Retries(attempts=4, first_wait=0)
"""Retries that do not wait, where the host does not ask for it."""


@pytest.fixture(scope="session")
def ana(embedded_host: Host) -> Iterator[Orders]:
    """A customer."""
    with Orders(embedded_host.origin, ANA, PASSWORD, api_key=embedded_host.api_key) as orders:
        yield orders


@pytest.fixture(scope="session")
def staff(embedded_host: Host) -> Iterator[Orders]:
    """A member of the group `staff`."""
    with Orders(embedded_host.origin, STAFF, PASSWORD, api_key=embedded_host.api_key) as orders:
        yield orders


@pytest.fixture(scope="session")
def behind_proxy(embedded_host: Host) -> Iterator[tuple[FlakyProxy, Orders]]:
    """A proxy before the host, and the customer behind it, signed in already."""
    with (
        flaky_proxy(embedded_host.origin) as proxy,
        Orders(proxy.url, ANA, PASSWORD, api_key=embedded_host.api_key, retries=AT_ONCE) as orders,
    ):
        next(orders.list())
        yield proxy, orders


@pytest.fixture
def proxy(behind_proxy: tuple[FlakyProxy, Orders]) -> FlakyProxy:
    """The proxy, without faults and with nothing seen yet."""
    behind_proxy[0].faults.clear()
    behind_proxy[0].seen.clear()
    return behind_proxy[0]


@pytest.fixture
def through_proxy(behind_proxy: tuple[FlakyProxy, Orders], proxy: FlakyProxy) -> Orders:
    """The customer behind the proxy."""
    return behind_proxy[1]
