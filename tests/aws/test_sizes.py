"""Orders so large that DynamoDB and Lambda, which count in bytes, end before our own limits do."""

import json
from base64 import b64decode
from collections.abc import Iterator
from contextlib import closing
from random import Random
from string import ascii_letters, digits
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from tests.api import ANA, ORDERS, STAFF, Api, Caller
from tests.orders import MUGS, an_order, moment
from tests.real_parts.tables import REGION, create_orders_table, dynamodb_client

from orders_aws.dynamodb.client import DynamoDBClient
from orders_aws.dynamodb.kept_events import to_attribute
from orders_aws.dynamodb.store import DynamoDBStore, Tables
from orders_aws.limits import MAX_ANSWER_BYTES, MAX_QUERY_PAGE_BYTES
from orders_core.events import OrderEvent, event_for_write
from orders_core.models import Order
from orders_core.stores import OrderQuery

LARGE = replace(MUGS, notes='"' * 120_000)
"""Of quotes, each of which takes two bytes in JSON and four in JSON within JSON."""


VARIED = replace(MUGS, notes="".join(Random(1).choices(ascii_letters + digits, k=160_000)))
"""Of letters that compression can make little of."""


@pytest.fixture(scope="module")
def tables(dynamodb_endpoint: str) -> Tables:
    return Tables.beside(create_orders_table(dynamodb_endpoint))


@pytest.fixture
def store(dynamodb_endpoint: str, tables: Tables, monkeypatch: pytest.MonkeyPatch) -> Iterator[DynamoDBStore]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with closing(DynamoDBClient(REGION, dynamodb_endpoint)) as client:
        yield DynamoDBStore(client, tables)


def ids_of_pages(api: Api, path: str, key: str, field: str, caller: Caller) -> list[Any]:
    """What all pages hold, each of which is an answer that Lambda passes on."""
    found: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = api.send(
            "GET", path, query={"limit": "100"} | ({"cursor": cursor} if cursor else {}), caller=caller
        )
        page = answer.expect(200)
        assert len(json.dumps({"body": answer.body}).encode()) < MAX_ANSWER_BYTES
        assert page["count"] == len(page[key]) > 0
        found += [each[field] for each in page[key]]
        cursor = page["next_cursor"]
    return found


@pytest.mark.parametrize("caller", [ANA, STAFF])
def test_large_orders_make_shorter_pages_and_none_is_left_out(store: DynamoDBStore, caller: Caller) -> None:
    if store.list_orders(OrderQuery("ana"), 1).orders == []:
        # Two share each instant, so that pages end between orders of the same time.
        for number in range(31):
            store.create(an_order("ana", content=LARGE, at=moment(number // 2)))
    listed = ids_of_pages(Api(store), ORDERS, "orders", "order_id", caller)
    assert len(listed) == len(set(listed)) == 31


def test_a_history_goes_on_behind_a_page_of_dynamodb(
    store: DynamoDBStore, tables: Tables, dynamodb_endpoint: str
) -> None:
    order = an_order("ana", content=VARIED)
    store.create(order)
    keep_events(dynamodb_endpoint, tables.events, order, 12)
    events = store.list_events(order.order_id, 100)
    assert [event.version for event in events] == list(range(1, 13))
    assert sum(len(kept(event)) for event in events) > MAX_QUERY_PAGE_BYTES
    assert [event.version for event in store.list_events(order.order_id, 9, 2)] == list(range(3, 12))
    path = f"{ORDERS}/{order.order_id}/events"
    versions = ids_of_pages(Api(store), path, "events", "version", ANA)
    assert versions == list(range(1, 13))


def keep_events(endpoint: str, table: str, order: Order, versions: int) -> None:
    client = dynamodb_client(endpoint)
    for version in range(1, versions + 1):
        event = event_for_write(None, replace(order, version=version))
        client.put_item(
            TableName=table,
            Item={
                "order_id": {"S": order.order_id},
                "version": {"N": str(version)},
                "event": {"B": kept(event)},
            },
        )


def kept(event: OrderEvent) -> bytes:
    """What the history keeps of an event; boto3 encodes it by itself."""
    return b64decode(to_attribute(msgspec.json.encode(event).decode())["B"])
