"""Orders to be moved, and everything that the application answers about them."""

import itertools
import random
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from orders_aws.dynamodb import store as dynamodb
from orders_aws.dynamodb.client import DynamoDBClient
from orders_core.models import OrderStatus
from orders_core.stores import Store
from orders_host.data_dir import ORDERS_DB
from orders_host.options import DynamoDBStore
from orders_host.sqlite import SqliteOrderRepository
from orders_migration.plan import begin_to_table, opened
from orders_migration.state import StateFile
from orders_migration.to_table import Outcome, ToTable
from tests.api import ANA, ORDERS, STAFF, Answer, Api, Ticking

PLACED = 70

MUG = {"product_id": "A-1", "name": "Mug", "quantity": 2, "unit_price": "9.50"}
_MOVES = ("CONFIRMED", "PROCESSING", "SHIPPED", "DELIVERED")
_FIGURES = (f"{ORDERS}/stats", {"from": "2026-01-31", "to": "2026-02-28"})


def fill(data_dir: Path) -> None:
    """Place orders of every kind with the application, and delete some."""
    with closing(SqliteOrderRepository(data_dir / ORDERS_DB)) as store:
        shop = Shop(store)
        store.begin()
        for _ in range(PLACED):
            shop.place()
        store.commit()


class Shop:
    """Customers and staff at work on one day, the same work every time."""

    def __init__(self, store: Store, day: str = "2026-01-31") -> None:
        self._api = Api(store, Ticking(day))
        self._day = day
        self._numbers = itertools.count()
        self._chance = random.Random(12)
        self.placed: list[str] = []

    def place(self) -> str:
        """Place an order, and let it go some of its way; every seventh is deleted."""
        number = next(self._numbers)
        body = {
            "items": [MUG],
            "notes": f"Ñandú {number}",
            "external_reference": f"R-{number % 9}",
            "metadata": {"n": str(number)},
        }
        headers = {"idempotency-key": f"{self._day}-{number}"}
        order_id: str = self._api.send("POST", ORDERS, body, headers=headers).expect(201)["order_id"]
        path = f"{ORDERS}/{order_id}"
        if number % 7 == 0:
            assert self._api.send("DELETE", path).status == 204
            return order_id
        if number % 3 == 0:
            payment = {
                "provider": "card",
                "reference": f"pi_{number}",
                "amount": "19.00",
                "status": "CAPTURED",
            }
            self._api.send("POST", f"{path}/payments", payment, caller=STAFF).expect(201)
        for status in _MOVES[: number % 5]:
            self._api.send("PATCH", path, {"status": status}, caller=STAFF).expect(200)
        self.placed.append(order_id)
        return order_id

    def work(self) -> None:
        """What may happen meanwhile: an order placed, one changed, one deleted."""
        while not self.placed:
            self.place()
        self.place()
        path = f"{ORDERS}/{self._chance.choice(self.placed)}"
        status = self._api.send("GET", path).json["status"]
        if status == OrderStatus.PENDING:
            self._api.send("PATCH", path, {"notes": "Ring twice"}).expect(200)
        doomed = f"{ORDERS}/{self._api.send('POST', ORDERS, {'items': [MUG]}).expect(201)['order_id']}"
        assert self._api.send("DELETE", doomed).status == 204


@contextmanager
def opened_table(table: DynamoDBStore) -> Iterator[dynamodb.DynamoDBStore]:
    """The store over the tables."""
    client = DynamoDBClient(table.region, table.endpoint_url)
    try:
        yield dynamodb.DynamoDBStore(client, dynamodb.Tables.beside(table.table))
    finally:
        client.close()


def to_table(
    data_dir: Path, table: DynamoDBStore, reached: Callable[[str], None] = lambda _: None
) -> Outcome:
    """One run of the migration, as the command makes it."""
    state_file = StateFile(data_dir)
    with opened(data_dir, table) as sides:
        state = begin_to_table(sides, state_file, table)
        return ToTable(sides.file, sides.table, state_file, state, reached=reached).run()


def everything_told(store: Store, order_ids: list[str]) -> list[tuple[str, int, str | None, str]]:
    """What the application answers about orders and lists of them: path, status, entity tag, bytes."""
    api = Api(store)
    told = []

    def ask(path: str, query: object = None, caller: object = None) -> Answer:
        answer = api.send("GET", path, query=query, caller=STAFF if caller is None else ANA)
        body = answer.body
        if answer.status != 200:  # a problem names its request
            body = body.replace(answer.json["request_id"], "…")
        told.append((f"{path}?{query}", answer.status, answer.headers.get("ETag"), body))
        return answer

    def walk(query: dict[str, str], caller: object = None) -> None:
        cursor: dict[str, str] = {}
        while True:
            page = ask(ORDERS, query | cursor, caller).expect(200)
            if not page.get("next_cursor"):
                return
            cursor = {"cursor": page["next_cursor"]}

    for order_id in order_ids:
        version = ask(f"{ORDERS}/{order_id}").json.get("version", 2)
        ask(f"{ORDERS}/{order_id}/events", {"limit": "100"})
        for each in range(1, version + 1):
            ask(f"{ORDERS}/{order_id}", {"version": str(each)})
        ask(f"{ORDERS}/{order_id}", {"at": "2026-01-31T00:00:00.200Z"})
    for query in ({}, {"status": "SHIPPED"}, {"sort": "created_at"}, {"external_reference": "R-3"}):
        walk({"limit": "20"} | query)
    walk({"limit": "20"}, ANA)
    ask(*_FIGURES)
    return told


def ids_in(data_dir: Path) -> list[str]:
    """The ids of all orders that there are, or were."""
    with closing(SqliteOrderRepository(data_dir / ORDERS_DB)) as store:
        rows = store._reader.execute("SELECT DISTINCT order_id FROM outbox ORDER BY order_id")
        return [row[0] for row in rows.fetchall()]
