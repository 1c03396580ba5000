"""What the console knows of the API by heart is what the API does: money, moves, who may do what."""

from collections.abc import Iterable
from typing import Any

import pytest
from playwright.sync_api import Page

from orders_core import money, returns
from orders_core.access import CUSTOMER, STAFF, Role
from orders_core.models import DELETABLE, TRANSITIONS, OrderStatus
from tests.browser.site import Site
from tests.browser.visitor import Visitor

ROLES = {True: STAFF, False: CUSTOMER}
AMOUNTS = (
    "0",
    "0.1",
    "19.99",
    "7",
    "1000000",
    "0.0001",
    "12.345",
    "1.2.3",
    "",
    "-1",
    "1e3",
    " 2 ",
    "999999.9999",
)

EACH = """async ([module, name, calls]) => {
    const call = (await import(`/console/js/${module}.js`))[name];
    const plain = value => (typeof value === "bigint" ? String(value) : value);
    const prepared = (args, big) => args.map((arg, index) => (index === big ? BigInt(arg) : arg));
    return calls.map(([args, big]) => plain(call(...prepared(args, big))));
}"""


@pytest.fixture
def site(embedded_site: Site) -> Site:
    return embedded_site


@pytest.fixture
def page(visitor: Visitor) -> Page:
    visitor.open()
    return visitor.page


def each(
    page: Page, module: str, name: str, calls: Iterable[list[object]], big: int | None = None
) -> list[Any]:
    """The results of a function of the console; the argument number `big` becomes a BigInt."""
    results: list[Any] = page.evaluate(EACH, [module, name, [[call, big] for call in calls]])
    return results


def test_currencies_and_their_digits(page: Page) -> None:
    codes: list[str] = page.evaluate("async () => (await import('/console/js/money.js')).CURRENCIES")
    assert set(codes) == money.MINOR_DIGITS.keys()
    digits = each(page, "money", "fractionDigits", [[code] for code in codes])
    assert dict(zip(codes, digits, strict=True)) == money.MINOR_DIGITS


def test_amounts_are_read_as_the_api_reads_them(page: Page) -> None:
    calls: list[list[object]] = [[text, code] for text in AMOUNTS for code in ("EUR", "JPY", "KWD", "CLF")]
    for (text, code), minor in zip(calls, each(page, "money", "toMinor", calls), strict=True):
        assert minor == expected_minor(str(text), str(code)), (text, code)


def expected_minor(text: str, currency: str) -> str | None:
    try:
        return str(money.to_minor(text.strip(), currency))
    except money.InvalidAmount:
        return None


def test_amounts_are_written_as_the_api_writes_them(page: Page) -> None:
    calls: list[list[object]] = [
        [minor, code] for minor in (0, 5, 1990, 10**17) for code in ("EUR", "JPY", "KWD", "CLF")
    ]
    texts = each(page, "money", "toText", [[str(minor), code] for minor, code in calls], big=0)
    assert texts == [money.to_text(int(str(minor)), str(code)) for minor, code in calls]


@pytest.mark.parametrize("staff", ROLES)
def test_what_each_role_may_do_in_each_status(page: Page, staff: bool) -> None:
    role: Role = ROLES[staff]
    calls: list[list[object]] = [[{"status": status}, {"staff": staff}] for status in OrderStatus]
    assert each(page, "rules", "moves", calls) == [
        [move for move in TRANSITIONS[status] if move in role.settable] for status in OrderStatus
    ]
    assert each(page, "rules", "canEdit", calls) == [status in role.editable_in for status in OrderStatus]
    assert each(page, "rules", "canDelete", calls) == [status in DELETABLE for status in OrderStatus]


def test_moves_of_returns(page: Page) -> None:
    calls: list[list[object]] = [[{"status": status}, {"staff": True}] for status in returns.TRANSITIONS]
    assert each(page, "rules", "returnMoves", calls) == [
        list(moves) for moves in returns.TRANSITIONS.values()
    ]


def test_what_can_still_come_back(page: Page) -> None:
    def entry(status: str, line: int, quantity: int) -> dict[str, object]:
        return {"status": status, "lines": [{"line": line, "quantity": quantity}]}

    order: dict[str, object] = {
        "status": "DELIVERED",
        "items": [{"quantity": 3}, {"quantity": 1}],
        "returns": [entry("REFUNDED", 1, 2), entry("REJECTED", 2, 1)],
    }
    assert each(page, "rules", "returnable", [[order], [{**order, "status": "SHIPPED"}]]) == [[1, 1], [0, 0]]
    many = {**order, "returns": [entry("REJECTED", 1, 1)] * returns.MAX_RETURNS}
    assert each(page, "rules", "canReturn", [[order], [many]]) == [True, False]
