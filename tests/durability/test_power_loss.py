"""The power may fail at any moment: what was acknowledged before is on a disk that kept only what was synced.

A real host under load is recorded, and the disk is replayed to many moments of the record.
"""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random
from shutil import rmtree

import httpx
import pytest
from tests.durability.disk_trace.disk import Disk
from tests.durability.disk_trace.recording import Kind, Operation, read, recorded
from tests.durability.load import under_load
from tests.hosts.own import PASSWORD, UNLIMITED, ask_pool, own_host, sign_in

from orders_core.stores import StoreUnavailable
from orders_host.check import check
from orders_host.data_dir import EVENTS_DB, GATEWAY_DB, ORDERS_DB
from orders_host.database import Database
from orders_host.relay.store import EventStore
from orders_host.sqlite import SqliteOrderRepository

ORDERS = 500
SIGN_UPS = 5
IMAGES = int(os.environ.get("POWER_LOSSES", "60"))


@dataclass(frozen=True)
class Recording:
    """What a host did with its disk, and what it acknowledged meanwhile, each with a monotonic time in ns."""

    operations: list[Operation]
    orders: list[tuple[int, str, int]]
    users: list[tuple[int, str]]
    webhooks: list[tuple[int, str]]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """A host from its first start, under load, until it has stopped."""
    folder = tmp_path_factory.mktemp("recorded")
    data, trace = folder / "data", folder / "trace"
    data.mkdir()
    users, webhooks = [], []
    with own_host(data, *UNLIMITED, "--demo", env=recorded(trace, data)) as host, httpx.Client() as client:
        config = client.get(f"{host.url}/config.json").json()
        # Not by the command line: what another process writes would not be recorded.
        token = sign_in(client, config, "ana@example.com")
        staff = {"Authorization": f"Bearer {sign_in(client, config, 'staff@example.com')}"}
        with under_load(host.url, token) as load:
            for number in range(SIGN_UPS):
                email = f"new-{number}@example.com"
                attributes = [{"Name": "email", "Value": email}]
                asked = {"Username": email, "Password": PASSWORD, "UserAttributes": attributes}
                ask_pool(client, config, "SignUp", **asked)
                users.append((time.monotonic_ns(), email))
                # Of an event that does not occur here, so that nothing is sent.
                webhook = {"url": f"https://hooks.invalid/{number}", "events": ["order.deleted"]}
                added = client.post(f"{host.url}/v1/webhooks", json=webhook, headers=staff)
                webhooks.append((time.monotonic_ns(), added.json()["webhook"]["webhook_id"]))
            load.wait_for(ORDERS)
    return Recording(read(trace), load.answers, users, webhooks)


def images(
    recording: Recording, random: Random, folder: Path, *, ignores_syncs: bool = False
) -> Iterator[tuple[Path, int]]:
    """Folders as a power loss could leave them, each with the moment of the loss.

    The moments are spread over the record; half of them are just before a sync, where most is at stake.
    """
    operations = recording.operations
    syncs = [number for number, operation in enumerate(operations) if operation.kind is Kind.SYNC]
    moments = {
        *random.sample(syncs, min(IMAGES // 2, len(syncs))),
        *random.sample(range(len(operations)), IMAGES // 2),
    }
    disk = Disk(ignores_syncs=ignores_syncs)
    for number, operation in enumerate(operations):
        if number in moments:
            image = folder / str(number)
            disk.image(random, image)
            yield image, operation.began_ns
            rmtree(image)
        disk.take(operation)


def lost(recording: Recording, image: Path, moment: int) -> list[str]:
    """What was acknowledged before the moment and is not there, and what is there and is wrong.

    The databases are opened as a host opens them at its start.
    """
    try:
        with closing(SqliteOrderRepository(image / ORDERS_DB)) as store:
            orders = [store.get(order_id) for _, order_id, _ in recording.orders]
        with closing(Database(image / GATEWAY_DB)) as database:
            emails = {row[0] for row in database.rows("SELECT email FROM user")}
        with closing(EventStore(image / EVENTS_DB)) as event_store:
            webhooks = {webhook.webhook_id for webhook in event_store.all()}
    except (sqlite3.DatabaseError, StoreUnavailable) as error:
        return [f"a database is damaged: {error}"]
    found = [f"{finding.file}: {finding.text}" for finding in check(image).findings]
    for (answered, order_id, version), order in zip(recording.orders, orders, strict=True):
        if answered < moment and (order is None or order.version < version):
            found.append(f"order {order_id}: version {version} was acknowledged")
    for answered, email in recording.users:
        if answered < moment and email not in emails:
            found.append(f"user {email} was told to confirm")
    for answered, webhook_id in recording.webhooks:
        if answered < moment and webhook_id not in webhooks:
            found.append(f"webhook {webhook_id} was added")
    return found


def test_a_power_loss_takes_nothing_back(recording: Recording, tmp_path: Path) -> None:
    for image, moment in images(recording, Random(1), tmp_path):
        assert lost(recording, image, moment) == [], f"of the image {image.name}"


def test_a_disk_that_does_not_sync_is_noticed(recording: Recording, tmp_path: Path) -> None:
    lying = images(recording, Random(1), tmp_path, ignores_syncs=True)
    assert any(lost(recording, image, moment) for image, moment in lying)
