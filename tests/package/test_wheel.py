"""`pip install orders-api[host]` in an empty folder: nothing is needed of the repository."""

import ast
import json
import re
import sys
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import pytest

from orders_cli import EXTRA_OF
from tests.docs.newcomer import ROOT
from tests.package.installed import Installed, install, wheel
from tests.real_parts.process import Server, free_port, running

SOURCES = ROOT / "src"
# What the wheel depends on without any extra.
ALWAYS_THERE = {"msgspec"}
# They are imported only where they are, and what they do is done without them otherwise.
NOT_REQUIRED = {"snapshot_restore_py"}


@pytest.fixture
def complete(tmp_path: Path) -> Installed:
    return install("host", "run.txt", tmp_path)


@pytest.fixture
def bare(tmp_path: Path) -> Installed:
    return install("", "lambda.txt", tmp_path)


@pytest.fixture
def host(complete: Installed) -> Iterator[Server]:
    port = free_port()
    command: list[str | Path] = [complete.orders, "serve", "--demo", "--port", str(port)]
    with running(command, port, complete.folder / "log", cwd=complete.folder) as server:
        yield server


def fetch(url: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def references(page: bytes) -> list[str]:
    """The files that a page of the console loads, by the paths in its links."""
    return re.findall(r'(?:href|src)="(?!https?:|#)([^"]+)"', page.decode())


class TestContent:
    def test_every_file_of_a_package_is_in_the_wheel_and_nothing_else(self) -> None:
        with zipfile.ZipFile(wheel()) as archive:
            packed = {name for name in archive.namelist() if ".dist-info/" not in name}
        here = {
            str(path.relative_to(SOURCES))
            for path in SOURCES.rglob("*")
            if path.is_file() and not {"__pycache__"} & set(path.parts) and ".egg-info" not in str(path)
        }
        assert packed == here

    def test_every_package_says_that_it_is_typed(self) -> None:
        with zipfile.ZipFile(wheel()) as archive:
            names = set(archive.namelist())
        packages = {name.partition("/")[0] for name in names if name.endswith("/__init__.py")}
        assert {f"{package}/py.typed" for package in packages} <= names


class TestWithTheHost:
    @pytest.mark.parametrize("path", ["/healthz", "/openapi.yaml", "/openapi.json", "/metrics"])
    def test_it_serves(self, host: Server, path: str) -> None:
        status, body = fetch(host.url + path)
        assert (status, bool(body)) == (200, True)

    @pytest.mark.parametrize("path", ["/console/", "/docs"])
    def test_it_serves_a_page_with_everything_that_the_page_loads(self, host: Server, path: str) -> None:
        status, page = fetch(host.url + path)
        assert status == 200
        loaded = references(page)
        assert loaded
        for name in loaded:
            found, _ = fetch(urljoin(host.url + path, name))
            assert found == 200, name

    def test_a_customer_orders(self, host: Server, complete: Installed) -> None:
        token = complete.run(complete.orders, "token", "ana@example.com").stdout.strip()
        order = {"items": [{"product_id": "A-1", "quantity": 2, "unit_price": "9.50"}]}
        request = urllib.request.Request(
            f"{host.url}/v1/orders",
            json.dumps(order).encode(),
            {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as response:
            assert response.status == 201
            assert json.load(response)["total_amount"] == "19.00"

    def test_the_contract_is_the_repositorys(self, complete: Installed) -> None:
        printed = complete.run(complete.orders, "openapi")
        assert printed.stdout == (ROOT / "openapi.yaml").read_text(), printed.stderr


class TestWithoutAnExtra:
    def test_the_command_names_the_extra_that_it_needs(self, bare: Installed) -> None:
        said = bare.run(bare.orders, "serve")
        remedy = "orders: click is missing. Install it with: pip install 'orders-api[host]'\n"
        assert (said.returncode, said.stdout, said.stderr) == (2, "", remedy)

    def test_a_command_of_the_host_that_needs_another_extra_names_it(self, complete: Installed) -> None:
        said = complete.run(complete.orders, "deploy", "--environment", "dev", "--rollback")
        remedy = "orders: boto3 is missing. Install it with: pip install 'orders-api[deploy]'\n"
        assert (said.returncode, said.stdout, said.stderr) == (2, "", remedy)

    def test_the_lambdas_entry_point_needs_none(self, bare: Installed) -> None:
        loaded = bare.run(bare.environment / "bin" / "python", "-c", "import orders_core.application")
        assert loaded.returncode == 0, loaded.stderr

    def test_every_foreign_module_belongs_to_an_extra(self) -> None:
        """A module that a command may miss has a row in the table, so that it is never a traceback."""
        imported: set[str] = set()
        for path in SOURCES.rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Import):
                    imported |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module:
                    imported.add(node.module.partition(".")[0])
        ours = {path.name for path in SOURCES.iterdir()}
        foreign = imported - ours - sys.stdlib_module_names - ALWAYS_THERE - NOT_REQUIRED
        assert foreign <= set(EXTRA_OF)

    def test_every_extra_of_the_table_exists(self, bare: Installed) -> None:
        script = "import importlib.metadata as m; print(*m.metadata('orders-api').get_all('Provides-Extra'))"
        offered = bare.run(bare.environment / "bin" / "python", "-c", script).stdout.split()
        assert set(EXTRA_OF.values()) <= set(offered)
