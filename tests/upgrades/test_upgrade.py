"""This release opens the data of every earlier one, and the backups that it made."""

import gzip
import json
import tarfile
from collections.abc import Iterator
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from orders_host.api_keys import ApiKeys
from orders_host.check import check
from orders_host.data_dir import DATABASES, EVENTS_DB, GATEWAY_DB
from orders_host.database import Database
from orders_host.relay.store import EventStore
from orders_host.restore import restore
from orders_host.sqlite_file import connect, schema_version
from tests.hosts import PASSWORD, cognito
from tests.hosts.own import MUGS, UNLIMITED, OwnHost, own_host
from tests.upgrades.make import ANA, FOLDER, IDEMPOTENCY_KEY, STAFF

REMEDY = "while this version is unreleased, run `python -m tests.upgrades.make`; else mend the migration"
FIXTURES = sorted(FOLDER.glob("*.tar.gz"))


@pytest.fixture(scope="module", params=FIXTURES, ids=lambda path: path.name.removesuffix(".tar.gz"))
def fixture(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


@pytest.fixture(scope="module")
def told(fixture: Path) -> dict[str, Any]:
    """What the API answered when the fixture was made."""
    answers: dict[str, Any] = json.loads(Path(str(fixture).removesuffix(".tar.gz") + ".json").read_text())
    return answers


@pytest.fixture(scope="module")
def data_dir(fixture: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The earlier release's data directory."""
    folder = tmp_path_factory.mktemp("upgrade") / "data"
    with tarfile.open(fixture) as archive:
        archive.extractall(folder, filter="data")
    (folder / "manifest.json").unlink()
    return folder


@pytest.fixture(scope="module")
def host(data_dir: Path) -> Iterator[OwnHost]:
    with own_host(data_dir, *UNLIMITED) as running:
        yield running


def holds(now: Any, then: Any) -> bool:  # noqa: ANN401 - JSON
    """Whether a document has all that an earlier one had; it may have fields that are new."""
    if isinstance(then, dict):
        return isinstance(now, dict) and all(name in now and holds(now[name], then[name]) for name in then)
    if isinstance(then, list):
        return len(now) == len(then) and all(map(holds, now, then))
    return bool(now == then)


def test_the_version_of_today_has_a_fixture() -> None:
    assert FOLDER / f"{version('orders-api')}.tar.gz" in FIXTURES, "run `python -m tests.upgrades.make`"


def test_a_user_signs_in_with_the_password_of_then(host: OwnHost) -> None:
    with host.client() as client:
        config = client.get("/config.json").json()
    tokens = cognito(config["cognito_url"]).initiate_auth(
        ClientId=config["client_id"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": ANA, "PASSWORD": PASSWORD},
    )
    assert tokens["AuthenticationResult"]["IdToken"]


def test_each_order_is_what_it_was(host: OwnHost, told: dict[str, Any]) -> None:
    with host.client(ANA) as client:
        for then in told["orders"]:
            now = client.get(f"/v1/orders/{then['order_id']}").json()
            assert holds(now, then), f"{REMEDY}: {now}"
        listed = client.get("/v1/orders").json()["orders"]
    assert [order["order_id"] for order in reversed(listed)] == [
        order["order_id"] for order in told["orders"]
    ]


def test_each_event_is_what_it_was(host: OwnHost, told: dict[str, Any]) -> None:
    with host.client(ANA) as client:
        for order_id, then in told["events"].items():
            now = client.get(f"/v1/orders/{order_id}/events").json()
            assert holds(now, then), f"{REMEDY}: {now}"


def test_a_deleted_order_stays_deleted(host: OwnHost, told: dict[str, Any]) -> None:
    with host.client(ANA) as client:
        assert client.get(f"/v1/orders/{told['deleted']}").status_code == 404


def test_a_request_that_is_sent_again_makes_no_second_order(host: OwnHost, told: dict[str, Any]) -> None:
    with host.client(ANA, Idempotency_Key=IDEMPOTENCY_KEY) as client:
        answer = client.post("/v1/orders", json=MUGS)
    assert answer.is_success, f"{REMEDY}: {answer.text}"
    assert answer.json()["order_id"] == told["orders"][0]["order_id"]


def test_an_order_can_be_changed(host: OwnHost, told: dict[str, Any]) -> None:
    with host.client(STAFF) as client:
        path = f"/v1/orders/{told['to_change']}"
        changed = client.put(path, json={**MUGS, "notes": "Changed since"}, headers={"If-Match": '"1"'})
    assert changed.status_code == 200, changed.text
    assert changed.json()["version"] == 2


def test_keys_and_webhooks_are_there(data_dir: Path, told: dict[str, Any]) -> None:
    with closing(Database(data_dir / GATEWAY_DB)) as database:
        assert ApiKeys(database).find(told["api_key"])
    with closing(EventStore(data_dir / EVENTS_DB)) as webhooks:
        assert [webhook.url for webhook in webhooks.all()] == told["webhooks"]


def test_the_files_are_sound(data_dir: Path) -> None:
    assert check(data_dir).findings == []


def test_its_backup_can_be_restored(fixture: Path, told: dict[str, Any], tmp_path: Path) -> None:
    archive = tmp_path / "backup.tar"
    archive.write_bytes(gzip.decompress(fixture.read_bytes()))
    restore(archive, tmp_path / "restored")
    result = check(tmp_path / "restored")
    assert (result.orders, result.findings) == (len(told["orders"]) + 1, [])
    for name in DATABASES:
        with closing(connect(tmp_path / "restored" / name)) as connection:
            assert schema_version(connection) > 0
