"""A whole simulated history from one seed: clients, faults, power cuts, and the check at the end."""

import asyncio
import hashlib
import json
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from unittest import mock
from urllib.parse import urlencode

from orders_host.data_dir import GATEWAY_DB
from orders_host.relay.store import EventStore
from orders_webhooks.attempt import DeliveryResult
from orders_webhooks.payload import Message
from orders_webhooks.webhook import Webhook
from tests.api import ORDERS
from tests.simulation.accounts import Administrator
from tests.simulation.checker import Final, violations
from tests.simulation.clients import Client
from tests.simulation.gateway import DEFAULT_PLAN, PLAN_OF, PLANS, accounts, email
from tests.simulation.history import History, Json
from tests.simulation.loop import SimulatedLoop
from tests.simulation.machine import Machine, PowerCut, intact, run
from tests.simulation.randomness import deterministic
from tests.simulation.scenario import ADMINISTRATOR, CUSTOMERS, RUSH, STAFF_NAMES, Fault, Scenario
from tests.simulation.staff import Staff

_LONGEST_WAIT_SECONDS = 6 * 3600.0
_LIMITS = dict.fromkeys((*CUSTOMERS, *STAFF_NAMES), DEFAULT_PLAN) | {
    name: PLANS[plan] for name, plan in PLAN_OF.items()
}


@dataclass(frozen=True)
class Report:
    """What one scenario came to: the laws that were broken, and how much happened."""

    scenario: Scenario
    violations: list[str]
    operations: int
    cuts: int
    simulated_seconds: float
    digest: str


def simulate(scenario: Scenario) -> Report:
    """Run one history to its end, and check it."""
    # Made before, so that they are the same whichever seed is the first of a process.
    database = accounts().database
    with tempfile.TemporaryDirectory(dir=_memory()) as folder, deterministic(scenario.seed):
        return _World(scenario, Path(folder), database).run()


class _World:
    def __init__(self, scenario: Scenario, folder: Path, database: bytes) -> None:
        self._scenario = scenario
        self._folder = folder
        self._database = database
        self._history = History()
        self._known: dict[str, Json] = {}
        self._clients: list[Client | Administrator] = [
            *(
                (Staff if name in STAFF_NAMES else Client)(name, number, self._history, scenario)
                for number, name in enumerate((*CUSTOMERS, *STAFF_NAMES), start=1)
            ),
            Administrator(ADMINISTRATOR, self._history, scenario),
        ]
        self._webhook = scenario.random("webhook")
        self._answers_per_second = self._webhook.choice((50, 5, 1))
        failing = self._webhook.choice((0.0, 0.1))
        self._failing = failing if Fault.WEBHOOK_FAILS in scenario.faults else 0.0
        self._on = True
        self._crashes: list[str] = []

    def run(self) -> Report:
        cuts = self._scenario.cuts
        disk = self._folder / "0"
        disk.mkdir()
        (disk / GATEWAY_DB).write_bytes(self._database)
        now = 0.0
        for life in range(cuts + 1):
            after = self._folder / str(life + 1)
            now = self._live(life, disk, after if life < cuts else None, now)
            self._history.life_ends.append(now)
            if self._crashes:
                return self._report(self._crashes, life, now)
            if not after.exists():
                break
            shutil.rmtree(disk)
            disk = after
            if not intact(disk):
                return self._report(["the disk is damaged"], life + 1, now)
        found = violations(self._history, self._final, subscribers=("webhook",), limits=_LIMITS)
        return self._report(found, cuts, now)

    def _report(self, found: list[str], cuts: int, seconds: float) -> Report:
        operations = self._history.operations + self._history.of_accounts
        told = [(op.tag, op.session, op.started, op.ended, op.status, op.told) for op in operations]
        everything = repr((told, self._history.delivered, found))
        digest = hashlib.sha256(everything.encode()).hexdigest()[:16]
        return Report(self._scenario, found, len(operations), cuts, seconds, digest)

    def _live(self, life: int, disk: Path, cut_to: Path | None, now: float) -> float:
        """One life of the host; returns the time at its end."""
        loop = SimulatedLoop(self._scenario.random("threads", life))
        loop.now = now
        if Fault.CLOCK_SET in self._scenario.faults:
            # While the machine is off its clock may be set, forward and back.
            loop.wall_clock_ahead += self._scenario.random("clock", life).choice((0.0, 1.0, 3600.0, -30.0))
        asyncio.set_event_loop(loop)
        try:
            with (
                mock.patch.object(time, "time", loop.wall_clock),
                mock.patch.object(time, "monotonic", loop.time),
            ):
                self._history.clock = loop.time
                machine = Machine(disk, loop, self._scenario.random("disk", life), self._receive)
                if not list_webhooks(disk):
                    _subscribe(disk)
                self._on = True
                main = loop.create_task(self._work(machine, life, cut_to))
                try:
                    run(loop, main)
                except Exception as error:  # noqa: BLE001 - whatever stops the host is a finding
                    self._crashes.append(f"the host stopped: {error!r}")
                self._on = False
                _cancel_all(loop)
                machine.close()
        finally:
            asyncio.set_event_loop(None)
            loop.close()
        return loop.now

    async def _work(self, machine: Machine, life: int, cut_to: Path | None) -> None:
        await machine.start()
        if cut_to is not None:
            self._plan_faults(machine, life, cut_to)
        for client in self._clients:
            client.machine = machine
        await asyncio.gather(*(client.run(life, self._known) for client in self._clients))
        if cut_to is not None:
            # Some machines go on for a while after the last request, and save what they do in the background.
            await asyncio.sleep(self._scenario.random("idle", life).choice((0, 3)))
            machine.cut_now(cut_to)
        machine.fail_commits(0)
        machine.fill_disk(False)
        await self._all_delivered(machine)
        self._final = await self._read_all(machine)
        await machine.stop()

    async def _all_delivered(self, machine: Machine) -> None:
        """Wait until the webhook has caught up, or for so long that it never will."""
        until = machine.loop.now + _LONGEST_WAIT_SECONDS
        while machine.loop.now < until:
            await asyncio.sleep(5)
            store = machine.relay._store
            if store.cursor("webhook") >= machine.relay.feed.last and not store.waiting("webhook"):
                return

    def _plan_faults(self, machine: Machine, life: int, cut_to: Path) -> None:
        loop, faults = machine.loop, self._scenario.faults
        slower = self._scenario.pace(life) / RUSH
        if Fault.COMMITS_FAIL in faults:
            machine.fail_commits(self._scenario.random("commits", life).choice((0.0, 0.0, 0.05)))
        random = self._scenario.random("full", life)
        if Fault.DISK_FULL in faults and random.random() < 0.3:
            at = slower * random.uniform(0, 1)
            loop.call_later(at, machine.fill_disk, True)
            loop.call_later(at + slower * random.uniform(0, 0.5), machine.fill_disk, False)
        random = self._scenario.random("cut", life)
        cut = machine.cut_now if random.random() < 0.5 else machine.cut_in_next_commit
        loop.call_later(slower * random.uniform(0.05, 2), cut, cut_to)

    async def _receive(self, _: Webhook, message: Message) -> DeliveryResult:
        """A subscriber that is slow, fails now and then, and takes what it gets."""
        await asyncio.sleep(self._webhook.expovariate(self._answers_per_second))
        if self._webhook.random() < self._failing:
            return DeliveryResult("answered 500")
        if self._on:
            data = json.loads(message.body)["data"]
            self._history.receive("webhook", data["order_id"], data["version"])
        # The answer may be lost though the event was taken in.
        return DeliveryResult("timed out" if self._webhook.random() < self._failing / 2 else None)

    async def _read_all(self, machine: Machine) -> Final:
        reader = _Reader(machine)
        listed: list[str] = []
        query = {"limit": "7"}
        while True:
            page = await reader.found(ORDERS, query)
            listed += [order["order_id"] for order in page["orders"]]
            if page["next_cursor"] is None:
                break
            query["cursor"] = page["next_cursor"]
        rows = machine.store._reader.execute("SELECT DISTINCT order_id FROM outbox").fetchall()
        ids = {row[0] for row in rows} | set(listed)
        orders: dict[str, Json | None] = {}
        events: dict[str, list[Json]] = {}
        for order_id in sorted(ids):
            orders[order_id] = await reader.read(f"{ORDERS}/{order_id}")
            told = await reader.found(f"{ORDERS}/{order_id}/events", {"limit": "100"})
            events[order_id] = told["events"]
        return Final(orders, events, listed)


class _Reader:
    """One of the staff, who reads everything in the end."""

    def __init__(self, machine: Machine) -> None:
        self._gateway = machine.gateway
        pool, name = self._gateway.pool, email(STAFF_NAMES[0])
        pool.enable(name)
        self._headers = {"authorization": pool.tokens.issue(pool.user(name)).id_token}

    async def read(self, path: str, query: dict[str, str] | None = None) -> Json | None:
        """What is there, as soon as the rate limit admits the question; None if nothing is."""
        while True:
            reply = await self._gateway.ask(
                "GET", path, urlencode(query or {}), self._headers, b"", "127.0.0.1"
            )
            if reply.status != 429:
                assert reply.status in (200, 404), reply
                return reply.document if reply.status == 200 else None
            await asyncio.sleep(int(reply.headers["retry-after"]))

    async def found(self, path: str, query: dict[str, str]) -> Json:
        """What must be there."""
        document = await self.read(path, query)
        assert document is not None
        return document


def list_webhooks(disk: Path) -> list[Webhook]:
    store = EventStore(disk / "events.db")
    try:
        return store.all()
    finally:
        store.close()


def _subscribe(disk: Path) -> None:
    store = EventStore(disk / "events.db")
    try:
        store.add(
            Webhook(webhook_id="webhook", url="https://example.com/", events=(), secrets=(), created_at=0), 0
        )
    finally:
        store.close()


def _cancel_all(loop: SimulatedLoop) -> None:
    # In the order in which they were made, which is the same in every run; that of a set is not.
    tasks = sorted(asyncio.all_tasks(loop), key=lambda task: int(task.get_name().removeprefix("Task-")))
    for task in tasks:
        task.cancel()
    while tasks:
        try:
            loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        except PowerCut:
            continue
        break


def _memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None
