"""The units that the bill counts are the ones that DynamoDB's own engine reports for real orders."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from tests.orders import a_change, a_removal
from tests.real_parts.tables import REGION, create_orders_table

from orders_aws.dynamodb.client import DynamoDBClient
from orders_aws.dynamodb.store import DynamoDBStore, Tables
from orders_core.models import Order, OrderContent, OrderStatus
from orders_core.schemas import view_of
from orders_core.stores import OrderQuery
from orders_tools.cost.capacity import Units, item_bytes, order_of, units_of

PAGE = 5


@pytest.fixture
def consumed(dynamodb_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator["Consumption"]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    consumption = Consumption(dynamodb_endpoint)
    yield consumption
    consumption.client.close()


class Consumption:
    """A store whose every request asks what it consumed."""

    def __init__(self, endpoint: str) -> None:
        self.client = DynamoDBClient(REGION, endpoint)
        call = self.client.call
        self._total = 0.0

        def asking(operation: str, request: Mapping[str, object]) -> dict[str, Any]:
            reply: dict[str, Any] = call(operation, {**request, "ReturnConsumedCapacity": "TOTAL"})
            self._total += reply["ConsumedCapacity"]["CapacityUnits"]
            return reply

        self.client.call = asking  # type: ignore[method-assign]
        self.store = DynamoDBStore(self.client, Tables.beside(create_orders_table(endpoint)))

    def by(self, operation: Callable[[], object]) -> float:
        self._total = 0.0
        operation()
        return self._total


@pytest.mark.parametrize("payload_kb", [0.5, 1, 2, 3, 4, 8])
def test_every_operation_consumes_what_is_billed(consumed: Consumption, payload_kb: float) -> None:
    store = consumed.store
    order = order_of(round(1024 * payload_kb))
    size = item_bytes(order)
    others = [replace(order, order_id=f"{number:036}") for number in range(1, PAGE + 1)]
    for other in others:
        store.create(other)

    def billed(operation: str) -> Units:
        return units_of(operation, size, PAGE)

    assert consumed.by(lambda: store.create(order)) == billed("create").write
    assert consumed.by(lambda: store.get(order.order_id)) == billed("get").read
    listing = consumed.by(lambda: store.list_orders(OrderQuery(order.customer_id), PAGE))
    assert listing == pytest.approx(billed("list").read, abs=0.5)
    edited = OrderContent(order.content.items, "USD")
    assert consumed.by(lambda: store.update(a_change(order, edited))) == billed("edit").write
    moved = a_change(order, edited, OrderStatus.CANCELLED)
    assert consumed.by(lambda: store.update(moved)) == pytest.approx(billed("move").write, abs=4)
    assert consumed.by(lambda: store.delete(a_removal(others[0]))) == billed("delete").write


@pytest.mark.parametrize("payload_kb", [1, 2, 4, 8, 32])
def test_an_order_is_as_long_as_it_was_asked_for(payload_kb: int) -> None:
    written = len(msgspec.json.encode(view_of(order_of(1024 * payload_kb))))
    assert written == pytest.approx(1024 * payload_kb, rel=0.15)


def test_an_item_is_about_as_large_as_its_json() -> None:
    order: Order = order_of(2048)
    assert item_bytes(order) == pytest.approx(2048, rel=0.25)
