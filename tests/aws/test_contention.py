"""Many writers of one order at once, on DynamoDB."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from msgspec.structs import replace
from tests.api import ANA, ORDERS, Api
from tests.orders import MUGS, an_order
from tests.real_parts.tables import REGION, create_orders_table

from orders_aws.dynamodb.client import DynamoDBClient
from orders_aws.dynamodb.store import DynamoDBStore, Tables
from orders_core.models import OrderStatus
from orders_core.operations import common
from orders_core.returns import MAX_RETURNS

AT_ONCE = 200


@pytest.fixture
def store(dynamodb_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[DynamoDBStore]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    tables = Tables.beside(create_orders_table(dynamodb_endpoint))
    with closing(DynamoDBClient(REGION, dynamodb_endpoint)) as client:
        yield DynamoDBStore(client, tables)


def test_returns_of_one_order_at_once_are_all_answered(
    store: DynamoDBStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The machine of the tests may be slow, and DynamoDB Local is.
    monkeypatch.setattr(common, "MAX_REWRITE_SECONDS", 120.0)
    item = replace(MUGS.items[0], quantity=AT_ONCE)
    order = an_order(ANA.sub, OrderStatus.DELIVERED, content=replace(MUGS, items=(item,)))
    store.create(order)
    api = Api(store)

    def request_one(number: int) -> int:
        body = {"lines": [{"line": 1, "quantity": 1}], "reason": f"broken {number}"}
        return api.send("POST", f"{ORDERS}/{order.order_id}/returns", body).status

    with ThreadPoolExecutor(AT_ONCE) as pool:
        statuses = Counter(pool.map(request_one, range(AT_ONCE)))
    assert statuses == {201: MAX_RETURNS, 409: AT_ONCE - MAX_RETURNS}
    after = store.get(order.order_id)
    assert after is not None
    assert (len(after.returns), after.version) == (MAX_RETURNS, 1 + MAX_RETURNS)
