"""Orders as rows of a table: what a client may write of an order comes back from its rows."""

import csv
import io

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.orders import an_order

from orders_contract import order_rows
from orders_contract.order_rows import InvalidRow, Json
from orders_core.models import (
    Address,
    Contact,
    Discount,
    LineItem,
    OrderContent,
    Shipping,
    Tax,
)
from orders_core.schemas import BatchOrder, content_of, view_of
from orders_core.validation import decode

FULL = OrderContent(
    (LineItem("A-1", 2, 950, "Mug", 100, tax_rate="21", tax=12), LineItem("B-7", 1, 4_999)),
    "EUR",
    notes="Ring\ntwice",
    metadata={"channel": "web", "ñ": "ü"},
    external_reference="WEB-1",
    contact=Contact("Ana", "ana@example.com", "+34911234567"),
    shipping_address=Address(("Calle Mayor 1", "2º B"), "Madrid", "ES", postal_code="28013"),
    billing_address=Address(("Gran Vía 1",), "Madrid", "ES", "Madrid", "28013"),
    discounts=(Discount(190, "SPRING", "10 % off"),),
    shipping=Shipping("standard", 490, tax=103),
    taxes=(Tax("IVA", 359, "21"),),
)


def view(content: OrderContent) -> Json:
    shown: Json = msgspec.to_builtins(view_of(an_order(content=content)))
    return shown


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(order_rows.header() + text, newline="")))


def content_from(order: Json) -> OrderContent:
    return content_of(decode(msgspec.json.encode(order), BatchOrder))


@pytest.mark.parametrize(
    "content", [FULL, OrderContent((LineItem("A-1", 2, 950),), "EUR", taxes_included=True)]
)
def test_an_order_comes_back_from_its_rows_and_from_its_json(content: OrderContent) -> None:
    shown = view(content)
    assert content_from(order_rows.order_from(read(order_rows.rows_of(shown)))) == content
    assert content_from(order_rows.writable(shown)) == content


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=20)


@given(TEXTS, st.text("'=+-@a", min_size=1, max_size=5))
def test_every_text_comes_back(name: str, notes: str) -> None:
    content = OrderContent((LineItem("A-1", 2, 950, name),), "EUR", notes=notes)
    rows = read(order_rows.rows_of(view(content)))
    assert not rows[0]["notes"].startswith(("=", "+", "-", "@"))
    assert content_from(order_rows.order_from(rows)) == content


def test_what_is_the_orders_is_in_its_first_row_alone() -> None:
    first, second = read(order_rows.rows_of(view(FULL)))
    assert (first["external_reference"], second["external_reference"]) == ("WEB-1", "WEB-1")
    assert (first["line"], second["line"]) == ("1", "2")
    assert first["total_amount"]
    assert not second["total_amount"]
    assert set(first) == set(order_rows.COLUMNS)


def test_a_cell_that_is_none_is_named() -> None:
    with pytest.raises(InvalidRow, match="colour is not a known column"):
        order_rows.order_from([{"product_id": "A", "colour": "red"}])
    with pytest.raises(InvalidRow, match="metadata must be JSON"):
        order_rows.order_from([{"product_id": "A", "metadata": "{"}])


def test_a_quantity_that_is_no_number_stays_a_text_for_the_api_to_refuse() -> None:
    assert order_rows.order_from([{"quantity": "two"}])["items"] == [{"quantity": "two"}]
