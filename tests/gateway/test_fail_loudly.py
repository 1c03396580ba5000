"""What breaks under the host is told to clients, to `/healthz` and in the log; no write is lost."""

import shutil
from pathlib import Path

import pytest
from tests.api import Recorder
from tests.hosts.own import MUGS, add_user, own_host

from orders_core.application import Application
from orders_core.proxy import ProxyEvent
from orders_core.telemetry import Observation
from orders_host.sqlite import SqliteOrderRepository

ANA = "ana@example.com"


@pytest.mark.parametrize("name", ["orders.db", "orders.db-wal"])
def test_a_database_that_was_moved_takes_no_writes_until_it_is_back(tmp_path: Path, name: str) -> None:
    add_user(tmp_path / "data", ANA)
    with own_host(tmp_path / "data") as host, host.client(ANA) as client:
        first = client.post("/v1/orders", json=MUGS)
        assert first.status_code == 201
        file = host.data_dir / name
        file.rename(tmp_path / "moved")
        refused = client.post("/v1/orders", json=MUGS)
        assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (503, "store-unavailable")
        unhealthy = client.get("/healthz")
        assert unhealthy.status_code == 503
        assert f"{name} was moved, replaced or removed" in unhealthy.json()["detail"]
        host.logged(lambda line: name in str(line.get("message")))
        (tmp_path / "moved").rename(file)
        assert client.get("/healthz").status_code == 200
        assert client.post("/v1/orders", json=MUGS).status_code == 201
        assert client.get(first.headers["location"]).status_code == 200


def test_another_file_of_the_same_name_is_not_the_database(tmp_path: Path) -> None:
    add_user(tmp_path / "data", ANA)
    with own_host(tmp_path / "data") as host, host.client(ANA) as client:
        file = host.data_dir / "orders.db"
        shutil.copy(file, tmp_path / "copy")
        (tmp_path / "copy").replace(file)
        assert client.post("/v1/orders", json=MUGS).status_code == 503


class Broken(Recorder):
    """Telemetry whose disk is full."""

    def record(self, observation: Observation) -> None:
        raise OSError(28, "No space left on device")

    def crashed(self, request_id: str) -> None:
        raise OSError(28, "No space left on device")


LIST: ProxyEvent = {
    "httpMethod": "GET",
    "resource": "/v1/orders",
    "path": "/v1/orders",
    "headers": None,
    "multiValueQueryStringParameters": None,
    "pathParameters": None,
    "requestContext": {"requestId": "1", "path": "/v1/orders", "authorizer": {"claims": {"sub": "ana"}}},
    "body": None,
    "isBase64Encoded": False,
}


def test_no_exception_leaves_the_application(tmp_path: Path) -> None:
    store = SqliteOrderRepository(tmp_path / "orders.db")
    try:
        application = Application(store, Broken())
        assert application(LIST)["statusCode"] == 200
        assert application({})["statusCode"] == 500  # type: ignore[typeddict-item]
        odd = LIST | {"requestContext": {"requestId": "1", "path": "/", "authorizer": "none"}}
        assert application(odd)["statusCode"] == 401  # type: ignore[arg-type]
    finally:
        store.close()
