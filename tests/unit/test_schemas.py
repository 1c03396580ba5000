"""What goes in comes out: an order as its clients see it."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conformance import validator
from tests.orders import LAMPS, an_order, moment

from orders_core import money, returns
from orders_core.amount_schemas import price_text
from orders_core.models import OrderStatus
from orders_core.money import MINOR_DIGITS, to_minor, to_text
from orders_core.schemas import OrderInput, content_of, view_of
from orders_core.validation import decode


@st.composite
def inputs(draw: st.DrawFn) -> dict[str, object]:
    """Valid orders of every shape, with prices written as the API writes them."""
    currency = draw(st.sampled_from(sorted(MINOR_DIGITS)))
    largest = 1_000_000 * 10 ** MINOR_DIGITS[currency]
    line = st.fixed_dictionaries(
        {
            "product_id": st.text(min_size=1, max_size=64),
            "name": st.none() | st.text(max_size=200),
            "quantity": st.integers(1, 10_000),
            "unit_price": st.integers(0, largest).map(lambda minor: to_text(minor, currency)),
        }
    )
    return {
        "items": draw(st.lists(line, min_size=1, max_size=4)),
        "currency": currency,
        "notes": draw(st.none() | st.text(max_size=1_000)),
        "metadata": draw(
            st.dictionaries(st.text(min_size=1, max_size=40), st.text(max_size=200), max_size=20)
        ),
    }


@given(inputs())
def test_what_a_client_wrote_is_what_it_reads(body: dict[str, object]) -> None:
    content = content_of(decode(json.dumps(body).encode(), OrderInput))
    view = msgspec.to_builtins(view_of(an_order(content=content)))
    assert {name: view[name] for name in body} == body
    validator("#/components/schemas/Order").validate(view)


@given(inputs())
def test_what_was_read_may_be_written_back(body: dict[str, object]) -> None:
    """A client changes an order by sending what it read: nothing is lost in between."""
    content = content_of(decode(json.dumps(body).encode(), OrderInput))
    view = json.loads(msgspec.json.encode(view_of(an_order(content=content))))
    again = {name: view[name] for name in body}
    assert content_of(decode(json.dumps(again).encode(), OrderInput)) == content


@pytest.mark.parametrize(
    ("raw", "text"),
    [(b'"9.50"', "9.50"), (b"9.50", "9.50"), (b"95e-1", "9.5"), (b'"\\u0039"', "9"), (b'"1e2"', "1e2")],
)
def test_a_price_is_the_text_or_the_number_that_was_written(raw: bytes, text: str) -> None:
    assert price_text(msgspec.Raw(raw)) == text


def test_returns_are_shown_only_when_there_are_some() -> None:
    order = an_order(status=OrderStatus.DELIVERED, content=LAMPS)
    assert "returns" not in msgspec.to_builtins(view_of(order))
    wanted = returns.request(order, "r1", [(2, 3)], "broken", at=moment(5), by="ana")
    (shown,) = msgspec.to_builtins(view_of(wanted))["returns"]
    assert shown == {
        "return_id": "r1",
        "status": "REQUESTED",
        "lines": [{"line": 2, "product_id": "B-8", "quantity": 3, "refund_amount": "4.50"}],
        "reason": "broken",
        "refund_amount": "4.50",
        "requested_at": moment(5),
        "history": [{"status": "REQUESTED", "at": moment(5), "by": "ana"}],
    }


def test_a_price_is_converted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    converted: list[str] = []

    def counting(text: str, currency: str, maximum: int = money.MAX_AMOUNT) -> int:
        converted.append(text)
        return to_minor(text, currency, maximum)

    monkeypatch.setattr(money, "to_minor", counting)
    body = b'{"items": [{"product_id": "A-1", "quantity": 1, "unit_price": "9.50"}]}'
    assert content_of(decode(body, OrderInput)).items[0].unit_price == 950
    assert converted == ["9.50"]
