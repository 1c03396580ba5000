"""The client against the deployed shape: API Gateway, Cognito and the zip as Lambda, emulated."""

from urllib.parse import urlsplit

import httpx
import pytest

from orders_client import Host, Orders, OrderStatus
from orders_client.errors import NotFound, VersionMismatch
from tests import hosts
from tests.client.conftest import MUGS
from tests.hosts import ANA, PASSWORD


class NamedApi(httpx.HTTPTransport):
    """Names the API in the Host header, because the emulator's address does not."""

    def __init__(self, deployed: hosts.Host) -> None:
        super().__init__()
        self._deployed = deployed

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if urlsplit(str(request.url)).path.startswith(self._deployed.prefix):
            request.headers["Host"] = self._deployed.host_header
        return super().handle_request(request)


def test_an_order_lives_its_life(deployed_host: hosts.Host) -> None:
    where = Host(
        api_url=deployed_host.origin + deployed_host.prefix,
        cognito_url=deployed_host.cognito_url,
        client_id=deployed_host.client_id,
    )
    transport = NamedApi(deployed_host)
    with Orders(where, ANA, PASSWORD, api_key=deployed_host.api_key, transport=transport) as orders:
        placed = orders.create(MUGS, notes="Please wrap it")
        assert orders.get(placed.order_id) == placed
        assert placed.order_id in [order.order_id for order in orders.list(status=OrderStatus.PENDING)]
        changed = orders.replace(placed, notes=None)
        with pytest.raises(VersionMismatch):
            orders.cancel(placed)
        orders.delete(orders.cancel(changed))
        with pytest.raises(NotFound):
            orders.get(placed.order_id)
