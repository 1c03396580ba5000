"""Clients with intentions: customers, who order, change their minds and send back. Staff is in `staff`."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from random import Random
from urllib.parse import urlencode

from tests.api import ORDERS
from tests.simulation.accounts import Account, Tokens
from tests.simulation.gateway import accounts
from tests.simulation.history import History, Json, Operation
from tests.simulation.machine import Machine
from tests.simulation.scenario import Fault, Scenario

Deed = Callable[[], Awaitable[None]]


class Client:
    """One caller, on its own machine: it outlives the host, and knows only what it was told."""

    def __init__(self, name: str, number: int, history: History, scenario: Scenario) -> None:
        self._name = name
        self._address = f"192.0.2.{number}"
        self._history = history
        self._scenario = scenario
        self._loss = 0.05 if Fault.ANSWERS_LOST in scenario.faults else 0.0
        self._known: dict[str, Json] = {}
        self._unknown: list[tuple[str, Json]] = []
        self._placed: dict[str, tuple[str, Json]] = {}
        self._count = 0
        self._random: Random
        self._tokens: Tokens
        self._account = Account(name, self._address, history, lambda: self._random.random() < self._loss)
        self._machine: Machine

    @property
    def machine(self) -> Machine:
        """The host as it is now."""
        return self._machine

    @machine.setter
    def machine(self, machine: Machine) -> None:
        self._machine = self._account.machine = machine

    async def run(self, life: int, known_to_all: dict[str, Json]) -> None:
        """Do what the scenario says for one life of the host; a power cut ends it in between."""
        deeds, weights = zip(*self._choices(known_to_all), strict=True)
        for step in self._scenario.steps(life, self._name):
            self._random = self._scenario.random(self._name, life, step)
            await asyncio.sleep(self._random.expovariate(1 / self._scenario.pace(life)))
            deed = self._random.choices(deeds, weights)[0]
            tokens = await self._account.tokens(self._random)
            if tokens is None:
                continue
            self._tokens = tokens
            await deed()
            known_to_all.update(self._known)

    def _choices(self, _known_to_all: dict[str, Json]) -> list[tuple[Deed, float]]:
        """What the client may do next, and how often it does so."""
        return [
            (self._place, 5),
            (self._get, 4),
            (self._list, 1),
            (self._change, 4),
            (self._return, 3),
            (self._delete, 1),
            (self._renew, 0.5),
            (self._sign_out, 0.5),
        ]

    async def _place(self) -> None:
        if self._unknown and self._random.random() < 0.7:
            tag, body = self._unknown.pop(0)
        else:
            tag = self._tag()
            items = [
                {"product_id": f"P-{number}", "quantity": self._random.randint(1, 5), "unit_price": "9.50"}
                for number in range(self._random.randint(1, 3))
            ]
            body = {"items": items, "metadata": {"op": tag}}
        operation = self._start("create", None, tag, body)
        told = await self._ask(operation, "POST", ORDERS, body, {"idempotency-key": tag})
        if told is None:
            self._unknown.append((tag, body))
        elif operation.succeeded:
            self._placed[told["order_id"]] = (tag, body)

    async def _get(self) -> None:
        if (order := self._some()) is not None:
            operation = self._start("get", order["order_id"], self._tag(), {})
            await self._ask(operation, "GET", f"{ORDERS}/{order['order_id']}")

    async def _list(self) -> None:
        operation = self._start("list", None, self._tag(), {})
        ids: list[str] = []
        query = {"limit": str(self._random.choice((1, 3, 20)))}
        while True:
            response = await self._exchange("GET", ORDERS, None, {}, query)
            if response is None or response[0] != 200:
                return
            ids += [order["order_id"] for order in response[1]["orders"]]
            if response[1]["next_cursor"] is None:
                break
            query["cursor"] = response[1]["next_cursor"]
        self._history.end(operation, 200, {"ids": ids})

    async def _change(self) -> None:
        if (order := self._some()) is None:
            return
        tag = self._tag()
        asked: Json = {"items": order["items"], "metadata": {"op": tag}}
        await self._put(order, "replace", tag, asked)

    async def _put(
        self, order: Json, name: str, tag: str, asked: Json, *, if_match: bool | None = None
    ) -> None:
        guarded = self._random.random() < 0.6 if if_match is None else if_match
        headers = {"if-match": f'"{order["version"]}"'} if guarded else {}
        note = {"if_match": order["version"]} if guarded else {}
        operation = self._start(name, order["order_id"], tag, note)
        await self._ask(operation, "PUT", f"{ORDERS}/{order['order_id']}", asked, headers)

    async def _delete(self) -> None:
        if (order := self._some()) is not None and order["status"] in ("PENDING", "CANCELLED"):
            operation = self._start("delete", order["order_id"], self._tag(), {})
            await self._ask(operation, "DELETE", f"{ORDERS}/{order['order_id']}")
            if order["order_id"] in self._placed:
                # Its request comes once more, late: the order must not come back.
                self._unknown.append(self._placed[order["order_id"]])

    async def _return(self) -> None:
        if (order := self._some("DELIVERED")) is None:
            return
        tag = self._tag()
        line = self._random.randint(1, len(order["items"]))
        quantity = self._random.randint(1, order["items"][line - 1]["quantity"])
        body = {"lines": [{"line": line, "quantity": quantity}], "reason": tag}
        operation = self._start("return", order["order_id"], tag, {})
        path = f"{ORDERS}/{order['order_id']}/returns"
        await self._ask(operation, "POST", path, body, {"idempotency-key": tag})

    async def _renew(self) -> None:
        await self._account.renew(self._tokens, self._random)

    async def _sign_out(self) -> None:
        await self._account.sign_out(self._random)

    def _start(self, name: str, order_id: str | None, tag: str, asked: Json) -> Operation:
        return self._history.start(self._name, name, order_id, tag, asked, self._tokens.session)

    async def _ask(
        self,
        operation: Operation,
        method: str,
        path: str,
        body: Json | None = None,
        headers: dict[str, str] | None = None,
    ) -> Json | None:
        response = await self._exchange(method, path, body, headers or {}, None)
        if response is None:
            return None
        status, told, replayed = response
        self._history.end(operation, status, told, replayed=replayed)
        if status < 300 and "version" in told:
            self._known[told["order_id"]] = told
        elif status == 404 and operation.order_id is not None:
            self._known.pop(operation.order_id, None)
        elif status == 412 and operation.order_id in self._known:
            await self._read_again(operation.order_id)
        return told

    async def _read_again(self, order_id: str) -> None:
        operation = self._start("get", order_id, self._tag(), {})
        await self._ask(operation, "GET", f"{ORDERS}/{order_id}")

    async def _exchange(
        self, method: str, path: str, body: Json | None, headers: dict[str, str], query: dict[str, str] | None
    ) -> tuple[int, Json, bool] | None:
        """The answer; None if it was lost, or if the host could not say what became of the request."""
        await self._network()
        content = b"" if body is None else json.dumps(body).encode()
        reply = await self._machine.gateway.ask(
            method,
            path,
            urlencode(query or {}),
            self._credentials | {"content-type": "application/json"} | headers,
            content,
            self._address,
        )
        await self._network()
        if reply.status >= 500 or self._random.random() < self._loss:
            return None
        if reply.status == 401:
            await self._account.renew(self._tokens, self._random)
        return reply.status, reply.document, "idempotent-replayed" in reply.headers

    @property
    def _credentials(self) -> dict[str, str]:
        key = accounts().api_keys.get(self._name)
        return {"authorization": self._tokens.id_token} | ({"x-api-key": key} if key else {})

    async def _network(self) -> None:
        await asyncio.sleep(self._random.expovariate(500))

    def _some(self, *statuses: str) -> Json | None:
        orders = [order for order in self._known.values() if not statuses or order["status"] in statuses]
        return self._random.choice(orders) if orders else None

    def _tag(self) -> str:
        self._count += 1
        return f"{self._name}-{self._count}"
