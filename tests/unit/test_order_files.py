"""Files of orders: what is in them, under which key, and what is wrong in which line."""

import io
import json

import click
import pytest
from tests.orders import an_order
from tests.unit.test_order_rows import FULL, view

from orders_cli.order_files import FaultyOrder, Format, NewOrder, OrderFile, format_of
from orders_cli.progress import Progress, describe
from orders_contract import order_rows
from orders_contract.order_rows import Json

MUG = {"product_id": "A-1", "quantity": 2, "unit_price": "9.50"}


def read(text: str | bytes, format_: Format = "ndjson") -> list[NewOrder | FaultyOrder]:
    content = text.encode() if isinstance(text, str) else text
    return list(OrderFile(io.BytesIO(content), format_))


def orders_in(text: str | bytes, format_: Format = "ndjson") -> list[NewOrder]:
    found = read(text, format_)
    assert not [each for each in found if isinstance(each, FaultyOrder)], found
    return [each for each in found if isinstance(each, NewOrder)]


def faults_in(text: str | bytes, format_: Format = "ndjson") -> list[tuple[int, str]]:
    return [fault for each in read(text, format_) if isinstance(each, FaultyOrder) for fault in each.faults]


def lines(*orders: object) -> str:
    return "".join(f"{json.dumps(order)}\n" for order in orders)


def keys(text: str | bytes, format_: Format = "ndjson") -> list[str]:
    return [order.body["idempotency_key"] for order in orders_in(text, format_)]


def body_of(order: NewOrder) -> Json:
    return {name: value for name, value in order.body.items() if name != "idempotency_key"}


def test_what_was_exported_can_be_imported() -> None:
    shown = view(FULL)
    (from_json,) = orders_in(lines(shown))
    assert body_of(from_json) == json.loads(json.dumps(order_rows.writable(shown)))
    (from_rows,) = orders_in(order_rows.header() + order_rows.rows_of(shown), "csv")
    assert from_rows.lines == (2, 5)  # a note and an address with line ends are in more lines of the file
    assert from_rows.body["idempotency_key"] == from_json.body["idempotency_key"]


def test_the_same_file_gives_the_same_keys_and_each_order_its_own() -> None:
    order = {"items": [MUG]}
    text = lines(order, order, {"items": [MUG], "external_reference": "W-1"}, order | {"notes": "x"})
    assert keys(text) == keys(text)
    assert len(set(keys(text))) == 4
    # What stands before an order of another content does not matter, nor how its JSON is written.
    assert keys(lines(order))[0] == keys('\ufeff\n{"items": [' + json.dumps(MUG) + "]}")[0] == keys(text)[0]


def test_a_reference_names_an_order_whatever_else_is_said_of_it() -> None:
    first, second = ({"items": [MUG], "external_reference": "W-1", "notes": note} for note in "ab")
    assert keys(lines(first)) == keys(lines(second))
    (fault,) = faults_in(lines(first, {"items": [MUG]}, second))
    assert fault == (3, "external_reference 'W-1' is that of line 1")


def test_a_key_of_the_file_is_kept() -> None:
    assert keys(lines({"items": [MUG], "idempotency_key": "own"})) == ["own"]


def test_every_fault_is_told_with_its_line() -> None:
    text = (
        lines({"items": [MUG | {"quantity": 0}], "colour": "red"}, {"items": [MUG]}, [], {"items": []}) + "{"
    )
    told = faults_in(text)
    assert [line for line, _ in told] == [1, 1, 3, 4, 5]
    assert told[0][1] == "/items/0/quantity must be from 1 to 10,000"
    assert told[2][1] == "is no JSON object"
    assert told[4][1].startswith("is not JSON")


def test_a_sum_that_is_wrong_is_found_before_anything_is_sent() -> None:
    (fault,) = faults_in(lines({"items": [MUG], "total_amount": "20.00"}))
    assert fault[1].startswith("/total_amount must be 19.00 = ")


def test_rows_that_name_one_order_are_its_lines() -> None:
    text = (
        "external_reference,product_id,quantity,unit_price\nW-1,A,1,2\nW-1,B,2,3\n,C,1,1\n,D,1,1\nW-2,E,1,1\n"
    )
    found = orders_in(text, "csv")
    assert [[item["product_id"] for item in order.body["items"]] for order in found] == [
        ["A", "B"],
        ["C"],
        ["D"],
        ["E"],
    ]
    assert [order.lines for order in found] == [(2, 3), (4,), (5,), (6,)]


def test_faults_of_rows_are_told_with_the_line_of_the_row() -> None:
    text = "external_reference,product_id,quantity,unit_price\nW-1,A,1,2\nW-1,B,none,3\nW-2,A\n"
    assert faults_in(text, "csv") == [
        (3, "/items/1/quantity must be a whole number, not a string"),
        (4, "must have 4 cells, as the first line"),
    ]
    assert faults_in("product_id,colour\nA,red\n", "csv")[0][1].startswith("colour is not a known column")
    assert faults_in('product_id\n"A\n', "csv")[0][1].startswith("is not CSV")


def test_an_order_without_customer_or_with_any_currency_is_one() -> None:
    order = view(an_order().content)
    del order["customer_id"]
    assert "customer_id" not in orders_in(lines(order))[0].body


def test_a_file_that_is_no_text_is_told() -> None:
    with pytest.raises(click.ClickException, match="line 1 is not UTF-8"):
        read(b"\xff\xfe")


def test_a_format_is_what_the_name_says_unless_it_is_given(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp()
    assert [format_of(folder / name, None) for name in ("a.csv", "a.ndjson", "a.JSONL")] == [
        "csv",
        "ndjson",
        "ndjson",
    ]
    assert format_of(folder / "a.csv", "ndjson") == "ndjson"
    with pytest.raises(click.UsageError, match="say --format"):
        format_of(folder / "orders", None)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_tells_the_rate_and_what_is_left() -> None:
    assert describe(1_200, 2.0, 0.25) == "[#####...............]  25%  1,200 orders, 600 a second, 6 s left"
    assert describe(1_200, 2.0, None) == "1,200 orders, 600 a second"
    assert describe(0, 0.0, 0.0) == "[....................]   0%  0 orders, 0 a second"


def test_progress_is_for_terminals_and_not_shown_too_often() -> None:
    now = [0.0]
    terminal, file = Terminal(), io.StringIO()
    for out in (terminal, file):
        progress = Progress(out, lambda: now[0])
        for tick in range(10):
            now[0] = tick / 10
            progress.tell(tick)
        progress.end()
    assert file.getvalue() == ""
    assert 2 <= terminal.getvalue().count("orders") <= 5
    assert terminal.getvalue().endswith("\r")
