"""A customer is erased from every file of a data directory, while its host runs and others write."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from tests.gateway.test_cli import refused, run
from tests.hosts.own import OwnHost, add_user, claims_of, own_host, sign_in

from orders_host.data_dir import GATEWAY_DB, ORDERS_DB
from orders_host.erased_customers import ERASED

EMAIL: Final = "zyxana.quvedo@mailbox.example"
TRACES: Final = ("zyxana", "quvedo", "kwarzstrasse", "xylophon", "porcelanowy", "vjestica")
"""Words that only she and her orders have; in the search index they are by themselves."""

ORDER: Final[dict[str, Any]] = {
    "items": [{"product_id": "MUG-01", "name": "Mug", "quantity": 2, "unit_price": "9.50"}],
    "contact": {"name": "Zyxana Quvedo", "email": EMAIL, "phone": "+34911234567"},
    "shipping_address": {"lines": ["Kwarzstrasse 7"], "city": "Berlin", "country": "DE"},
    "notes": "Xylophon at the door",
    "metadata": {"gift": "Porcelanowy"},
}


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnHost]:
    """A host with a customer of ten orders in several versions, one of them deleted and one returned."""
    data_dir = tmp_path_factory.mktemp("host") / "data"
    add_user(data_dir, EMAIL)
    add_user(data_dir, "staff@example.com", "staff")
    add_user(data_dir, "eva@example.com")
    with own_host(data_dir) as host:
        yield host


def fill(host: OwnHost) -> list[str]:
    """Place orders as the customer and move them; their ids."""
    with host.client() as anyone, host.client(EMAIL) as ana, host.client("staff@example.com") as staff:
        config = anyone.get("/config.json").json()
        sign_in(anyone, config, EMAIL)
        headers = {"Idempotency-Key": "first"}
        ids = [ana.post("/v1/orders", json=ORDER, headers=headers).raise_for_status().json()["order_id"]]
        ids += [ana.post("/v1/orders", json=ORDER).raise_for_status().json()["order_id"] for _ in range(9)]
        for order_id in ids:
            ana.patch(f"/v1/orders/{order_id}", json={"notes": "Xylophon, twice"}).raise_for_status()
        ana.delete(f"/v1/orders/{ids[9]}").raise_for_status()
        for status in ("CONFIRMED", "PROCESSING", "SHIPPED", "DELIVERED"):
            staff.patch(f"/v1/orders/{ids[1]}", json={"status": status}).raise_for_status()
        reason = {"lines": [{"line": 1, "quantity": 1}], "reason": "Vjestica!"}
        ana.post(f"/v1/orders/{ids[1]}/returns", json=reason).raise_for_status()
        assert staff.get("/v1/orders", params={"q": "zyxana"}).json()["count"] == 9
    return ids


def traces(data_dir: Path) -> list[tuple[str, str]]:
    """Each word that is left, and the file that it is in, as `grep -ri` finds it."""
    files = {path: path.read_bytes().lower() for path in data_dir.rglob("*") if path.is_file()}
    found = [
        (word, path.name) for path, content in files.items() for word in TRACES if word.encode() in content
    ]
    with closing(sqlite3.connect(f"file:{data_dir / ORDERS_DB}?mode=ro", uri=True)) as orders_db:
        # The index keeps the ends of words only, where their beginnings are those of the word before.
        orders_db.execute("CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab(main, search, row)")
        words = {row[0] for row in orders_db.execute("SELECT term FROM temp.vocabulary")}
    return found + [(word, "search") for word in TRACES if word in words]


def test_nothing_is_left_of_her_in_any_file_while_the_host_runs(host: OwnHost, tmp_path: Path) -> None:
    data_dir = host.data_dir
    ids = fill(host)
    backup = tmp_path / "backup.tar"
    assert run("backup", backup, "--data-dir", data_dir).returncode == 0
    assert {word for word, _ in traces(data_dir)} == set(TRACES)
    token = host.token(EMAIL)
    exported = json.loads(run("customer", "export", EMAIL, "--data-dir", data_dir).stdout)
    assert exported["account"]["email"] == EMAIL
    assert len(exported["orders"]) == 10
    assert exported["orders"][0]["order"]["contact"]["name"] == "Zyxana Quvedo"
    assert {"signed-in", "customer-exported"} <= {line["event"] for line in exported["audit"]}

    counted = run("customer", "erase", EMAIL, "--dry-run", "--data-dir", data_dir).stdout
    assert counted.startswith("9 orders, 26 events, 1 accounts"), counted
    assert "give --yes" in refused("customer", "erase", EMAIL, "--data-dir", data_dir)
    done = run("customer", "erase", EMAIL, "--yes", "--data-dir", data_dir)
    assert (done.returncode, done.stdout[:19]) == (0, "9 orders, 26 events"), done
    assert traces(data_dir) == []

    with host.client("staff@example.com") as staff:
        order = staff.get(f"/v1/orders/{ids[1]}").json()
        assert (order["status"], order["total_amount"], order["notes"]) == ("DELIVERED", "19.00", None)
        assert order["returns"][0]["reason"] == ""
        assert staff.get(f"/v1/orders/{ids[1]}", params={"version": 1}).json()["erased_at"]
        types = [e["type"] for e in staff.get(f"/v1/orders/{ids[0]}/events").json()["events"]]
        assert types == ["OrderCreated", "OrderUpdated", "OrderPersonalDataErased"]
        assert staff.get("/v1/orders", params={"q": "zyxana"}).json()["count"] == 0
        refused_write = staff.patch(f"/v1/orders/{ids[0]}", json={"notes": "Zyxana again"})
        assert refused_write.status_code == 409
        assert staff.get("/v1/orders", headers={"Authorization": f"Bearer {token}"}).status_code == 401

    again = run("customer", "erase", exported["customer_id"], "--yes", "--data-dir", data_dir)
    assert again.stdout.startswith("0 orders, 0 events, 0 accounts"), again
    assert "nothing is held" in refused("customer", "erase", EMAIL, "--yes", "--data-dir", data_dir)
    assert "all is as it should be" in run("check", "--data-dir", data_dir).stdout


def test_a_backup_from_before_forgets_her_when_it_is_restored(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    add_user(data_dir, EMAIL)
    add_user(data_dir, "staff@example.com", "staff")
    backup, later = tmp_path / "backup.tar", tmp_path / "later.tar"
    with own_host(data_dir) as host:
        fill(host)
        assert run("backup", backup, "--data-dir", data_dir).returncode == 0
        assert run("customer", "erase", EMAIL, "--yes", "--data-dir", data_dir).returncode == 0
    assert run("backup", later, "--data-dir", data_dir).returncode == 0
    assert run("restore", backup, "--replace", "--data-dir", data_dir).returncode == 0
    assert traces(data_dir) == []
    # On another machine the list comes from the latest backup.
    moved = tmp_path / "moved"
    assert run("restore", later, "--data-dir", moved).returncode == 0
    assert run("restore", backup, "--replace", "--data-dir", moved).returncode == 0
    assert (moved / ERASED).is_file()
    assert traces(moved) == []
    assert (moved / GATEWAY_DB).is_file()


def test_staff_erase_by_the_api_and_the_host_cleans_its_files(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    sub = add_user(data_dir, EMAIL)
    add_user(data_dir, "staff@example.com", "staff")
    with own_host(data_dir) as host, host.client("staff@example.com") as staff, host.client(EMAIL) as ana:
        ids = fill(host)
        ids += [ana.post("/v1/orders", json=ORDER).json()["order_id"] for _ in range(20)]
        personal_data = f"/v1/customers/{sub}/personal-data"
        assert (ana.get(personal_data).status_code, ana.delete(personal_data).status_code) == (403, 403)
        page = staff.get(personal_data).json()
        assert page["others"]["account"]["email"] == EMAIL
        rest = staff.get(personal_data, params={"cursor": page["next_cursor"]}).json()
        assert (len(page["orders"] + rest["orders"]), rest["others"]) == (30, {})
        assert staff.get(personal_data, params={"cursor": "x"}).status_code == 400

        first = staff.delete(personal_data)
        assert (first.status_code, first.json()["orders"]) == (202, 20)
        assert ana.get("/v1/orders").status_code == 401
        last = staff.delete(personal_data, params={"cursor": first.json()["next_cursor"]})
        assert (last.status_code, last.json()["orders"], last.json()["next_cursor"]) == (200, 9, None)
        host.logged(lambda line: "hold nothing more" in str(line))
        assert traces(data_dir) == []
        order = staff.get(f"/v1/orders/{ids[0]}").json()
        assert (order["version"], "contact" in order) == (3, False)
        event = staff.get(f"/v1/orders/{ids[0]}/events").json()["events"][-1]
        assert (event["type"], event["actor"]) == ("OrderPersonalDataErased", sub_of(staff))


def sub_of(staff: httpx.Client) -> str:
    """The `sub` of the client's user."""
    sub: str = claims_of(staff.headers["Authorization"].removeprefix("Bearer "))["sub"]
    return sub
