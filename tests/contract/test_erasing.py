"""Erasing a customer is the same over every store: `orders_core.erasure`."""

from typing import Final

import pytest
from msgspec.structs import replace
from tests.orders import LAMPS, MUGS, a_change, a_removal, an_order, moment
from tests.real_parts.tables import REGION

from orders_aws.client.calls import DYNAMODB, AwsClient
from orders_aws.consumers.history import History
from orders_aws.consumers.table_changes import Change, StreamData, StreamRecord, change_in
from orders_aws.dynamodb.items import to_item
from orders_aws.dynamodb.store import DynamoDBStore, Tables
from orders_core.erasure import Actor, Counts, HeldOrder, Place, erase_some, export_some
from orders_core.models import Address, Contact, IllegalState, Order, OrderStatus, VersionMismatch
from orders_core.personal import without_personal_data
from orders_core.stores import Store
from orders_host.sqlite import SqliteOrderRepository

ANA: Final = replace(
    LAMPS,
    contact=Contact("Ana Garcia", "ana@example.com", "+34911234567"),
    shipping_address=Address(("Calle Mayor 7",), "Madrid", "ES"),
)
ACTOR: Final = Actor("staff", moment(80_000))


def erase(orders: Store, customer_id: str = "ana", *, dry_run: bool = False) -> Counts:
    total = Counts()
    place: Place | None = Place()
    while place is not None:
        counts, place = erase_some(orders, customer_id, ACTOR, place, dry_run=dry_run)
        total = total.plus(counts)
    return total


def export(orders: Store, customer_id: str = "ana") -> list[HeldOrder]:
    found: list[HeldOrder] = []
    place: Place | None = Place()
    while place is not None:
        held, place = export_some(orders, customer_id, place)
        found += held
    return found


def test_what_is_personal_goes_and_the_accounts_stay(orders: Store) -> None:
    placed = [an_order(content=ANA) for _ in range(25)]
    of_another = an_order("eva", content=ANA)
    plain = an_order(content=MUGS)
    for order in (*placed, of_another, plain):
        orders.create(order)
    assert erase(orders, dry_run=True).orders == 25
    assert orders.get(placed[0].order_id) == placed[0]
    assert erase(orders).orders == 25
    for order in placed:
        erased = orders.get(order.order_id)
        assert erased is not None
        assert without_personal_data(erased) is erased
        assert (erased.version, erased.erased_at, erased.updated_by) == (2, ACTOR.at, "staff")
        assert (erased.content.sums, erased.history) == (order.content.sums, order.history)
    assert (orders.get(of_another.order_id), orders.get(plain.order_id)) == (of_another, plain)
    assert erase(orders).orders == 0


def test_a_write_that_comes_between_is_kept_and_brings_nothing_back(orders: Store) -> None:
    order = an_order(content=ANA)
    orders.create(order)
    late = a_change(order, replace(ANA, notes="Ring three times"), versions=(1,))
    meanwhile = a_change(order, replace(ANA, external_reference="B-9"))

    class Busy:
        """The store, to which another writes between its read and its write."""

        def __getattr__(self, name: str) -> object:
            return getattr(orders, name)

        def get(self, order_id: str) -> Order | None:
            read = orders.get(order_id)
            if read is not None and read.version == 1:
                orders.update(meanwhile)
            return read

    busy: Store = Busy()  # type: ignore[assignment]
    assert erase(busy).orders == 1
    erased = orders.get(order.order_id)
    assert erased is not None
    assert (erased.version, erased.content.external_reference, erased.content.contact) == (3, "B-9", None)
    with pytest.raises(VersionMismatch):
        orders.update(late)
    with pytest.raises(IllegalState, match="were erased"):
        orders.update(replace(late, versions=None))
    assert orders.get(order.order_id) == erased
    moved = orders.update(a_change(order, erased.content, OrderStatus.CONFIRMED))
    assert (moved.version, moved.erased_at) == (4, ACTOR.at)


def test_events_tell_of_it_and_nothing_personal_any_more(sqlite_orders: SqliteOrderRepository) -> None:
    order = an_order(content=ANA)
    sqlite_orders.create(order)
    sqlite_orders.update(a_change(order, replace(ANA, notes="Ring three times")))
    assert erase(sqlite_orders) == Counts(orders=1, events=2, late=0)
    events = sqlite_orders.list_events(order.order_id, 10)
    assert [event.type for event in events] == ["OrderCreated", "OrderUpdated", "OrderPersonalDataErased"]
    assert [event.id for event in events] == [f"{order.order_id}:{version}" for version in (1, 2, 3)]
    for event in events:
        assert without_personal_data(event.order) is event.order
        assert event.order.erased_at == ACTOR.at
    assert events[-1].changed == ["notes", "metadata", "contact", "shipping_address"]


def test_an_interrupted_run_is_run_again(sqlite_orders: SqliteOrderRepository) -> None:
    for _ in range(3):
        sqlite_orders.create(an_order(content=ANA))

    class Killed:
        """The store, until the process is killed after some writes."""

        left = 3

        def __getattr__(self, name: str) -> object:
            if name in ("save", "rewrite_event"):
                self.left -= 1
                if self.left < 0:
                    raise KeyboardInterrupt
            return getattr(sqlite_orders, name)

    killed: Store = Killed()  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        erase(killed)
    assert erase(sqlite_orders) == Counts(orders=1, events=2, late=0)
    assert erase(sqlite_orders) == Counts()


def test_a_deleted_order_is_found_by_its_customer(orders: Store) -> None:
    gone = [an_order(content=ANA) for _ in range(3)]
    for order in (*gone, an_order("eva")):
        orders.create(order)
        orders.delete(a_removal(order))
    ids = sorted(order.order_id for order in gone)
    assert orders.list_deleted("ana", 2, "") == ids[:2]
    assert orders.list_deleted("ana", 2, ids[1]) == ids[2:]
    assert [held.order for held in export(orders)] == [None] * 3


def test_events_of_deleted_orders_lose_what_is_personal_too(sqlite_orders: SqliteOrderRepository) -> None:
    order = an_order(content=ANA)
    sqlite_orders.create(order)
    sqlite_orders.delete(a_removal(order))
    assert erase(sqlite_orders) == Counts(orders=0, events=2, late=0)
    assert all(event.order.erased_at for event in sqlite_orders.list_events(order.order_id, 10))


def test_an_order_is_late_until_its_last_event_has_come_by_the_stream(
    dynamodb_orders: DynamoDBStore, dynamodb_endpoint: str
) -> None:
    tables = Tables.beside(dynamodb_orders._table)
    client = AwsClient(DYNAMODB, REGION, dynamodb_endpoint)
    history = History(client, tables.events, tables.stats)
    order = an_order(content=ANA)
    dynamodb_orders.create(order)
    history.record([streamed(None, order)])
    assert erase(dynamodb_orders) == Counts(orders=1, events=1, late=1)
    erased = dynamodb_orders.get(order.order_id)
    assert erased is not None
    # What comes again is known, and does not bring the first event back as it was.
    history.record([streamed(None, order), streamed(order, erased)])
    assert erase(dynamodb_orders) == Counts()
    events = dynamodb_orders.list_events(order.order_id, 10)
    assert [event.type for event in events] == ["OrderCreated", "OrderPersonalDataErased"]
    assert all(without_personal_data(event.order) is event.order for event in events)
    client.close()


def streamed(old: Order | None, new: Order) -> Change:
    """What the table's stream tells of a write."""
    images = StreamData("1", {}, NewImage=to_item(new), OldImage=to_item(old) if old else None)
    change = change_in(StreamRecord("1", "MODIFY", images))
    assert change is not None
    return change
