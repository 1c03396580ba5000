"""Ten rounds of kill -9 under load: every committed change arrives, in order, twice only with the same id."""

import http.server
import json
import os
import random
import signal
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.blackbox.client import MUGS, writable
from tests.events.own_host import OwnHost
from tests.real_parts.process import wait_for_exit

from orders_host.relay import ORDERS_DB

ROUNDS = 10
WRITERS = 4
CHANGES_OF_AN_ORDER = 5
PATIENCE_SECONDS = 60


class Receiver(http.server.ThreadingHTTPServer):
    """A webhook's endpoint: notes the ids and bodies in the order in which they come."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.messages: list[tuple[str, bytes]] = []
        self.changed = threading.Condition()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"

    def handle_error(self, request: object, client_address: object) -> None:
        """Says nothing: a host that is killed breaks its connections."""

    def wait_for(self, ids: set[str]) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: ids <= {one for one, _ in self.messages}, PATIENCE_SECONDS)


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.changed:
            self.server.messages.append((self.headers["webhook-id"], body))
            self.server.changed.notify_all()
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


class Load:
    """Customers who place and change orders without a pause, and remember what was acknowledged."""

    def __init__(self, host: OwnHost) -> None:
        self._host = host
        self._acknowledged: list[str] = []
        self._changed = threading.Condition()
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._write) for _ in range(WRITERS)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def wait_for_more(self, number: int) -> None:
        """Until so many more changes are acknowledged."""
        with self._changed:
            enough = len(self._acknowledged) + number
            assert self._changed.wait_for(lambda: len(self._acknowledged) >= enough, PATIENCE_SECONDS)

    @property
    def acknowledged(self) -> set[str]:
        return set(self._acknowledged)

    def _write(self) -> None:
        headers = {"Authorization": self._host.authorization}
        with httpx.Client(base_url=self._host.url, headers=headers, timeout=10) as client:
            while not self._over.is_set():
                try:
                    self._one_order(client)
                except httpx.TransportError:
                    self._over.wait(0.05)

    def _one_order(self, client: httpx.Client) -> None:
        order = self._acknowledge(client.post("/v1/orders", json=MUGS))
        for number in range(CHANGES_OF_AN_ORDER):
            change = writable(order) | {"notes": f"change {number}"}
            order = self._acknowledge(client.put(f"/v1/orders/{order['order_id']}", json=change))

    def _acknowledge(self, response: httpx.Response) -> dict[str, Any]:
        assert response.status_code in (200, 201), response.text
        order: dict[str, Any] = response.json()
        with self._changed:
            self._acknowledged.append(f"{order['order_id']}:{order['version']}")
            self._changed.notify_all()
        return order


def test_ten_rounds_of_kill_9(tmp_path: Path, receiver: Receiver) -> None:
    host = OwnHost(tmp_path)
    with host.running():
        host.run("webhook", "add", receiver.url, "--allow-http")
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    with Load(host) as load:
        for _ in range(ROUNDS):
            server = host.start()
            load.wait_for_more(chance.randint(1, 60))
            os.kill(server.pid, signal.SIGKILL)
            assert wait_for_exit(server, seconds=PATIENCE_SECONDS) == -signal.SIGKILL
    committed = committed_events(host.data / ORDERS_DB)
    assert load.acknowledged <= committed.keys()
    with host.running():
        receiver.wait_for(set(committed))
    check(receiver.messages, set(committed))


def committed_events(orders_db: Path) -> dict[str, int]:
    """The ids of all events, with their place in the outbox."""
    with closing(sqlite3.connect(orders_db)) as database:
        rows = database.execute("SELECT document, sequence FROM outbox").fetchall()
    return {json.loads(document)["id"]: sequence for document, sequence in rows}


def check(messages: list[tuple[str, bytes]], committed: set[str]) -> None:
    first_bodies: dict[str, bytes] = {}
    versions: defaultdict[str, list[int]] = defaultdict(list)
    for message_id, body in messages:
        if message_id in first_bodies:
            assert body == first_bodies[message_id]
            continue
        first_bodies[message_id] = body
        order_id, _, version = message_id.partition(":")
        versions[order_id].append(int(version))
    assert first_bodies.keys() == committed
    assert all(seen == list(range(1, len(seen) + 1)) for seen in versions.values())
