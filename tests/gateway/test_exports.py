"""GET /v1/orders/export: every order once, a slice at a time, and never whole if it was cut off."""

import asyncio
import csv
import io
import json
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

import httpx
import pytest
from tests.api import STAFF as STAFF_CALLER
from tests.api import Api
from tests.blackbox.client import MUG, Client, problem
from tests.hosts import ANA, STAFF, Host
from tests.orders import LAMPS, an_order

from orders_core.problems import Problem
from orders_core.stores import StoreUnavailable
from orders_host import exports
from orders_host.authorizer import Reason, Unauthorized
from orders_host.exports import MAX_PER_CALLER, PATH, OrderExports, Stopped
from orders_host.proxy import HttpRequest
from orders_host.routing import Authorize, Call, Claims
from orders_host.sqlite import SqliteOrderRepository
from orders_host.streaming import Streamed, send_stream

CLAIMS: Final = {"sub": "staff", "cognito:groups": "staff"}


def export(host: Host, email: str, query: Mapping[str, str], **headers: str) -> httpx.Response:
    sent = {"Authorization": f"Bearer {host.tokens(email)['id']}", "x-api-key": host.api_key, **headers}
    return httpx.get(f"{host.origin}{PATH}", params=query, headers=sent, timeout=30)


@pytest.fixture(scope="module")
def staff(embedded_host: Host) -> Iterator[Client]:
    with closing(Client(embedded_host, embedded_host.tokens(STAFF)["id"])) as client:
        yield client


def test_it_has_the_orders_of_the_listing(embedded_host: Host, staff: Client) -> None:
    orders = [staff.create({"items": [MUG], "customer_id": "exported", "notes": f"{n}"}) for n in range(3)]
    answer = export(embedded_host, STAFF, {"customer_id": "exported", "sort": "created_at"})
    assert answer.headers["content-type"] == "application/x-ndjson; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="orders.ndjson"'
    assert [json.loads(line) for line in answer.text.splitlines()] == orders
    none = export(embedded_host, STAFF, {"customer_id": "nobody"})
    assert (none.status_code, none.text) == (200, "")


def test_a_row_of_its_csv_is_a_line_of_an_order(embedded_host: Host, staff: Client) -> None:
    body = {"items": [MUG, MUG | {"name": '=A1 "x", y'}], "customer_id": "as-csv", "metadata": {"a": "b"}}
    order = staff.create(body)
    answer = export(embedded_host, STAFF, {"customer_id": "as-csv"}, Accept="text/csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    first, second = csv.DictReader(io.StringIO(answer.text))
    assert [first["order_id"], second["order_id"]] == [order["order_id"]] * 2
    assert (first["total_amount"], second["total_amount"]) == ("38.00", "")
    assert (first["metadata"], second["line"], second["name"]) == ('{"a":"b"}', "2", '\'=A1 "x", y')
    assert export(embedded_host, STAFF, {"customer_id": "as-csv", "format": "csv"}).text == answer.text


def test_it_refuses_as_the_api_does(embedded_host: Host) -> None:
    problem(export(embedded_host, ANA, {}), 403, "forbidden")
    document = problem(export(embedded_host, STAFF, {"limit": "5", "format": "xml"}), 400, "invalid-input")
    assert [fault["parameter"] for fault in document["errors"]] == ["limit", "format"]
    unsigned = httpx.get(f"{embedded_host.origin}{PATH}", headers={"x-api-key": embedded_host.api_key})
    problem(unsigned, 401, "unauthorized")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[SqliteOrderRepository]:
    with closing(SqliteOrderRepository(tmp_path / "orders.db")) as store:
        for _ in range(5):
            store.create(an_order(content=LAMPS))
        yield store


def test_on_aws_it_says_what_to_do_instead(shop: SqliteOrderRepository) -> None:
    """The application alone, which is what runs there."""
    answer = Api(shop).send("GET", PATH, caller=STAFF_CALLER).expect(400)
    assert "next_cursor" in answer["errors"][0]["detail"]
    Api(shop).send("GET", PATH).expect(403)


class Reader:
    """Runs reads at once, and counts them."""

    def __init__(self) -> None:
        self.reads = 0
        self.fails = False

    async def __call__(self, read: Callable[[], exports._Slice]) -> exports._Slice:
        self.reads += 1
        if self.fails:
            raise StoreUnavailable("SQLite: disk I/O error")
        return read()


async def valid() -> Claims:
    return CLAIMS


async def opened(of: OrderExports, authorize: Authorize = valid, query: str = "") -> Streamed:
    (route,) = of.routes
    request = HttpRequest("id", "GET", PATH, {}, query, "127.0.0.1", "http")
    answer = await route.answer(Call(request, {}, CLAIMS, b"", authorize))
    assert isinstance(answer, Streamed)
    return answer


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "_SLICE", 2)


@pytest.mark.usefixtures("small_slices")
def test_it_reads_no_further_than_its_client(shop: SqliteOrderRepository) -> None:
    async def run() -> None:
        reader = Reader()
        chunks = (await opened(OrderExports(shop, reader, "*"))).chunks
        reads = [reader.reads async for _ in chunks]
        assert reads == [1, 2, 3]

    asyncio.run(run())


@pytest.mark.usefixtures("small_slices")
@pytest.mark.parametrize("reason", ["host stops", "token ends", "store fails"])
def test_an_export_that_is_cut_off_does_not_look_whole(shop: SqliteOrderRepository, reason: str) -> None:
    async def expired() -> Claims:
        raise Unauthorized(Reason.EXPIRED)

    sent: list[bytes] = []

    async def send(message: object) -> None:
        assert isinstance(message, dict)
        sent.append(message.get("body", b""))
        assert message.get("more_body", True), "it ended as if it was whole"

    async def receive() -> dict[str, object]:
        await asyncio.Event().wait()
        return {}

    async def run() -> None:
        reader = Reader()
        of = OrderExports(shop, reader, "*")
        answer = await opened(of, expired if reason == "token ends" else valid)
        if reason == "host stops":
            of.close()
        reader.fails = reason == "store fails"
        cut: list[bool] = []
        await send_stream(send, receive, answer, {}, lambda: cut.append(True))
        assert cut == [True]
        assert len(sent) == 2

    asyncio.run(run())


def test_a_caller_has_two_at_most(shop: SqliteOrderRepository) -> None:
    async def run() -> None:
        of = OrderExports(shop, Reader(), "*")
        several: list[AsyncGenerator[bytes, None]] = []
        for _ in range(MAX_PER_CALLER):
            several.append((await opened(of)).chunks)
        late = (await opened(of)).chunks
        for chunks in several:
            await anext(chunks)
        with pytest.raises(Problem) as refused:
            await opened(of)
        assert refused.value.kind.status == 429
        with pytest.raises(Stopped):
            await anext(late)
        await several[0].aclose()
        await opened(of)
        await several[1].aclose()

    asyncio.run(run())


def test_what_no_index_answers_is_refused_before_it_begins(
    shop: SqliteOrderRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orders_host.sqlite.MAX_SORTED", 1)

    async def run() -> None:
        with pytest.raises(Problem) as refused:
            await opened(OrderExports(shop, Reader(), "*"), query="customer_id=ana&sort=updated_at")
        assert refused.value.kind.status == 400

    asyncio.run(run())
