"""`orders import` and `orders export` against the embedded host."""

import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from orders_cli import export_orders, import_orders
from orders_cli.commands import orders as command_line
from orders_cli.order_files import NewOrder as FileOrder
from orders_cli.order_files import OrderFile
from orders_client import Orders
from orders_client.errors import ProblemDocument, Unreachable
from orders_client.types import BatchResult, BatchResults, NewOrder
from tests.hosts import PASSWORD, STAFF, Host

MUG = {"product_id": "A-1", "quantity": 2, "unit_price": "9.50"}

Run = Callable[..., Result]


@pytest.fixture
def run(embedded_host: Host, monkeypatch: pytest.MonkeyPatch) -> Run:
    for name, value in {
        "ORDERS_URL": embedded_host.origin,
        "ORDERS_USER": STAFF,
        "ORDERS_PASSWORD": PASSWORD,
        "ORDERS_API_KEY": embedded_host.api_key,
    }.items():
        monkeypatch.setenv(name, value)
    return lambda *arguments: CliRunner().invoke(command_line, [*map(str, arguments)])


@pytest.fixture
def customer() -> str:
    return f"customer-{uuid.uuid4().hex[:12]}"


def write(path: Path, *orders: object) -> Path:
    path.write_text("".join(f"{json.dumps(order)}\n" for order in orders))
    return path


def orders_of(customer: str, count: int) -> Iterator[dict[str, object]]:
    for number in range(count):
        yield {"items": [MUG, MUG], "customer_id": customer, "notes": f"{number}"}


def placed(staff: Orders, customer: str) -> list[str | None]:
    return [order.notes for order in staff.list(customer_id=customer, sort="created_at")]


def test_a_file_is_placed_once(run: Run, staff: Orders, customer: str, tmp_path: Path) -> None:
    references = [{"external_reference": f"{customer}-{number}"} for number in range(115)]
    file = write(
        tmp_path / "orders.ndjson",
        *orders_of(customer, 115),
        *[order | name for order, name in zip(orders_of(customer, 115), references, strict=True)],
    )
    first, again = run("import", file), run("import", file)
    assert (first.exit_code, first.output) == (0, "Placed 230 orders, 0 could not be placed.\n")
    assert again.output == "Placed 0 orders, 230 were there already, 0 could not be placed.\n"
    assert len(placed(staff, customer)) == 230


def test_what_is_refused_is_told_with_its_line(run: Run, customer: str, tmp_path: Path) -> None:
    wrong = {"items": [MUG | {"quantity": 0}], "customer_id": customer}
    file = write(tmp_path / "orders.ndjson", *orders_of(customer, 1), wrong)
    result = run("import", file)
    assert result.exit_code == 1
    assert result.stdout == "Placed 1 orders, 1 could not be placed.\n"
    assert result.stderr == f"{file}:2: /items/0/quantity must be from 1 to 10,000\n"


def test_what_the_api_refuses_is_told_with_its_line(run: Run, customer: str, tmp_path: Path) -> None:
    key = uuid.uuid4().hex
    order = {"items": [MUG], "customer_id": customer, "idempotency_key": key}
    assert run("import", write(tmp_path / "1.ndjson", order)).exit_code == 0
    changed = write(tmp_path / "2.ndjson", order | {"notes": "changed"})
    result = run("import", changed)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"{changed}:1: 422 ")


def test_a_dry_run_asks_no_one(
    run: Run, customer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERS_URL", "http://127.0.0.1:1")
    monkeypatch.delenv("ORDERS_USER")
    result = run("import", write(tmp_path / "orders.ndjson", *orders_of("c", 3), {"items": []}), "--dry-run")
    assert (result.exit_code, result.stdout) == (1, "Would place 3 orders, 1 could not be placed.\n")
    assert ":4: /items must be at least 1 element" in result.stderr


class Scripted:
    """Answers batches as it is told, and takes note of them."""

    def __init__(self, *statuses: list[int]) -> None:
        self._statuses = list(statuses)
        self.sent: list[list[Any]] = []

    def create_all(self, orders: list[NewOrder]) -> BatchResults:
        self.sent.append([order["idempotency_key"] for order in orders])
        problem = ProblemDocument("The order store is unavailable", 503)
        statuses = self._statuses.pop(0)
        results = [
            BatchResult(status, problem=problem if status == 503 else None)
            for status, _ in zip(statuses, orders, strict=True)
        ]
        return BatchResults(results, 0, 0, 0)


def test_an_order_that_the_store_did_not_take_is_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_orders, "_FIRST_WAIT_SECONDS", 0)
    orders = [FileOrder({"idempotency_key": f"k{n}"}, (n,)) for n in range(3)]
    tally = import_orders._Tally(Path("orders.csv"))
    client: Any = Scripted([201, 503, 503], [503, 201], [201])
    import_orders._place(client, orders, tally)
    assert client.sent == [["k0", "k1", "k2"], ["k1", "k2"], ["k1"]]
    assert (tally.placed, tally.faulty) == (3, 0)
    never: Any = Scripted(*[[503]] * 6)
    import_orders._place(never, orders[:1], tally)
    assert (len(never.sent), tally.faulty) == (6, 1)


def test_a_batch_has_as_many_orders_as_the_api_takes(tmp_path: Path, customer: str) -> None:
    large = {"metadata": {f"{n:02}": "v" * 200 for n in range(20)}}
    file = write(
        tmp_path / "orders.ndjson",
        *orders_of(customer, 150),
        *[order | large for order in orders_of(customer, 80)],
    )
    with file.open("rb") as opened:
        orders = OrderFile(opened, "ndjson")
        batches = [*import_orders._batches(orders, import_orders._Tally(file))]
    assert sum(len(each.orders) for each in batches) == 230
    assert [len(each.orders) for each in batches[:1]] == [100]
    for each in batches:
        body = json.dumps({"orders": [order.body for order in each.orders]}, separators=(",", ":"))
        assert len(body) <= 256 * 1024


@pytest.mark.parametrize("format_", ["ndjson", "csv"])
def test_an_export_that_was_interrupted_goes_on(
    run: Run, staff: Orders, customer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format_: str
) -> None:
    run("import", write(tmp_path / "in.ndjson", *orders_of(customer, 25)))
    monkeypatch.setattr(export_orders, "_PAGE", "10")
    whole, other = tmp_path / f"whole.{format_}", tmp_path / f"other.{format_}"
    assert run("export", whole, "--customer-id", customer).exit_code == 0
    real = export_orders._page
    pages = iter([real, real])

    def lost(*arguments: Any) -> Any:  # noqa: ANN401
        page = next(pages, None)
        if page is None:
            raise Unreachable("gone")
        return page(*arguments)

    monkeypatch.setattr(export_orders, "_page", lost)
    interrupted = run("export", other, "--customer-id", customer)
    assert interrupted.exit_code != 0
    assert not other.exists()
    part = tmp_path / f"other.{format_}.part"
    # A killed process may leave more than its last state says.
    part.write_bytes(part.read_bytes() + b'{"order_id": "0')
    monkeypatch.setattr(export_orders, "_page", real)
    refused = run("export", other, "--customer-id", customer, "--status", "PENDING")
    assert "is of another export" in refused.output
    resumed = run("export", other, "--customer-id", customer)
    assert resumed.exit_code == 0
    assert resumed.stderr == f"Wrote 25 orders to {other}.\n"
    assert other.read_bytes() == whole.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["in.ndjson", whole.name, other.name])
    assert len(placed(staff, customer)) == 25


def test_an_export_is_printed_without_a_file(run: Run, staff: Orders, customer: str, tmp_path: Path) -> None:
    run("import", write(tmp_path / "in.ndjson", *orders_of(customer, 2)))
    printed = run("export", "--customer-id", customer).stdout
    assert sorted(json.loads(line)["notes"] for line in printed.splitlines()) == ["0", "1"]
    rows = run("export", "--customer-id", customer, "--format", "csv").stdout
    assert len(rows.splitlines()) == 5


def test_misuse_is_told(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = tmp_path / "there.csv"
    there.write_text("")
    assert "is there already" in run("export", there).output
    assert "say --format" in run("export", tmp_path / "orders").output
    monkeypatch.setenv("ORDERS_PASSWORD", "wrong")
    assert "Incorrect username or password" in run("export", tmp_path / "a.csv").output
    monkeypatch.delenv("ORDERS_PASSWORD")
    assert "set ORDERS_PASSWORD" in run("import", there).output
    monkeypatch.delenv("ORDERS_USER")
    assert "set ORDERS_USER" in run("import", there).output
