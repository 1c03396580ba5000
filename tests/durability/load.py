"""Many clients that place orders and remember which were acknowledged."""

import json
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
from tests.hosts.own import MUGS

CLIENTS = 8


class Load:
    """What was acknowledged: documents of orders by id, as the last answer had them."""

    def __init__(self) -> None:
        self.acknowledged: dict[str, dict[str, object]] = {}
        self.answers: list[tuple[int, str, int]] = []
        """Of each acknowledged write: when its answer was there (the monotonic clock in ns), id, version."""
        self.refused: list[int] = []
        self._changed = threading.Condition()
        self._stopping = False

    def wait_for(self, orders: int) -> None:
        """Returns when so many orders are acknowledged."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.acknowledged) >= orders, timeout=60)

    def stop(self) -> None:
        self._stopping = True

    def run(self, url: str, headers: dict[str, str]) -> None:
        """One client: places an order and changes it, again and again, until the host is gone."""
        with httpx.Client(base_url=url, headers=headers, timeout=30) as client:
            try:
                while not self._stopping:
                    self._note(client.post("/v1/orders", json=MUGS | {"notes": uuid.uuid4().hex}))
                    order_id = next(reversed(self.acknowledged), "")
                    self._note(client.put(f"/v1/orders/{order_id}", json=MUGS | {"notes": "changed"}))
            except httpx.TransportError:
                return

    def _note(self, answer: httpx.Response) -> None:
        with self._changed:
            if answer.status_code in (200, 201):
                order = json.loads(answer.content)
                self.answers.append((time.monotonic_ns(), order["order_id"], order["version"]))
                known = self.acknowledged.get(order["order_id"])
                # Clients change each other's orders: an older answer may arrive after a newer one.
                if known is None or int(str(known["version"])) < order["version"]:
                    self.acknowledged[order["order_id"]] = order
            else:
                self.refused.append(answer.status_code)
            self._changed.notify_all()


@contextmanager
def under_load(url: str, token: str) -> Iterator[Load]:
    """Keeps clients busy during the block, which ends them by `stop` or by ending the host."""
    load = Load()
    headers = {"Authorization": f"Bearer {token}"}
    with ThreadPoolExecutor(CLIENTS) as clients:
        for _ in range(CLIENTS):
            clients.submit(load.run, url, headers)
        try:
            yield load
        finally:
            load.stop()
