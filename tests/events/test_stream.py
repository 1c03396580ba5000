"""The publisher, on records of a table's own stream: history, figures, events, and what goes wrong."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from tests.events.conftest import Connect
from tests.events.fake_aws import Call, FakeAws, Json, Refusal, answering
from tests.events.stream_records import batch_of
from tests.orders import LAMPS, MUGS, a_change, a_removal, an_order
from tests.real_parts.tables import REGION, dynamodb_client

from orders_aws.client.calls import DYNAMODB, EVENTBRIDGE, SQS, Refused
from orders_aws.consumers import bus, history
from orders_aws.consumers.bus import Bus
from orders_aws.consumers.history import MAX_AT_ONCE, History, transactions
from orders_aws.consumers.stream import Publisher, QuarantineQueue
from orders_aws.consumers.table_changes import StreamBatch, change_in
from orders_aws.dynamodb.items import EXPIRES, Item, to_item
from orders_aws.dynamodb.store import DynamoDBStore, Tables
from orders_aws.limits import MAX_PUT_EVENTS_BYTES, MAX_PUT_EVENTS_ENTRIES, MAX_TRANSACTION_BYTES
from orders_core.models import LineItem, Order, OrderContent, OrderStatus, change
from orders_core.retention import KEEP_DAYS
from orders_core.schemas import Envelope, OrderEventView, event_view_of
from orders_core.stores import Store
from orders_host.sqlite import SqliteOrderRepository

BUS = "orders-api-test"
QUEUE = "http://sqs/unpublished"
DAYS = ("2026-01-01", "2026-02-28")

NewPublisher = Callable[[], Publisher]
Publish = Callable[[StreamBatch], list[str]]


def takes_all(call: Call) -> Json:
    """EventBridge and SQS on a good day."""
    return {"Entries": [{"EventId": str(number)} for number, _ in enumerate(call.request.get("Entries", []))]}


@pytest.fixture
def aws() -> Iterator[FakeAws]:
    with answering(takes_all) as server:
        yield server


@pytest.fixture
def new_publisher(
    connect: Connect,
    dynamodb_endpoint: str,
    tables: Tables,
    aws: FakeAws,
    monkeypatch: pytest.MonkeyPatch,
) -> NewPublisher:
    monkeypatch.setattr(bus, "_BACKOFF_SECONDS", 0)
    return lambda: Publisher(
        History(connect(DYNAMODB, dynamodb_endpoint), tables.events, tables.stats),
        Bus(connect(EVENTBRIDGE, aws.url), BUS),
        QuarantineQueue(connect(SQS, aws.url), QUEUE),
    )


@pytest.fixture
def publish(new_publisher: NewPublisher) -> Publish:
    """Publishes a batch and returns what it reports as failed."""
    publisher = new_publisher()
    return lambda batch: [each["itemIdentifier"] for each in publisher.publish(batch)["batchItemFailures"]]


def published(aws: FakeAws) -> list[OrderEventView]:
    """The events that the bus was given, in the order in which it was."""
    entries = [entry for request in aws.of("PutEvents") for entry in request["Entries"]]
    return [msgspec.json.decode(entry["Detail"], type=OrderEventView) for entry in entries]


def live(shop: Store, orders: list[Order]) -> None:
    """Some orders live and die; the same in every store."""
    first, second, third = orders
    shop.create(first)
    shop.update(a_change(first, content=LAMPS))
    shop.create(second)
    shop.update(a_change(first, content=LAMPS, status=OrderStatus.CONFIRMED))
    shop.create(third)
    shop.update(a_change(second, status=OrderStatus.CANCELLED))
    shop.delete(a_removal(second))


@pytest.fixture
def same_orders(monkeypatch: pytest.MonkeyPatch) -> list[Order]:
    """And nothing of a change depends on when it is made."""
    monkeypatch.setattr("tests.orders.moment", lambda _: "2026-01-31T09:00:00.000Z")
    return [an_order(), an_order(content=LAMPS), an_order(content=replace(LAMPS, currency="USD"))]


def test_the_streams_events_are_those_of_the_outbox(
    store: DynamoDBStore,
    tables: Tables,
    dynamodb_endpoint: str,
    publish: Publish,
    aws: FakeAws,
    same_orders: list[Order],
    tmp_path: Path,
) -> None:
    with closing(SqliteOrderRepository(tmp_path / "orders.db")) as sqlite:
        for shop in (store, sqlite):
            live(shop, same_orders)
        assert publish(batch_of(dynamodb_endpoint, tables.orders)) == []
        for order in same_orders:
            history = sqlite.list_events(order.order_id, 100)
            assert store.list_events(order.order_id, 100) == history
            shown = [event_view_of(event) for event in history]
            assert [event for event in published(aws) if event.order_id == order.order_id] == shown
        assert store.daily_figures(*DAYS) == sqlite.daily_figures(*DAYS)


def test_what_comes_again_counts_once_and_is_published_again(
    store: DynamoDBStore,
    tables: Tables,
    dynamodb_endpoint: str,
    publish: Publish,
    aws: FakeAws,
    same_orders: list[Order],
) -> None:
    live(store, same_orders)
    batch = batch_of(dynamodb_endpoint, tables.orders)
    some, later = StreamBatch(batch.Records[:3]), StreamBatch(batch.Records[2:])
    for part in (some, later, batch):
        assert publish(part) == []
    figures = store.daily_figures(*DAYS)
    assert sum(each.orders for each in figures) == 2
    ids = [event.id for event in published(aws)]
    assert len(ids) == len(some.Records) + len(later.Records) + len(batch.Records)
    assert len(set(ids)) == len(batch.Records)


def test_many_publishers_at_once_count_right(
    store: DynamoDBStore,
    tables: Tables,
    dynamodb_endpoint: str,
    new_publisher: NewPublisher,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Shards of one stream, all of which write the same counters, and all of whose batches come twice."""
    monkeypatch.setattr(history, "_ATTEMPTS", 50)
    for _ in range(60):
        store.create(an_order())
    records = batch_of(dynamodb_endpoint, tables.orders).Records
    batches = [StreamBatch(records[start::4]) for start in range(4)] * 2
    publishers = [new_publisher() for _ in batches]
    with ThreadPoolExecutor(4) as pool:
        for response in pool.map(Publisher.publish, publishers, batches):
            assert response == {"batchItemFailures": []}
    assert [(each.orders, each.amount) for each in store.daily_figures(*DAYS)] == [(60, 60 * 1900)]


def test_full_batches_and_not_more(
    store: DynamoDBStore, tables: Tables, dynamodb_endpoint: str, publish: Publish, aws: FakeAws
) -> None:
    for _ in range(25):
        store.create(an_order())
    large = OrderContent(tuple(LineItem(f"p{n}", 1, 1, "ñ" * 200) for n in range(100)), "EUR")
    for _ in range(12):
        store.create(an_order(content=large))
    publish(batch_of(dynamodb_endpoint, tables.orders))
    requests = aws.of("PutEvents")
    sizes = [sum(len(entry["Detail"].encode()) for entry in request["Entries"]) for request in requests]
    assert len(requests[0]["Entries"]) == len(requests[1]["Entries"]) == MAX_PUT_EVENTS_ENTRIES
    assert max(sizes) < MAX_PUT_EVENTS_BYTES
    assert sum(len(request["Entries"]) for request in requests) == 37
    assert len(requests) < 37 / 4, "large orders share a batch as long as they fit"


def test_an_entry_is_what_the_rules_and_consumers_expect(
    store: DynamoDBStore, tables: Tables, dynamodb_endpoint: str, publish: Publish, aws: FakeAws
) -> None:
    order = an_order(at="2026-01-31T09:00:00.250Z")
    store.create(order)
    publish(batch_of(dynamodb_endpoint, tables.orders))
    ((entry,),) = [request["Entries"] for request in aws.of("PutEvents")]
    assert (entry["EventBusName"], entry["Source"]) == (BUS, "orders-api")
    assert entry["DetailType"] == "OrderCreated"
    assert entry["Time"] == 1769850000.25
    envelope = {
        "version": "0",
        "id": "the bus's own",
        "source": entry["Source"],
        "detail-type": entry["DetailType"],
        "time": "2026-01-31T09:00:00Z",
        "account": "123456789012",
        "region": REGION,
        "resources": [],
        "detail": json.loads(entry["Detail"]),
    }
    assert msgspec.convert(envelope, Envelope).detail.id == f"{order.order_id}:1"


def test_what_a_batch_did_not_take_is_put_again(
    store: DynamoDBStore, tables: Tables, dynamodb_endpoint: str, publish: Publish, aws: FakeAws
) -> None:
    for _ in range(8):
        store.create(an_order())
    seen: set[str] = set()

    def every_second_time(call: Call) -> Json:
        entries: list[Json] = []
        for entry in call.request["Entries"]:
            known = entry["Detail"] in seen
            seen.add(entry["Detail"])
            entries.append({"EventId": "1"} if known else {"ErrorCode": "ThrottlingException"})
        return {"FailedEntryCount": 1, "Entries": entries}

    aws.answer = every_second_time
    assert publish(batch_of(dynamodb_endpoint, tables.orders)) == []
    first, second = aws.of("PutEvents")
    assert first == second


def test_everything_from_the_first_failure_on_comes_again(
    store: DynamoDBStore, tables: Tables, dynamodb_endpoint: str, publish: Publish, aws: FakeAws
) -> None:
    for _ in range(30):
        store.create(an_order())
    batch = batch_of(dynamodb_endpoint, tables.orders)
    stubborn = batch.Records[14].dynamodb.Keys["order_id"]["S"]

    def all_but_one(call: Call) -> Json:
        return {
            "Entries": [
                {"ErrorCode": "InternalFailure"} if stubborn in entry["Detail"] else {"EventId": "1"}
                for entry in call.request["Entries"]
            ]
        }

    aws.answer = all_but_one
    numbers = [record.dynamodb.SequenceNumber for record in batch.Records]
    assert publish(batch) == numbers[14:]
    assert len(aws.of("PutEvents")) == 1 + 1 + 3, "ten, the next ten, one of them three times more"
    aws.answer = takes_all
    assert publish(StreamBatch(batch.Records[14:])) == []
    assert len({event.id for event in published(aws)}) == 30
    assert sum(each.orders for each in store.daily_figures(*DAYS)) == 30


def test_a_bus_that_is_away_or_not_ours(
    store: DynamoDBStore, tables: Tables, dynamodb_endpoint: str, publish: Publish, aws: FakeAws
) -> None:
    store.create(an_order())
    batch = batch_of(dynamodb_endpoint, tables.orders)
    aws.answer = lambda _: Refusal(500, "InternalException")
    assert publish(batch) == [record.dynamodb.SequenceNumber for record in batch.Records]
    aws.answer = lambda _: Refusal(400, "ResourceNotFoundException")
    with pytest.raises(Refused, match="ResourceNotFound"):
        publish(batch)


def test_without_its_tables_nothing_is_published(
    store: DynamoDBStore, tables: Tables, dynamodb_endpoint: str, publish: Publish, aws: FakeAws
) -> None:
    """What consumers hear of is in the history already."""
    store.create(an_order())
    batch = batch_of(dynamodb_endpoint, tables.orders)
    dynamodb_client(dynamodb_endpoint).delete_table(TableName=tables.stats)
    assert publish(batch) == [record.dynamodb.SequenceNumber for record in batch.Records]
    assert aws.calls == []


def a_record(number: int, new: Item | None, old: Item | None = None) -> Json:
    data = {"SequenceNumber": str(number), "Keys": {"order_id": {"S": f"order-{number}"}}}
    images = {name: image for name, image in (("NewImage", new), ("OldImage", old)) if image is not None}
    return {"eventID": str(number), "eventName": "MODIFY", "dynamodb": data | images}


POISON = {
    "no order": {"order_id": {"S": "x"}},
    "a status that does not exist": to_item(an_order()) | {"status": {"S": "LOST"}},
    "a type that is another": to_item(an_order()) | {"version": {"S": "1"}},
    "no document": to_item(an_order()) | {"content": {"S": "x"}},
    "too large": to_item(an_order(content=replace(MUGS, notes="x" * 450_000))),
}


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON.keys())
def test_poison_is_set_aside_and_the_rest_is_published(poison: Item, publish: Publish, aws: FakeAws) -> None:
    good = [to_item(an_order()) for _ in range(4)]
    records = [a_record(number, item) for number, item in enumerate([*good[:2], poison, *good[2:]])]
    assert publish(msgspec.convert({"Records": records}, StreamBatch)) == []
    assert len(published(aws)) == 4
    (message,) = aws.of("SendMessage")
    assert message["QueueUrl"] == QUEUE
    body: Any = json.loads(message["MessageBody"])
    assert body["error"]
    assert body["record"]["eventID"] == "2"
    assert len(message["MessageBody"].encode()) < MAX_PUT_EVENTS_BYTES


def test_what_is_too_large_for_the_bus_is_published_without_what_makes_it_so(
    publish: Publish, aws: FakeAws
) -> None:
    order = an_order(content=replace(LAMPS, notes="x" * 300_000))
    assert publish(msgspec.convert({"Records": [a_record(1, to_item(order))]}, StreamBatch)) == []
    (event,) = published(aws)
    assert event.id == f"{order.order_id}:1"
    assert event.order.total_amount
    assert event.left_out == [
        "items",
        "returns",
        "payments",
        "shipments",
        "comments",
        "discounts",
        "taxes",
        "metadata",
        "notes",
    ]
    assert (event.order.items, event.order.notes) == ([], None)
    assert aws.of("SendMessage") == []


def test_a_batch_that_no_single_transaction_takes_is_recorded_in_several(
    publish: Publish, store: DynamoDBStore
) -> None:
    orders = [an_order(content=replace(MUGS, notes="x" * 220_000)) for _ in range(MAX_AT_ONCE)]
    records = [a_record(number, to_item(order)) for number, order in enumerate(orders)]
    batch = msgspec.convert({"Records": records}, StreamBatch)
    changes = [change for record in batch.Records if (change := change_in(record))]
    sizes = [sum(len(change.document) for change in part) for part in transactions(changes)]
    assert sum(sizes) > MAX_TRANSACTION_BYTES > max(sizes)
    assert publish(batch) == []
    for order in orders:
        assert [event.version for event in store.list_events(order.order_id, 10)] == [1]


def test_poison_that_can_t_be_set_aside_comes_again(publish: Publish, aws: FakeAws) -> None:
    aws.answer = lambda _: Refusal(500, "InternalError")
    records = [a_record(1, {"order_id": {"S": "x"}})]
    with pytest.raises(Exception, match="InternalError"):
        publish(msgspec.convert({"Records": records}, StreamBatch))


def test_the_events_of_a_deleted_order_expire_and_no_others(
    store: DynamoDBStore,
    tables: Tables,
    dynamodb_endpoint: str,
    publish: Publish,
    same_orders: list[Order],
) -> None:
    live(store, same_orders)
    batch = batch_of(dynamodb_endpoint, tables.orders)
    assert publish(batch) == publish(batch) == []
    client = dynamodb_client(dynamodb_endpoint)
    deleted = same_orders[1].order_id
    expiring = [item for item in client.scan(TableName=tables.events)["Items"] if EXPIRES in item]
    assert {item["order_id"]["S"] for item in expiring} == {deleted}
    assert len(expiring) == 3
    tombstone = client.get_item(TableName=tables.orders, Key={"order_id": {"S": deleted}})["Item"]
    assert {item[EXPIRES]["N"] for item in expiring} == {tombstone[EXPIRES]["N"]}
    deleted_at = datetime.fromisoformat(tombstone["deleted_at"]["S"]).timestamp()
    assert int(tombstone[EXPIRES]["N"]) == int(deleted_at) + KEEP_DAYS * 86_400


def test_after_a_restore_no_id_is_given_twice() -> None:
    order = an_order()
    batch = msgspec.convert({"Records": [a_record(1, to_item(order))]}, StreamBatch)
    change = change_in(batch.Records[0], 1_790_000_000)
    assert change
    assert change.event.id == f"{order.order_id}:1:1790000000"
    assert (json.loads(change.document)["id"], json.loads(change.published)["id"]) == (change.event.id,) * 2


def test_what_is_no_change_of_an_order_is_passed_over(publish: Publish, aws: FakeAws) -> None:
    order = an_order()
    item = to_item(order)
    deletion = {"deleted_at": {"S": order.created_at}, "deleted_by": {"S": "ana"}}
    tombstone = {"order_id": item["order_id"]} | deletion
    records = [
        a_record(1, item | {"added_by_hand": {"S": "x"}}, item),
        a_record(2, None, tombstone),
        a_record(3, tombstone | {"added_by_hand": {"S": "x"}}, tombstone),
    ]
    assert publish(msgspec.convert({"Records": records}, StreamBatch)) == []
    assert aws.calls == []


def test_an_order_that_was_removed_without_a_tombstone_is_a_deletion_by_nobody_known(
    publish: Publish, aws: FakeAws
) -> None:
    record = a_record(1, None, to_item(an_order()))
    record["dynamodb"]["ApproximateCreationDateTime"] = 1769850000.25
    publish(msgspec.convert({"Records": [record]}, StreamBatch))
    (event,) = published(aws)
    assert (event.type, event.actor, event.time) == ("OrderDeleted", None, "2026-01-31T09:00:00.250Z")


def test_more_changes_than_one_transaction_takes(
    store: DynamoDBStore, tables: Tables, dynamodb_endpoint: str, publish: Publish
) -> None:
    content = [replace(LAMPS, currency=currency) for currency in ("EUR", "USD", "JPY", "GBP", "CHF")]
    items = [
        (number, an_order(at=f"2026-01-{number % 28 + 1:02}T00:00:00.000Z", content=content[number % 5]))
        for number in range(MAX_AT_ONCE * 3 + 1)
    ]
    moved = [a_record(number, to_item(confirmed(order)), to_item(order)) for number, order in items]
    assert publish(msgspec.convert({"Records": moved}, StreamBatch)) == []


def confirmed(order: Order) -> Order:
    return change(order, a_change(order, status=OrderStatus.CONFIRMED))
