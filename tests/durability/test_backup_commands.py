"""`orders backup`, `restore` and `check`, with a host that runs and one that does not."""

import json
import re
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from tests.gateway.test_cli import refused, run
from tests.hosts.own import ORDERS, add_user, own_host

from orders_host.data_dir import EVENTS_DB, GATEWAY_DB, ORDERS_DB, RESTORING
from orders_host.sqlite import SqliteOrderRepository

HOST_GUIDE = Path(__file__).parents[2] / "docs/host.md"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    add_user(folder, "ana@example.com")
    return folder


def test_a_running_host_is_backed_up_and_checked_but_not_restored_to(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    with own_host(home):
        done = run("backup", file, "--data-dir", home)
        assert (done.returncode, f"{EVENTS_DB}, {ORDERS_DB}, {GATEWAY_DB}" in done.stdout) == (0, True), done
        assert "0 orders and 0 events checked: all is" in run("check", "--data-dir", home).stdout
        assert "stop the host" in refused("restore", file, "--replace", "--data-dir", home)
    assert "is complete and unchanged" in run("check", "--backup", file).stdout
    assert run("restore", file, "--replace", "--data-dir", home).returncode == 0
    with own_host(home):
        assert "ana@example.com" in run("user", "list", "--data-dir", home).stdout


def test_programs_are_told_in_json(home: Path, tmp_path: Path) -> None:
    SqliteOrderRepository(home / ORDERS_DB).close()
    file, into = tmp_path / "backup.tar", tmp_path / "other"
    written = json.loads(run("backup", file, "--json", "--data-dir", home).stdout)
    assert written.keys() == {"file", "created_at", "files"}
    assert {each["name"] for each in written["files"]} >= {ORDERS_DB, GATEWAY_DB}
    checked = json.loads(run("check", "--backup", file, "--json").stdout)
    assert checked == {"file": str(file), "created_at": written["created_at"]}
    restored = json.loads(run("restore", file, "--json", "--data-dir", into).stdout)
    assert restored.keys() == {"data_dir", "file", "epoch"}
    assert json.loads(run("keys", "rotate", "--json", "--data-dir", into).stdout).keys() == {"kid"}


def test_each_fault_is_one_line(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    assert "there is no database" in refused("backup", file, "--data-dir", tmp_path / "none")
    assert not (tmp_path / "none").exists()
    assert "No such file" in refused("restore", file, "--data-dir", tmp_path / "new")
    file.write_text("no backup")
    assert "is no backup" in refused("restore", file, "--data-dir", tmp_path / "new")
    assert "is no backup" in refused("check", "--backup", file)
    (home / RESTORING).mkdir()
    assert "run it again" in refused("serve", "--port", "0", "--data-dir", home)


def test_findings_are_printed_and_end_with_1(home: Path) -> None:
    SqliteOrderRepository(home / ORDERS_DB).close()
    with closing(sqlite3.connect(home / ORDERS_DB)) as raw, raw:
        raw.execute("INSERT INTO tombstone VALUES ('x', 'y', 'z')")
        raw.execute("INSERT INTO daily_figures VALUES ('2026-01-31', 'PENDING', 'EUR', 1, 0, 5)")
    done = run("check", "--data-dir", home)
    assert done.returncode == 1
    assert "orders.db: the figures of 2026-01-31, PENDING, EUR are not those of its orders" in done.stdout
    assert '"findings": [' in run("check", "--json", "--data-dir", home).stdout


def test_the_documented_commands_work_as_they_are_written(home: Path) -> None:
    SqliteOrderRepository(home / ORDERS_DB).close()
    (block,) = re.findall(r"### Backup and restore\n\n```sh\n(.+?)```", HOST_GUIDE.read_text(), re.DOTALL)
    environment = {"PATH": f"{ORDERS.parent}:/usr/bin:/bin"}
    subprocess.run(["/bin/sh", "-ec", block], cwd=home.parent, env=environment, check=True, timeout=60)
    assert (home.parent / "restored" / GATEWAY_DB).is_file()
