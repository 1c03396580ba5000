"""What each operation costs, counted at the wire, and what becomes of it when the wire fails."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from tests.api import ANA, ORDERS, STAFF, Answer, Api
from tests.aws.wire import Fault, Wire, wire_to
from tests.orders import LAMPS, a_change, a_removal, an_order, moment
from tests.real_parts.tables import REGION, create_orders_table

from orders_aws.dynamodb.client import DynamoDBClient, RequestRefused
from orders_aws.dynamodb.items import STATUS_SHARDS
from orders_aws.dynamodb.store import READ_BUDGET, DynamoDBStore, Tables
from orders_core import returns
from orders_core.models import (
    IllegalState,
    LineItem,
    Order,
    OrderContent,
    OrderNotFound,
    OrderStatus,
    VersionMismatch,
)
from orders_core.order_numbers import number_of
from orders_core.stores import OrderExists, OrderQuery, StoreUnavailable

MUGS = {"items": [{"product_id": "A-1", "quantity": 2, "unit_price": "9.50"}]}
TEN_MUGS = OrderContent(items=(LineItem("A-1", 10, 950, "Mug"),), currency="EUR")
TRANSIENT = [fault for fault in Fault if fault not in (Fault.REFUSE, Fault.DENY)]
AMBIGUOUS = [Fault.LOSE_REPLY, Fault.CUT_REPLY]


@pytest.fixture(scope="module")
def through(dynamodb_endpoint: str) -> Iterator[Wire]:
    with wire_to(dynamodb_endpoint) as wire:
        yield wire


@pytest.fixture
def wire(through: Wire) -> Wire:
    """The wire, with nothing on it yet."""
    through.faults.clear()
    through.calls.clear()
    return through


@pytest.fixture(scope="module")
def table(dynamodb_endpoint: str) -> str:
    return create_orders_table(dynamodb_endpoint)


@pytest.fixture
def store(wire: Wire, table: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[DynamoDBStore]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setattr("orders_aws.client.calls._BACKOFF_SECONDS", 0)
    client = DynamoDBClient(REGION, wire.url)
    yield DynamoDBStore(client, Tables.beside(table))
    client.close()


@pytest.fixture
def api(store: DynamoDBStore) -> Api:
    return Api(store)


def placed(store: DynamoDBStore, wire: Wire, status: OrderStatus = OrderStatus.PENDING) -> Order:
    """An order that is there already, and no call counted for it."""
    order = an_order(ANA.sub, status)
    store.create(order)
    wire.calls.clear()
    return order


Send = Callable[[Api, Order], Answer]
BATCH = f"{ORDERS}:batch"
PATH = ORDERS + "/{0.order_id}"

OPERATIONS: dict[str, tuple[OrderStatus, Send, int, list[str]]] = {
    "create": (OrderStatus.PENDING, lambda api, _: api.send("POST", ORDERS, MUGS), 201, ["PutItem"]),
    "create with a key": (
        OrderStatus.PENDING,
        lambda api, order: api.send("POST", ORDERS, MUGS, headers={"idempotency-key": order.order_id}),
        201,
        ["PutItem"],
    ),
    "get": (OrderStatus.PENDING, lambda api, order: api.send("GET", PATH.format(order)), 200, ["GetItem"]),
    "get by number": (
        OrderStatus.PENDING,
        lambda api, order: api.send("GET", f"{ORDERS}/{number_of(order.order_id)}"),
        200,
        ["GetItem"],
    ),
    "list": (OrderStatus.PENDING, lambda api, _: api.send("GET", ORDERS), 200, ["Query"]),
    "list by the shop's own number": (
        OrderStatus.PENDING,
        lambda api, _: api.send("GET", ORDERS, query={"external_reference": "WEB-1"}, caller=STAFF),
        200,
        ["Query"],
    ),
    "patch": (
        OrderStatus.PENDING,
        lambda api, order: api.send("PATCH", PATH.format(order), {"notes": "new"}),
        200,
        ["GetItem", "UpdateItem"],
    ),
    "patch that changes nothing": (
        OrderStatus.PENDING,
        lambda api, order: api.send("PATCH", PATH.format(order), {"currency": "EUR"}),
        200,
        ["GetItem"],
    ),
    "update": (
        OrderStatus.PENDING,
        lambda api, order: api.send("PUT", PATH.format(order), MUGS | {"notes": "new"}),
        200,
        ["UpdateItem"],
    ),
    "update with every guard": (
        OrderStatus.PENDING,
        lambda api, order: api.send(
            "PUT",
            PATH.format(order),
            MUGS | {"status": "CANCELLED", "customer_id": ANA.sub},
            headers={"if-match": '"1", "2"'},
        ),
        200,
        ["UpdateItem"],
    ),
    "move by staff": (
        OrderStatus.PENDING,
        lambda api, order: api.send("PUT", PATH.format(order), MUGS | {"status": "CONFIRMED"}, caller=STAFF),
        200,
        ["UpdateItem"],
    ),
    "delete": (
        OrderStatus.PENDING,
        lambda api, order: api.send("DELETE", PATH.format(order), headers={"if-match": '"1"'}),
        204,
        ["UpdateItem"],
    ),
    "refused update": (
        OrderStatus.SHIPPED,
        lambda api, order: api.send("PUT", PATH.format(order), MUGS | {"status": "CANCELLED"}),
        409,
        ["UpdateItem"],
    ),
    "refused delete": (
        OrderStatus.SHIPPED,
        lambda api, order: api.send("DELETE", PATH.format(order)),
        409,
        ["UpdateItem"],
    ),
    "stale update": (
        OrderStatus.PENDING,
        lambda api, order: api.send("PUT", PATH.format(order), MUGS, headers={"if-match": '"7"'}),
        412,
        ["UpdateItem"],
    ),
    "invalid": (OrderStatus.PENDING, lambda api, _: api.send("POST", ORDERS, {}), 400, []),
    "return": (
        OrderStatus.DELIVERED,
        lambda api, order: api.send(
            "POST",
            PATH.format(order) + "/returns",
            {"lines": [{"line": 1, "quantity": 1}], "reason": "broken"},
        ),
        201,
        # Read, then one conditional write.
        ["GetItem", "UpdateItem"],
    ),
}


class TestCost:
    @pytest.mark.parametrize("operation", OPERATIONS)
    def test_an_operation_is_one_round_trip(
        self, api: Api, store: DynamoDBStore, wire: Wire, operation: str
    ) -> None:
        status, send, expected, calls = OPERATIONS[operation]
        order = placed(store, wire, status)
        answer = send(api, order)
        assert answer.status == expected, api.telemetry.crashes or answer.body
        assert wire.calls == calls

    def test_a_replay_is_one_round_trip_too(self, api: Api, wire: Wire) -> None:
        for _ in range(2):
            wire.calls.clear()
            answer = api.send("POST", ORDERS, MUGS, headers={"idempotency-key": "replayed"})
            assert wire.calls == ["PutItem"]
        assert answer.headers["Idempotent-Replayed"] == "true"

    def test_a_batch_is_one_round_trip_for_each_of_its_orders(self, api: Api, wire: Wire) -> None:
        answer = api.send("POST", BATCH, {"orders": [MUGS] * 40})
        assert (answer.json["created"], wire.calls) == (40, ["PutItem"] * 40)

    def test_a_filtered_page_stops_when_it_is_full(self, store: DynamoDBStore, wire: Wire) -> None:
        for number in range(30):
            store.create(an_order("filtered", at=moment(number)))
        wire.calls.clear()
        page = store.list_orders(OrderQuery("filtered", (OrderStatus.PENDING,)), 10)
        assert (len(page.orders), wire.calls) == (10, ["Query"])

    def test_a_filtered_page_that_finds_nothing_stops_when_its_budget_is_spent(
        self, store: DynamoDBStore, wire: Wire, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("orders_aws.dynamodb.store._FILTERED_READ_SIZE", 2)
        for number in range(2 * READ_BUDGET + 3):
            store.create(an_order("rare", at=moment(number)))
        rare = an_order("rare", OrderStatus.CANCELLED, at=moment(0))
        store.create(rare)
        wire.calls.clear()
        query = OrderQuery("rare", (OrderStatus.CANCELLED,))
        first = store.list_orders(query, 1)
        assert (first.orders, len(wire.calls)) == ([], READ_BUDGET)
        second = store.list_orders(query, 1, first.next_after)
        assert (second.orders, second.next_after) == ([rare], None)

    @pytest.mark.parametrize("status", [None, OrderStatus.SHIPPED])
    def test_everybodys_newest_are_one_query_a_shard(
        self, store: DynamoDBStore, wire: Wire, status: OrderStatus | None
    ) -> None:
        store.list_orders(OrderQuery(None, (status,) if status else ()), 20)
        statuses = 1 if status else len(OrderStatus)
        assert wire.calls == ["Query"] * STATUS_SHARDS * statuses

    def test_a_day_of_figures_is_a_query(self, store: DynamoDBStore, wire: Wire) -> None:
        assert store.daily_figures("2026-01-01", "2026-01-07") == []
        assert wire.calls == ["Query"] * 7

    def test_figures_go_to_the_last_day_there_is(self, store: DynamoDBStore, wire: Wire) -> None:
        assert store.daily_figures("9999-12-30", "9999-12-31") == []

    def test_nothing_is_ever_scanned(self, wire: Wire, store: DynamoDBStore) -> None:
        assert "Scan" not in wire.calls


def create(store: DynamoDBStore, order: Order) -> None:
    store.create(an_order("ana", order_id=order.order_id[::-1], at=moment(7)))


def update(store: DynamoDBStore, order: Order) -> None:
    store.update(a_change(order, LAMPS, versions=(1,)))


def save(store: DynamoDBStore, order: Order) -> None:
    wanted = returns.request(order, "r1", [(1, 1)], "broken", at=moment(9), by="ana")
    store.save(wanted, order.version)


def delete(store: DynamoDBStore, order: Order) -> None:
    store.delete(a_removal(order, "ana", versions=(1,)))


WRITES = {
    "create": (create, OrderStatus.PENDING),
    "update": (update, OrderStatus.PENDING),
    "save": (save, OrderStatus.DELIVERED),
    "delete": (delete, OrderStatus.PENDING),
}


class TestRetries:
    def test_of_a_batch_that_is_throttled_some_orders_are_unavailable(self, api: Api, wire: Wire) -> None:
        orders = [MUGS | {"idempotency_key": f"throttled-{number}"} for number in range(20)]
        wire.faults.extend([Fault.THROTTLE] * 80)
        told = api.send("POST", BATCH, {"orders": orders}).expect(200)
        assert {each["status"] for each in told["results"]} == {503}
        assert len(wire.calls) == 60
        again = api.send("POST", BATCH, {"orders": orders}).expect(200)
        assert again["created"] > 0
        wire.faults.clear()
        last = api.send("POST", BATCH, {"orders": orders}).expect(200)
        assert (last["refused"], last["replayed"]) == (0, again["created"])

    def test_a_batch_ends_when_its_time_is_over(
        self, store: DynamoDBStore, wire: Wire, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("orders_aws.dynamodb.store.MAX_CALL_SECONDS", -1)
        assert [str(each) for each in store.create_all([an_order(), an_order()])] == ["no time was left"] * 2
        assert wire.calls == []

    @pytest.mark.parametrize("write", WRITES)
    @pytest.mark.parametrize("fault", TRANSIENT)
    def test_a_write_that_met_one_fault_succeeds(
        self, store: DynamoDBStore, wire: Wire, write: str, fault: Fault
    ) -> None:
        """Also when the fault hid that it had succeeded already: its retry finds its own work."""
        call, status = WRITES[write]
        order = placed(store, wire, status)
        wire.faults.append(fault)
        call(store, order)
        assert len(wire.calls) == 2
        after = store.get(order.order_id)
        if write == "delete":
            assert after is None
        else:
            assert after is not None
            assert after.version == (1 if write == "create" else 2)

    @pytest.mark.parametrize("write", WRITES)
    def test_two_faults_are_survived_and_three_are_told(
        self, store: DynamoDBStore, wire: Wire, write: str
    ) -> None:
        call, status = WRITES[write]
        wire.faults.extend([Fault.THROTTLE, Fault.LOSE_REPLY])
        call(store, self.placed_despite(store, wire, status))
        wire.faults.extend([Fault.THROTTLE, Fault.LOSE_CALL, Fault.SERVER_ERROR])
        with pytest.raises(StoreUnavailable):
            call(store, self.placed_despite(store, wire, status))

    @pytest.mark.parametrize("fault", TRANSIENT)
    def test_a_read_that_met_one_fault_succeeds(self, store: DynamoDBStore, wire: Wire, fault: Fault) -> None:
        order = placed(store, wire)
        wire.faults.append(fault)
        assert store.get(order.order_id) == order
        assert wire.calls == ["GetItem", "GetItem"]

    @pytest.mark.parametrize("fault", AMBIGUOUS)
    def test_a_retry_does_not_take_anothers_work_for_its_own(
        self, store: DynamoDBStore, wire: Wire, fault: Fault
    ) -> None:
        order = placed(store, wire)
        store.update(a_change(order))
        wire.faults.append(fault)
        with pytest.raises(VersionMismatch):
            store.update(a_change(order, LAMPS, versions=(1,)))
        wire.faults.append(fault)
        with pytest.raises(OrderExists):
            store.create(an_order("luis", order_id=order.order_id))
        wire.faults.append(fault)
        with pytest.raises(IllegalState):
            store.delete(a_removal(placed(store, wire, OrderStatus.SHIPPED)))

    @pytest.mark.parametrize("fault", AMBIGUOUS)
    @pytest.mark.parametrize("status", [None, OrderStatus.CONFIRMED])
    def test_an_unguarded_update_is_applied_once(
        self, store: DynamoDBStore, wire: Wire, fault: Fault, status: OrderStatus | None
    ) -> None:
        order = placed(store, wire)
        wire.faults.append(fault)
        after = store.update(a_change(order, LAMPS, status))
        assert (after.version, after) == (2, store.get(order.order_id))

    @pytest.mark.parametrize("fault", AMBIGUOUS)
    @pytest.mark.parametrize("others", [1, 3])
    def test_the_retry_of_an_unguarded_update_keeps_what_others_wrote_meanwhile(
        self, store: DynamoDBStore, wire: Wire, fault: Fault, others: int
    ) -> None:
        order = placed(store, wire)

        def write() -> None:
            for _ in range(others):
                store.update(a_change(order, TEN_MUGS, owner=order.customer_id))

        wire.before_reply_is_lost = write
        wire.faults.append(fault)
        after = store.update(a_change(order, LAMPS))
        assert (after.version, after.content, after.updated_by) == (2 + others, TEN_MUGS, order.customer_id)
        assert after == store.get(order.order_id)

    @pytest.mark.parametrize("fault", AMBIGUOUS)
    def test_a_return_between_an_update_and_its_retry_does_not_hide_the_update(
        self, store: DynamoDBStore, wire: Wire, fault: Fault
    ) -> None:
        order = placed(store, wire, OrderStatus.DELIVERED)

        def request_return() -> None:
            current = store.get(order.order_id)
            assert current is not None
            store.save(
                returns.request(current, "r1", [(1, 1)], "broken", at=moment(9), by="ana"), current.version
            )

        wire.before_reply_is_lost = request_return
        wire.faults.append(fault)
        after = store.update(a_change(order, order.content))
        assert (after.version, len(after.returns)) == (3, 1)
        assert after == store.get(order.order_id)

    @pytest.mark.parametrize("fault", AMBIGUOUS)
    def test_an_order_that_was_not_there_is_not_found_by_a_retry_either(
        self, store: DynamoDBStore, wire: Wire, fault: Fault
    ) -> None:
        for write in (
            partial(store.update, a_change(an_order())),
            partial(store.delete, a_removal(an_order())),
        ):
            wire.faults.append(fault)
            with pytest.raises(OrderNotFound):
                write()

    @pytest.mark.parametrize("fault", AMBIGUOUS)
    def test_an_order_that_another_has_deleted_meanwhile_is_not_found(
        self, store: DynamoDBStore, wire: Wire, fault: Fault
    ) -> None:
        order = placed(store, wire)
        store.delete(a_removal(order))
        wire.faults.append(fault)
        with pytest.raises(OrderNotFound):
            store.delete(a_removal(order))

    def test_what_is_wrong_with_the_request_is_not_tried_again(
        self, store: DynamoDBStore, wire: Wire
    ) -> None:
        wire.faults.append(Fault.REFUSE)
        with pytest.raises(RequestRefused, match="on demand"):
            store.get(an_order().order_id)
        assert wire.calls == ["GetItem"]

    def test_a_lost_reply_makes_one_order(self, api: Api, wire: Wire) -> None:
        wire.faults.append(Fault.LOSE_REPLY)
        created = api.send("POST", ORDERS, MUGS)
        assert created.status == 201
        assert "Idempotent-Replayed" not in created.headers
        assert api.send("GET", created.headers["Location"]).json == created.json

    def test_a_store_that_is_away_is_told_as_such(self, api: Api, wire: Wire) -> None:
        wire.faults.extend([Fault.SERVER_ERROR] * 3)
        answer = api.send("POST", ORDERS, MUGS)
        assert (answer.status, answer.headers["Retry-After"]) == (503, "1")

    def test_an_action_that_a_policy_denies_is_told_as_unavailable_and_named_in_the_log(
        self, api: Api, wire: Wire
    ) -> None:
        wire.faults.append(Fault.DENY)
        answer = api.send("POST", ORDERS, MUGS)
        assert (answer.status, wire.calls) == (503, ["PutItem"])
        assert "denied" not in answer.body
        assert api.telemetry.observations[-1].cause == (
            "dynamodb PutItem is denied: AccessDeniedException: on demand"
        )

    def test_connections_that_died_while_idle_cost_one_retry_and_not_all(
        self, store: DynamoDBStore, wire: Wire, dynamodb_endpoint: str, table: str
    ) -> None:
        """A staff listing opens many; when they are used again later, the server has closed all of them."""
        client = DynamoDBClient(REGION, wire.url)
        over = DynamoDBStore(client, Tables.beside(table))
        over.list_orders(OrderQuery(None), 5)
        for connection in client._client._connections._idle:
            connection.sock.shutdown(2)
        assert over.get(an_order().order_id) is None
        client.close()

    @staticmethod
    def placed_despite(store: DynamoDBStore, wire: Wire, status: OrderStatus) -> Order:
        """As `placed`, with the faults kept for later."""
        waiting = list(wire.faults)
        wire.faults.clear()
        order = placed(store, wire, status)
        wire.faults.extend(waiting)
        return order
