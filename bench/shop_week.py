"""A shop's week: `python -m bench.shop_week` replays 5,000 orders and settles every cent of them.

Orders of three currencies go through all states, with payments, shipments and returns: over HTTP on the
host, and by the handler's application over DynamoDB Local. A ledger (`bench/ledger.py`) keeps what each must
come to; at the end every order that the API lists is compared with it, and so are the sums.
"""

import http.client
import itertools
import json
import os
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import NamedTuple
from urllib.parse import urlsplit

import click
from tests.api import STAFF, event_of
from tests.hosts.own import PASSWORD, UNLIMITED, orders, own_host
from tests.real_parts.dynamodb_local import start_dynamodb_local
from tests.real_parts.process import stop
from tests.real_parts.tables import REGION, create_orders_table

from bench.ledger import Account, Json, Line, new_account, text_of
from orders_aws.dynamodb.client import DynamoDBClient
from orders_aws.dynamodb.store import DynamoDBStore, Tables
from orders_core.application import Application
from orders_core.stores import Store
from orders_core.telemetry import CacheResult, Observation

ORDERS = "/v1/orders"
EMAIL = "staff@example.com"
BATCH = 50
THREADS = 8

Send = Callable[[str, str, object], Json]
"""Sends a request as staff, and returns the JSON of an answer of 2xx."""


class Sums(NamedTuple):
    """What the orders of one currency came to, in minor units."""

    orders: int = 0
    placed: int = 0
    captured: int = 0
    refunded: int = 0

    def plus(self, placed: int, captured: int, refunded: int) -> "Sums":
        return Sums(self.orders + 1, self.placed + placed, self.captured + captured, self.refunded + refunded)


class Result(NamedTuple):
    """How a week went: by currency what the API says and what the ledger says, and all that differs."""

    requests: int
    seconds: float
    told: dict[str, Sums]
    ledger: dict[str, Sums]
    statuses: Counter[str]
    returns: Counter[str]
    differences: list[str]


class Life:
    """One order from its placement on: what is done to it, by the API and in the ledger."""

    def __init__(self, send: Send, account: Account, placed: Json, random: Random) -> None:
        self._send = send
        self.account = account
        self.order = placed
        self._random = random
        self._path = f"{ORDERS}/{placed['order_id']}"

    def live(self) -> None:
        """Go as far as chance has it."""
        chance = self._random.random
        if chance() < 0.05:
            return
        if chance() < 0.08:
            self._move("CANCELLED")
            return
        payments = self._pay()
        self._move("CONFIRMED")
        if chance() < 0.05:
            self._move("CANCELLED")
            self._pay_all_back(payments)
            return
        if chance() < 0.05:
            return
        self._move("PROCESSING")
        if chance() < 0.05:
            return
        self._ship(whole=chance() < 0.7)
        if chance() < 0.1:
            return
        self._ship(whole=True)
        self._move("DELIVERED")
        while chance() < 0.25 and any(line.pieces for line in self.account.lines):
            self._return()

    def _write(self, method: str, path: str, body: object) -> None:
        self.order = self._send(method, self._path + path, body)
        self.account.writes += 1

    def _move(self, status: str) -> None:
        self._write("PATCH", "", {"status": status})
        self.account.status = status

    def _pay(self) -> list[str]:
        """One or two payments that are captured, now and then after one that failed; returns their ids."""
        account, total = self.account, self.account.total
        if self._random.random() < 0.1:
            self._record(total, "FAILED")
        first = self._random.randint(1, total) if self._random.random() < 0.2 else total
        ids = []
        for amount in filter(None, (first, total - first)):
            self._record(amount, "AUTHORIZED")
            account.authorized += amount
            ids.append(self.order["payments"][-1]["payment_id"])
        for payment_id, amount in zip(ids, filter(None, (first, total - first)), strict=True):
            self._write("PUT", f"/payments/{payment_id}", {"status": "CAPTURED"})
            account.authorized -= amount
            account.captured += amount
        return ids

    def _record(self, amount: int, status: str) -> None:
        reference = f"{self.account.reference}/{len(self.order.get('payments', ()))}"
        text = self.account.text(amount)
        body = {"provider": "card", "reference": reference, "amount": text, "status": status}
        self._write("POST", "/payments", body)

    def _pay_all_back(self, payments: list[str]) -> None:
        for payment_id in payments:
            self._write("PUT", f"/payments/{payment_id}", {"status": "REFUNDED"})
        self.account.refunded = self.account.captured

    def _ship(self, *, whole: bool) -> None:
        left = [(number, line) for number, line in enumerate(self.account.lines, 1) if line.unshipped]
        if not left:
            return
        parts = left if whole else left[:1]
        quantities = {
            number: line.unshipped if whole else self._random.randint(1, line.unshipped)
            for number, line in parts
        }
        for number, line in parts:
            line.unshipped -= quantities[number]
        tracking = f"{self.account.reference}-{len(self.order.get('shipments', ()))}"
        body = {"carrier": "correos", "tracking_number": tracking, "lines": _lines(quantities)}
        self._write("POST", "/shipments", body)
        self.account.status = "SHIPPED"

    def _return(self) -> None:
        account, random = self.account, self._random
        left = [(number, line) for number, line in enumerate(account.lines, 1) if line.pieces]
        chosen = random.sample(left, random.randint(1, len(left)))
        quantities = {number: random.randint(1, line.pieces) for number, line in chosen}
        refunds = {number: account.refund_for(line, quantities[number]) for number, line in chosen}
        self._write("POST", "/returns", {"lines": _lines(quantities), "reason": "It does not fit"})
        told = self.order["returns"][-1]
        for line in told["lines"]:
            if account.minor(line["refund_amount"]) != refunds[line["line"]]:
                raise AssertionError(f"{account.reference}: {line} is not {refunds[line['line']]}")
        self._decide(f"/returns/{told['return_id']}", refunds, quantities)

    def _decide(self, path: str, refunds: dict[int, int], quantities: dict[int, int]) -> None:
        account, random = self.account, self._random
        fate = random.random()
        if fate < 0.1:
            account.returns["REQUESTED"] += 1
            return
        if fate < 0.25:
            account.returns["REJECTED"] += 1
            self._write("PUT", path, {"status": "REJECTED"})
            for number, refund in refunds.items():
                _give_back(account.lines[number - 1], refund, quantities[number])
            return
        account.returns["REFUNDED"] += 1
        shipping = random.randint(0, account.shipping_left) if random.random() < 0.4 else 0
        for status in ("APPROVED", "RECEIVED"):
            self._write("PUT", path, {"status": status})
        paid_back = {"shipping_refund": account.text(shipping)} if shipping else {}
        self._write("PUT", path, {"status": "REFUNDED", **paid_back})
        account.shipping_left -= shipping
        account.refunded += sum(refunds.values()) + shipping


def replay(send: Send, listed: Callable[[], Iterable[Json]], number: int, seed: int, run: str) -> Result:
    """Live the lives of so many orders, and settle them.

    Args:
        send: as staff; from several threads.
        listed: gives every order there is, at the end.
        number: of orders.
        seed: of all that chance decides.
        run: begins the reference of each order, so that runs in one store are apart.
    """
    started = time.perf_counter()
    counter = itertools.count()
    lives: dict[str, Life] = {}

    def counted(method: str, path: str, body: object) -> Json:
        next(counter)
        return send(method, path, body)

    def part(first: int) -> list[Life]:
        accounts = [
            new_account(Random(f"{seed}/{index}"), index, run)
            for index in range(first, min(first + BATCH, number))
        ]
        bodies = [account.body() | {"idempotency_key": account.reference} for account in accounts]
        results = counted("POST", f"{ORDERS}:batch", {"orders": bodies})["results"]
        placed = [
            Life(counted, account, result["order"], Random(f"{seed}/{index}/life"))
            for index, (account, result) in enumerate(zip(accounts, results, strict=True), start=first)
        ]
        for life in placed:
            life.live()
        return placed

    with ThreadPoolExecutor(THREADS) as pool:
        for placed in pool.map(part, range(0, number, BATCH)):
            lives |= {life.account.reference: life for life in placed}
    return _settled(lives, listed(), next(counter), started)


def _settled(lives: dict[str, Life], listed: Iterable[Json], requests: int, started: float) -> Result:
    told: dict[str, Sums] = defaultdict(Sums)
    ledger: dict[str, Sums] = defaultdict(Sums)
    differences: list[str] = []
    missing = set(lives)
    for order in listed:
        reference = order.get("external_reference", "")
        life = lives.get(reference)
        if life is None or reference not in missing:
            continue
        missing.remove(reference)
        account = life.account
        differences += [f"{reference}: {difference}" for difference in _differences(account, order)]
        payments = order.get("payments", [])
        captured, refunded = (
            sum(account.minor(each[name]) for each in payments if each["status"] in statuses and name in each)
            for name, statuses in (("amount", ("CAPTURED", "REFUNDED")), ("refunded_amount", ("REFUNDED",)))
        )
        currency = account.currency
        told[currency] = told[currency].plus(account.minor(order["total_amount"]), captured, refunded)
    differences += [f"{reference}: is not listed" for reference in missing]
    for life in lives.values():
        account = life.account
        ledger[account.currency] = ledger[account.currency].plus(
            account.total, account.captured, account.refunded
        )
    statuses = Counter(life.account.status for life in lives.values())
    returns = sum((life.account.returns for life in lives.values()), Counter[str]())
    seconds = time.perf_counter() - started
    return Result(requests, seconds, dict(told), dict(ledger), statuses, returns, differences)


def _differences(account: Account, order: Json) -> Iterator[str]:
    """In what an order is not as the ledger has it."""
    expected: Json = {name: account.text(amount) for name, amount in account.sums.items()}
    expected |= {"status": account.status, "version": account.writes}
    if account.authorized or account.captured or "payments" in order:
        expected["payment_status"] = account.payment_status
    if "shipments" in order or account.fulfilment_status != "UNFULFILLED":
        expected["fulfilment_status"] = account.fulfilment_status
    for name, value in expected.items():
        if order.get(name) != value:
            yield f"{name} is {order.get(name)}, not {value}"
    returns = Counter(each["status"] for each in order.get("returns", ()))
    if returns != account.returns:
        yield f"its returns are {dict(returns)}, not {dict(account.returns)}"


def _lines(quantities: dict[int, int]) -> list[Json]:
    return [{"line": number, "quantity": quantity} for number, quantity in quantities.items()]


def _give_back(line: Line, refund: int, quantity: int) -> None:
    line.paid += refund
    line.pieces += quantity


class Silent:
    """Telemetry that forgets, but for a crash."""

    def record(self, observation: Observation) -> None: ...

    def looked_up(self, result: CacheResult, seconds: float) -> None: ...

    def crashed(self, request_id: str) -> None:
        raise RuntimeError(request_id)


def in_process(store: Store) -> tuple[Send, Callable[[], Iterator[Json]]]:
    """The application over a store, called as the handler is."""
    application = Application(store, Silent())

    def send(method: str, path: str, body: object) -> Json:
        path, _, query = path.partition("?")
        content = None if body is None else json.dumps(body).encode()
        answer = application(event_of(method, path, caller=STAFF, content=content, query=query))
        return _json(answer["statusCode"], answer["body"], f"{method} {path}")

    return send, lambda: pages(send)


def pages(send: Send) -> Iterator[Json]:
    """All orders, page by page."""
    cursor = ""
    while True:
        page = send("GET", f"{ORDERS}?limit=100{cursor}", None)
        yield from page["orders"]
        if page["next_cursor"] is None:
            return
        cursor = f"&cursor={page['next_cursor']}"


@contextmanager
def over_http(scratch: Path) -> Iterator[tuple[Send, Callable[[], Iterator[Json]]]]:
    """A host of our own: its requests, and its export."""
    with own_host(scratch, *UNLIMITED) as host:
        orders("user", "add", EMAIL, "--password", PASSWORD, "--group", "staff", data_dir=scratch)
        headers = {"Authorization": f"Bearer {host.token(EMAIL)}", "Content-Type": "application/json"}
        local = threading.local()

        def request(method: str, path: str, body: object) -> http.client.HTTPResponse:
            if not hasattr(local, "connection"):
                local.connection = http.client.HTTPConnection(urlsplit(host.url).netloc, timeout=60)
            content = None if body is None else json.dumps(body).encode()
            local.connection.request(method, path, content, headers)
            response: http.client.HTTPResponse = local.connection.getresponse()
            return response

        def send(method: str, path: str, body: object) -> Json:
            response = request(method, path, body)
            return _json(response.status, response.read().decode(), f"{method} {path}")

        yield send, lambda: map(json.loads, request("GET", f"{ORDERS}/export", None))


@contextmanager
def over_dynamodb(scratch: Path) -> Iterator[tuple[Send, Callable[[], Iterator[Json]]]]:
    """The application over DynamoDB Local."""
    os.environ.update(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test")
    server = start_dynamodb_local(scratch / "dynamodb.log")
    try:
        client = DynamoDBClient(REGION, server.url)
        yield in_process(DynamoDBStore(client, Tables.beside(create_orders_table(server.url))))
        client.close()
    finally:
        stop(server)


SIDES = {"host": over_http, "dynamodb": over_dynamodb}


def table(results: dict[str, Result]) -> str:
    """The results as a table in Markdown."""
    rows = [
        "| | orders | placed | captured | refunded | off the ledger |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for side, result in results.items():
        for currency, sums in sorted(result.told.items()):
            amounts = " | ".join(f"{Decimal(text_of(amount, currency)):,}" for amount in sums[1:])
            off = sum(abs(ours - theirs) for ours, theirs in zip(sums, result.ledger[currency], strict=True))
            rows.append(f"| {side}, {currency} | {sums.orders:,} | {amounts} | {off} |")
    return "\n".join(rows)


def _json(status: int, body: str, what: str) -> Json:
    if status // 100 != 2:
        raise RuntimeError(f"{what}: {status} {body}")
    answer: Json = json.loads(body)
    return answer


@click.command()
@click.argument("sides", nargs=-1, type=click.Choice([*SIDES]))
@click.option("--orders", "number", default=5_000, show_default=True)
@click.option("--seed", default=1, show_default=True)
def main(sides: tuple[str, ...], number: int, seed: int) -> None:
    """Replay a week on SIDES, both by default, and print what it came to."""
    results = {}
    for side in sides or SIDES:
        with tempfile.TemporaryDirectory() as scratch, SIDES[side](Path(scratch)) as (send, listed):
            result = results[side] = replay(send, listed, number, seed, "W")
        click.echo(f"{side}: {result.requests:,} requests in {result.seconds:.0f} s; {dict(result.statuses)}")
        click.echo(f"returns: {dict(result.returns)}; {len(result.differences)} differences")
        for difference in result.differences[:20]:
            click.echo(difference)
    click.echo(table(results))
    if any(result.differences for result in results.values()):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
