"""The application and a plain model of the rules, side by side through any history, never disagree."""

import tempfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from tests import conformance
from tests.api import ANA, LUIS, ORDERS, STAFF, Answer, Api, Caller, Json
from tests.unit.order_model import Model, ModelOrder, Refusal, reduced, seen, total

from orders_core import problems
from orders_core.models import OrderStatus, ReturnStatus
from orders_host.sqlite import SqliteOrderRepository

MUG: Final = {"product_id": "A-1", "quantity": 2, "unit_price": "9.50", "name": "Mug"}
LAMP: Final = {"product_id": "B-7", "quantity": 3, "unit_price": "0.05"}
BODIES: Final[list[Json]] = [
    {"items": [MUG]},
    {"items": [MUG, LAMP], "notes": "Ring twice", "metadata": {"channel": "web"}},
    {"items": [LAMP | {"unit_price": "5"}], "currency": "JPY"},
]
NOWHERE: Final = "00000000-0000-4000-8000-000000000000"

callers = st.sampled_from([ANA, LUIS, STAFF])
bodies = st.sampled_from(BODIES)
keys = st.sampled_from([None, None, "k1", "k2"])
customers = st.sampled_from([None, None, "ana", "luis"])
statuses = st.sampled_from([None, *OrderStatus])
# How the version that the client names differs from the order's; None: it names none.
staleness = st.sampled_from([None, None, None, 0, 0, -1, 1])
picks = st.integers(0, 40)


class Lives(RuleBasedStateMachine):
    """Two customers and staff do whatever they like."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._store = SqliteOrderRepository(Path(self._folder.name) / "orders.db")
        # The disk would take most of the time, and durability is another test's matter.
        self._store._writer.execute("PRAGMA synchronous = OFF")
        self.api = Api(self._store)
        self.model = Model()

    def teardown(self) -> None:
        assert self.api.telemetry.crashes == []
        self._store.close()
        self._folder.cleanup()

    @initialize()
    def some_orders(self) -> None:
        for caller, body in ((ANA, BODIES[0]), (LUIS, BODIES[1]), (ANA, BODIES[1])):
            self.create(caller, body, None, None)
        self.deliver(2)
        self.ask_for_a_return(2, ANA, [(1, 1)], "broken", None, None)

    @rule(caller=callers, body=bodies, key=keys, customer=customers)
    def create(self, caller: Caller, body: Json, key: str | None, customer: str | None) -> None:
        if customer:
            body = body | {"customer_id": customer}
        answer = self.send("POST", ORDERS, caller, body, key=key)
        refused, existing = attempt(lambda: self.model.allow_create(caller, body, key))
        if refused:
            told(answer, refused)
            return
        order_id = str(answer.expect(201)["order_id"])
        assert (answer.headers.get("Idempotent-Replayed") == "true") == (existing is not None)
        assert answer.headers["Location"] == f"{ORDERS}/{order_id}"
        if existing is None:
            assert order_id not in self.model.orders
            self.model.create(order_id, caller, body, key)
        self.agrees(answer, order_id)

    @rule(pick=picks, caller=callers, body=bodies, status=statuses, customer=customers, stale=staleness)
    def replace(
        self,
        pick: int,
        caller: Caller,
        body: Json,
        status: str | None,
        customer: str | None,
        stale: int | None,
    ) -> None:
        if status:
            body = body | {"status": status}
        if customer:
            body = body | {"customer_id": customer}
        self.put(self.order_id(pick), caller, body, stale)

    @rule(pick=picks, caller=callers, stale=staleness, data=st.data())
    def take_a_step(self, pick: int, caller: Caller, stale: int | None, data: st.DataObject) -> None:
        """As `replace`, but mostly along the machine, or a history would rarely get anywhere."""
        order_id = self.order_id(pick)
        order = self.model.orders.get(order_id)
        if order is None:
            return
        steps = [str(status) for status in OrderStatus if status is not OrderStatus.CANCELLED]
        later = steps[steps.index(order.status) + 1 :] if order.status in steps else []
        status = later[0] if later else data.draw(statuses)
        self.put(order_id, caller, order.content | ({"status": status} if status else {}), stale)

    @rule(pick=picks)
    def deliver(self, pick: int) -> None:
        order_id = self.order_id(pick)
        order = self.model.orders.get(order_id)
        while order and not order.deleted and order.status not in ("DELIVERED", "CANCELLED"):
            self.take_a_step_forward(order_id)

    @rule(pick=picks, caller=callers, stale=staleness)
    def delete(self, pick: int, caller: Caller, stale: int | None) -> None:
        order_id = self.order_id(pick)
        headers, versions = self.if_match(order_id, stale)
        answer = self.send("DELETE", f"{ORDERS}/{order_id}", caller, headers=headers)
        refused, _ = attempt(lambda: self.model.delete(order_id, caller, versions))
        if refused:
            told(answer, refused)
        else:
            assert (answer.status, answer.body) == (204, "")

    @rule(
        pick=picks,
        caller=callers,
        lines=st.lists(
            st.tuples(st.sampled_from([1, 1, 2, 3]), st.sampled_from([1, 1, 2, 3])), min_size=1, max_size=2
        ),
        reason=st.sampled_from(["broken", "too big"]),
        key=keys,
        stale=staleness,
    )
    def ask_for_a_return(
        self,
        pick: int,
        caller: Caller,
        lines: list[tuple[int, int]],
        reason: str,
        key: str | None,
        stale: int | None,
    ) -> None:
        order_id = self.order_id(pick, lambda order: order.status == "DELIVERED")
        body = {"lines": [{"line": line, "quantity": quantity} for line, quantity in lines], "reason": reason}
        headers, versions = self.if_match(order_id, stale)
        path = f"{ORDERS}/{order_id}/returns"
        answer = self.send("POST", path, caller, body, key=key, headers=headers)
        refused, existing = attempt(lambda: self.model.allow_return(order_id, caller, body, key, versions))
        if refused:
            told(answer, refused)
            return
        return_id = answer.headers["Location"].removeprefix(f"{path}/")
        assert (answer.headers.get("Idempotent-Replayed") == "true") == (existing is not None)
        if existing is None:
            self.model.request_return(order_id, return_id, caller, body, key)
        answer.expect(201)
        self.agrees(answer, order_id)

    @rule(
        pick=picks,
        number=st.integers(0, 4),
        caller=callers,
        status=st.sampled_from(ReturnStatus),
        stale=staleness,
    )
    def move_a_return(self, pick: int, number: int, caller: Caller, status: str, stale: int | None) -> None:
        order_id = self.order_id(pick, lambda order: bool(order.returns))
        order = self.model.orders.get(order_id)
        return_id = [*(order.returns if order else ()), NOWHERE][: number + 1][-1]
        headers, versions = self.if_match(order_id, stale)
        path = f"{ORDERS}/{order_id}/returns/{return_id}"
        answer = self.send("PUT", path, caller, {"status": status}, headers=headers)
        refused, _ = attempt(lambda: self.model.move_return(order_id, return_id, caller, status, versions))
        if refused:
            told(answer, refused)
        else:
            answer.expect(200)
            self.agrees(answer, order_id)

    @rule(pick=picks, caller=callers)
    def get(self, pick: int, caller: Caller) -> None:
        order_id = self.order_id(pick)
        answer = self.send("GET", f"{ORDERS}/{order_id}", caller)
        refused, _ = attempt(lambda: self.model.visible(order_id, caller))
        if refused:
            told(answer, refused)
            return
        answer.expect(200)
        self.agrees(answer, order_id)
        known = {"if-none-match": answer.headers["ETag"]}
        again = self.send("GET", f"{ORDERS}/{order_id}", caller, headers=known)
        assert (again.status, again.body) == (304, "")

    @rule(caller=callers, customer=customers, status=statuses, limit=st.sampled_from([1, 2, 100]))
    def list_orders(self, caller: Caller, customer: str | None, status: str | None, limit: int) -> None:
        query = {"customer_id": customer, "status": status, "limit": limit}
        given = {name: str(value) for name, value in query.items() if value is not None}
        refused, expected = attempt(lambda: self.model.listed(caller, customer, status))
        if refused:
            told(self.send("GET", ORDERS, caller, query=given), refused)
            return
        found = self.pages(ORDERS, caller, given, "orders")
        assert [order["order_id"] for order in found] == expected
        for order in found:
            assert reduced(order) == seen(self.model.orders[order["order_id"]])

    @rule(pick=picks, caller=callers, limit=st.sampled_from([1, 2, 100]))
    def events(self, pick: int, caller: Caller, limit: int) -> None:
        order_id = self.order_id(pick)
        path = f"{ORDERS}/{order_id}/events"
        refused, expected = attempt(lambda: self.model.events(order_id, caller))
        if refused:
            told(self.send("GET", path, caller), refused)
            return
        found = self.pages(path, caller, {"limit": str(limit)}, "events")
        assert [(event["type"], event["version"], event["actor"]) for event in found] == expected

    @rule(caller=callers)
    def statistics(self, caller: Caller) -> None:
        answer = self.send("GET", f"{ORDERS}/stats", caller, query={"from": "2026-01-31", "to": "2026-01-31"})
        if not caller.groups:
            told(answer, (403, "forbidden"))
            return
        orders = [order for order in self.model.orders.values() if not order.deleted]
        days = answer.expect(200)["days"]
        assert len(days) == bool(orders)
        revenue: dict[str, Decimal] = {}
        for order in orders:
            if order.status != "CANCELLED":
                currency = order.content["currency"]
                revenue[currency] = revenue.get(currency, Decimal()) + total(order)
        for day in days:
            assert day["orders"] == len(orders)
            assert day["by_status"] == {
                status: count
                for status in OrderStatus
                if (count := sum(order.status == status for order in orders))
            }
            assert {name: Decimal(amount) for name, amount in day["revenue"].items()} == revenue

    def order_id(self, pick: int, preferred: Callable[[ModelOrder], bool] = lambda _: True) -> str:
        """An order that there is or was, mostly one of those preferred, or rarely none."""
        orders = self.model.orders.items()
        ids = [order_id for order_id, order in orders if pick > 30 or preferred(order)] or [NOWHERE]
        return ids[pick % len(ids)] if pick < 40 else NOWHERE

    def take_a_step_forward(self, order_id: str) -> None:
        order = self.model.orders[order_id]
        steps = list(OrderStatus)
        status = steps[steps.index(OrderStatus(order.status)) + 1]
        self.put(order_id, STAFF, order.content | {"status": status}, None)

    def put(self, order_id: str, caller: Caller, body: Json, stale: int | None) -> None:
        headers, versions = self.if_match(order_id, stale)
        answer = self.send("PUT", f"{ORDERS}/{order_id}", caller, body, headers=headers)
        refused, _ = attempt(lambda: self.model.replace(order_id, caller, body, versions))
        if refused:
            told(answer, refused)
        else:
            answer.expect(200)
            self.agrees(answer, order_id)

    def send(
        self,
        method: str,
        path: str,
        caller: Caller,
        body: object = None,
        *,
        key: str | None = None,
        headers: dict[str, str] | None = None,
        query: dict[str, str] | None = None,
    ) -> Answer:
        given = dict(headers or {}) | ({"Idempotency-Key": key} if key else {})
        answer = self.api.send(method, path, body, caller=caller, headers=given, query=query)
        conformance.check(answer)
        return answer

    def pages(self, path: str, caller: Caller, query: dict[str, str], name: str) -> list[Json]:
        found: list[Json] = []
        while True:
            page = self.send("GET", path, caller, query=query).expect(200)
            assert page["count"] == len(page[name]) <= int(query["limit"])
            found += page[name]
            if page["next_cursor"] is None:
                return found
            query = query | {"cursor": page["next_cursor"]}

    def if_match(self, order_id: str, stale: int | None) -> tuple[dict[str, str], list[int] | None]:
        order = self.model.orders.get(order_id)
        if stale is None:
            return {}, None
        version = (order.version if order else 1) + stale
        return {"If-Match": f'"{version}"'}, [version]

    def agrees(self, answer: Answer, order_id: str) -> None:
        order = self.model.orders[order_id]
        assert answer.json["order_id"] == order_id
        assert reduced(answer.json) == seen(order)
        assert answer.headers["ETag"] == f'"{order.version}"'


def attempt(call: Callable[[], Any]) -> tuple[tuple[int, str] | None, Any]:
    """How the model refuses, or what it gives."""
    try:
        return None, call()
    except Refusal as refusal:
        return refusal.told, None


def told(answer: Answer, refusal: tuple[int, str]) -> None:
    """Raise AssertionError unless the answer is that refusal."""
    slug = answer.json["type"].removeprefix(problems.TYPE_BASE)
    assert (answer.status, slug) == refusal, answer.body


TestLives = Lives.TestCase
TestLives.settings = settings(max_examples=100, stateful_step_count=40)
