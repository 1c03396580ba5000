"""The units that the bill counts are the ones that DynamoDB's own engine reports for real orders."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from random import Random
from typing import Any
from uuid import UUID

import msgspec
import pytest
from msgspec.structs import replace
from tests.orders import a_change, a_removal
from tests.real_parts.tables import REGION, create_orders_table

from orders_aws.client.calls import DYNAMODB, AwsClient
from orders_aws.consumers.history import History
from orders_aws.consumers.table_changes import StreamRecord, change_in
from orders_aws.dynamodb.client import DynamoDBClient
from orders_aws.dynamodb.items import to_item
from orders_aws.dynamodb.store import DynamoDBStore, Tables
from orders_core.models import Order, OrderContent, OrderStatus
from orders_core.schemas import view_of
from orders_core.stores import OrderQuery
from orders_tools.cost import measured
from orders_tools.cost.capacity import Units, item_bytes, order_of, recording_units, units_of

PAGE = 5
WORDS = [
    "red",
    "blue",
    "walnut",
    "steel",
    "cotton",
    "linen",
    "mug",
    "lamp",
    "chair",
    "desk",
    "notebook",
    "pen",
    "organic",
    "large",
    "small",
    "travel",
    "winter",
    "summer",
    "kids",
    "leather",
    "canvas",
    "bottle",
    "glass",
    "kit",
    "set",
    "of",
    "two",
    "four",
    "six",
    "brush",
    "oil",
    "soap",
]


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


class Recorded(AwsClient):
    """A client of DynamoDB that adds up what its transactions consume, by table."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(DYNAMODB, REGION, endpoint)
        self.units: Counter[str] = Counter()

    def call(self, operation: str, request: Mapping[str, object], *, once: bool = False) -> dict[str, object]:
        reply: Any = super().call(operation, {**request, "ReturnConsumedCapacity": "TOTAL"})
        for table in reply["ConsumedCapacity"]:
            self.units[table["TableName"]] += table["CapacityUnits"]
        return {}


def varied(payload_bytes: int) -> Order:
    """An order of about this size whose lines have little in common."""
    chance = Random(payload_bytes)
    order = order_of(payload_bytes)
    items = tuple(
        replace(
            item,
            product_id=chance.randbytes(4).hex(),
            unit_price=chance.randrange(100, 9999),
            name=" ".join(chance.choices(WORDS, k=6)),
        )
        for item in order.content.items
    )
    ids = {name: str(UUID(bytes=chance.randbytes(16))) for name in ("order_id", "customer_id")}
    return replace(order, **ids, content=replace(order.content, items=items))


@pytest.mark.parametrize("payload_kb", [1, 2, 3, 4, 8])
def test_recording_an_event_consumes_no_more_than_is_billed(
    dynamodb_endpoint: str, monkeypatch: pytest.MonkeyPatch, payload_kb: int
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    order = varied(1024 * payload_kb)
    image = {"Keys": {"order_id": {"S": order.order_id}}, "SequenceNumber": "1", "NewImage": to_item(order)}
    record = {"eventID": "1", "eventName": "INSERT", "dynamodb": image}
    change = change_in(msgspec.convert(record, StreamRecord))
    assert change is not None
    tables = Tables.beside(create_orders_table(dynamodb_endpoint))
    with closing(Recorded(dynamodb_endpoint)) as client:
        History(client, tables.events, tables.stats).record([change])
    event, figure = recording_units(measured.kept_event_bytes(1024 * payload_kb))
    # The engine counts a write of a transaction four times, AWS documents two:
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
    assert client.units[tables.stats] == 2 * figure
    assert client.units[tables.events] <= 2 * event
    if payload_kb <= 2:
        assert client.units[tables.events] == 2 * event
