"""The command line: JSON for programs, tables for people, one line and exit code 2 for whatever is wrong."""

import json
import os
import shutil
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.hosts.own import ORDERS, PASSWORD, add_user, orders, own_host

import orders_contract as contract
from orders_contract import gateway_profile
from orders_host.contract_text import as_yaml

ANA = "ana@example.com"


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with one customer."""
    folder = tmp_path_factory.mktemp("cli") / "data"
    add_user(folder, ANA)
    return folder


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])


def run(*arguments: object, may_write: int | None = None) -> subprocess.CompletedProcess[str]:
    """What the command does. No file may grow beyond `may_write` bytes: what a full disk looks like."""
    command = [str(ORDERS), *map(str, arguments)]
    limit = [] if may_write is None else ["prlimit", f"--fsize={may_write}"]
    return subprocess.run(
        [*limit, *command], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
    )


def refused(*arguments: object, may_write: int | None = None) -> str:
    """The one line that a command ends with when something is wrong."""
    done = run(*arguments, may_write=may_write)
    assert (done.returncode, done.stdout) == (2, ""), done
    (line,) = done.stderr.splitlines()
    assert line.startswith("orders: ")
    return line


class TestMisuse:
    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (["serve", "--nosuch"], "--nosuch"),
            (["serve", "--port", "99999"], "0<=x<=65535"),
            (["serve", "--port", "many"], "many"),
            (["serve", "--rate-limit", "0"], "--rate-limit"),
            (["serve", "--store", "mongodb://x"], "write sqlite, or dynamodb://TABLE"),
            (["serve", "--store", "dynamodb://t?colour=red"], "write sqlite, or dynamodb://TABLE"),
            (["serve", "--daily-quota", "gold=1"], "basic, premium"),
            (["serve", "--daily-quota", "basic=0"], "basic, premium"),
            (["serve", "--jwt-issuer", "https://issuer.example"], "--jwt-audience"),
            (["serve", "--jwt-issuer", "http://a.example", "--jwt-audience", "x"], "https://"),
            (["serve", "--jwt-issuer", "http://localhost.evil.example", "--jwt-audience", "x"], "https://"),
            (["serve", "--certfile", __file__], "--keyfile"),
            (["serve", "--certfile", "nosuch.pem", "--keyfile", "nosuch.pem"], "nosuch.pem"),
            (
                ["serve", "--certfile", __file__, "--keyfile", __file__, "--port", "0"],
                "no certificate",
            ),
            (["serve", "--host", "999.1.1.1"], "999.1.1.1"),
            (["nosuch"], "nosuch"),
            (["user", "add"], "EMAIL"),
            (["user", "add", "no-address", "--password", PASSWORD], "should be an email"),
            (["user", "add", "weak@example.com", "--password", "short"], "assword"),
            (["user", "add", ANA, "--password", PASSWORD], "exists"),
            (["user", "disable", "nobody@example.com"], "User does not exist"),
            (["user", "group", "leave", ANA, "staff"], "leave"),
            (["user", "group", "add", ANA, "suport"], "support, fulfilment, finance"),
            (["user", "add", "new@example.com", "--group", "suport"], "suport"),
            (["token", "nobody@example.com"], "User does not exist"),
            (["key", "create", "x", "--plan", "gold"], "gold"),
            (["key", "revoke", "nosuchkey0"], "orders key list"),
            (["openapi", "--profile", "swagger"], "swagger"),
            (["import", "nosuch.csv"], "does not exist"),
            (["import", __file__, "--dry-run"], "say --format"),
            (["export", "--format", "xml"], "xml"),
            (["export"], "ORDERS_USER"),
        ],
        ids=lambda value: " ".join(value) if isinstance(value, list) else "",
    )
    def test_is_told_in_one_line(self, data_dir: Path, arguments: list[str], says: str) -> None:
        has_data_dir = arguments[0] in ("serve", "user", "token", "key")
        assert says in refused(*arguments, *(["--data-dir", data_dir] if has_data_dir else []))

    def test_so_is_a_port_that_is_taken(self, data_dir: Path, taken_port: int) -> None:
        line = refused("serve", "--port", taken_port, "--data-dir", data_dir)
        assert f"--port {taken_port}" in line
        assert "in use" in line

    def test_so_is_a_directory_that_cannot_be_used(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        assert "file" in refused("serve", "--port", 0, "--data-dir", tmp_path / "file")
        assert "file" in refused("user", "list", "--data-dir", tmp_path / "file" / "below")

    @pytest.mark.parametrize(
        "command",
        [
            "user list",
            "user export",
            f"user disable {ANA}",
            f"token {ANA}",
            "key list",
            "key revoke nosuchkey0",
            "keys rotate",
            "audit",
            "events",
            "webhook list",
            "backup backup.tar",
            "check",
        ],
    )
    def test_so_is_a_directory_that_is_not_there_and_it_is_not_made(
        self, tmp_path: Path, command: str
    ) -> None:
        mistyped = tmp_path / "no-such"
        assert str(mistyped) in refused(*command.split(), "--data-dir", mistyped)
        assert not mistyped.exists()

    def test_so_is_a_full_disk(self, data_dir: Path, tmp_path: Path) -> None:
        shutil.copytree(data_dir, tmp_path / "data")
        line = refused(
            *("user", "add", "late@example.com", "--password", PASSWORD, "--data-dir", tmp_path / "data"),
            may_write=4_096,
        )
        assert "disk" in line

    @pytest.mark.parametrize("name", ["orders.db", "gateway.db"])
    def test_so_is_a_file_of_a_later_release_or_none_of_ours(self, tmp_path: Path, name: str) -> None:
        connection = sqlite3.connect(tmp_path / name)
        connection.execute("PRAGMA user_version = 99")
        connection.close()
        assert "99" in refused("serve", "--port", 0, "--data-dir", tmp_path)
        (tmp_path / name).write_bytes(b"no database, however long it is looked at " * 100)
        assert "not a database" in refused("serve", "--port", 0, "--data-dir", tmp_path)

    def test_so_is_a_store_that_is_away(self, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        store = "dynamodb://orders?endpoint_url=http://127.0.0.1:1"
        assert "can't be used" in refused("serve", "--port", 0, "--data-dir", data_dir, "--store", store)

    def test_without_a_command_the_help_is_shown(self) -> None:
        done = run()
        assert done.returncode == 2
        assert done.stderr.startswith("Usage: orders ")

    @pytest.mark.parametrize(
        "command", [[], ["serve"], ["user"], ["user", "add"], ["key"], ["token"], ["openapi"], ["import"]]
    )
    def test_help_is_there_for_everything(self, command: list[str]) -> None:
        done = run(*command, "--help")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("Usage: orders ")


class TestUsers:
    def test_a_user_is_added_listed_grouped_and_disabled(self, data_dir: Path) -> None:
        sub = add_user(data_dir, "boss@example.com", "staff")
        orders("user", "group", "add", "boss@example.com", "support", data_dir=data_dir)
        orders("user", "group", "remove", "boss@example.com", "staff", data_dir=data_dir)
        orders("user", "disable", "boss@example.com", data_dir=data_dir)
        listed = json.loads(orders("user", "list", "--json", data_dir=data_dir))
        users = {user["email"]: user for user in listed}
        boss = users["boss@example.com"]
        assert (boss["sub"], boss["enabled"], boss["groups"]) == (sub, False, ["support"])
        assert users[ANA]["status"] == "CONFIRMED"
        assert "disabled" in refused("token", "boss@example.com", "--data-dir", data_dir)
        orders("user", "disable", "--undo", "boss@example.com", data_dir=data_dir)
        assert orders("token", "boss@example.com", data_dir=data_dir).count(".") == 2

    def test_a_user_is_enabled_signed_out_and_deleted(self, data_dir: Path) -> None:
        add_user(data_dir, "leaver@example.com", "staff")
        orders("user", "disable", "leaver@example.com", data_dir=data_dir)
        orders("user", "enable", "leaver@example.com", data_dir=data_dir)
        assert orders("token", "leaver@example.com", data_dir=data_dir).count(".") == 2
        orders("user", "sign-out", "leaver@example.com", data_dir=data_dir)
        orders("user", "delete", "--yes", "leaver@example.com", data_dir=data_dir)
        assert "does not exist" in refused("token", "leaver@example.com", "--data-dir", data_dir)

    def test_users_move_to_another_host(self, data_dir: Path, tmp_path: Path) -> None:
        exported = tmp_path / "users.json"
        exported.write_text(orders("user", "export", data_dir=data_dir))
        elsewhere = tmp_path / "elsewhere"
        assert "Imported" in orders("user", "import", str(exported), data_dir=elsewhere)
        assert orders("user", "list", data_dir=elsewhere) == orders("user", "list", data_dir=data_dir)
        again = refused("user", "import", exported, "--data-dir", elsewhere)
        assert again.endswith("User already exists. Nothing was imported.")

    def test_a_password_that_is_left_out_is_made_and_must_be_changed(self, data_dir: Path) -> None:
        printed = json.loads(orders("user", "add", "new@example.com", "--json", data_dir=data_dir))
        assert printed.keys() == {"email", "sub", "password"}
        users = json.loads(orders("user", "list", "--json", data_dir=data_dir))
        statuses = {user["email"]: user["status"] for user in users}
        assert statuses["new@example.com"] == "FORCE_CHANGE_PASSWORD"

    def test_a_table_is_for_people(self, data_dir: Path) -> None:
        heading, *rows = orders("user", "list", data_dir=data_dir).splitlines()
        assert heading.split() == ["Email", "Sub", "Status", "Enabled", "Groups", "Created"]
        assert any(row.startswith(ANA) for row in rows)

    def test_tokens_are_what_the_host_takes_while_it_runs(self, data_dir: Path) -> None:
        with own_host(data_dir) as host:
            tokens = json.loads(orders("token", ANA, "--json", data_dir=data_dir))
            headers = {"Authorization": f"Bearer {tokens['id_token']}"}
            assert httpx.get(f"{host.url}/v1/orders", headers=headers).status_code == 200
            sub = add_user(data_dir, "late@example.com")
            headers = {"Authorization": f"Bearer {host.token('late@example.com')}"}
            order = {"items": [{"product_id": "A", "quantity": 1, "unit_price": "1"}]}
            placed = httpx.post(f"{host.url}/v1/orders", json=order, headers=headers)
            assert placed.json()["customer_id"] == sub


class TestKeys:
    def test_a_key_is_shown_once_listed_without_its_secret_and_revoked(self, data_dir: Path) -> None:
        made = json.loads(orders("key", "create", "warehouse", "--json", data_dir=data_dir))
        assert made.keys() == {"id", "name", "plan", "secret"}
        listed = orders("key", "list", "--json", data_dir=data_dir)
        assert made["secret"] not in listed
        (key,) = (key for key in json.loads(listed) if key["id"] == made["id"])
        assert (key["name"], key["plan"]) == ("warehouse", "basic")
        orders("key", "revoke", made["id"], data_dir=data_dir)
        assert made["id"] not in orders("key", "list", data_dir=data_dir)


class TestAudit:
    def test_the_log_tells_what_was_done_here(self, data_dir: Path) -> None:
        sub = add_user(data_dir, "audited@example.com", "staff")
        orders("keys", "rotate", data_dir=data_dir)
        listed = json.loads(orders("audit", "--json", data_dir=data_dir))
        told = [(each["event"], each["detail"], each["source"]) for each in listed if each["subject"] == sub]
        assert told == [("user-added", "", "this machine"), ("group-joined", "staff", "this machine")]
        assert listed[-1]["event"] == "signing-key-rotated"
        last = orders("audit", "--limit", "1", data_dir=data_dir).splitlines()[1]
        assert "signing-key-rotated" in last


class TestContract:
    def test_it_is_printed_or_written(self, tmp_path: Path) -> None:
        assert run("openapi").stdout == as_yaml(contract.build())
        target = tmp_path / "openapi.yaml"
        assert run("openapi", "--output", target).returncode == 0
        assert target.read_text() == as_yaml(contract.build())

    def test_a_file_that_is_behind_the_code_is_told(self, tmp_path: Path) -> None:
        target = tmp_path / "openapi.yaml"
        target.write_text(as_yaml(contract.build()))
        assert run("openapi", "--output", target, "--check").returncode == 0
        target.write_text("openapi: 2.0\n")
        assert "--output" in refused("openapi", "--output", target, "--check")
        assert target.read_text() == "openapi: 2.0\n"

    def test_the_gateway_profile_is_json(self) -> None:
        assert json.loads(run("openapi", "--profile", "gateway").stdout) == gateway_profile.build()


def test_the_demo_is_added_once(tmp_path: Path) -> None:
    assert "Added" in orders("demo", data_dir=tmp_path)
    assert "already" in orders("demo", data_dir=tmp_path)
    users = json.loads(orders("user", "list", "--json", data_dir=tmp_path))
    assert sorted(user["email"] for user in users) == [ANA, "luis@example.com", "staff@example.com"]


def test_options_may_come_from_the_environment(tmp_path: Path) -> None:
    with own_host(tmp_path / "data", env={"ORDERS_RATE_LIMIT": "7", "ORDERS_BURST": "9"}) as host:
        policy = httpx.get(f"{host.url}/v1/orders").headers["ratelimit-policy"]
    assert policy == '"default";q=9;w=2'


class TestCompletion:
    @pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
    def test_there_is_a_script_for_each_shell(self, shell: str) -> None:
        done = run("completion", shell)
        assert (done.returncode, done.stderr) == (0, "")
        assert f"_ORDERS_COMPLETE={shell}_complete" in done.stdout

    def test_a_shell_completes_commands(self) -> None:
        """By the script itself: bash calls its function, which fills COMPREPLY."""
        script = """
            eval "$(orders completion bash)"
            COMP_WORDS=(orders us) COMP_CWORD=1
            _orders_completion orders
            echo "${COMPREPLY[@]}"
        """
        path = f"{ORDERS.parent}:{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-c", script],
            env={**os.environ, "PATH": path},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.split() == ["user"]
