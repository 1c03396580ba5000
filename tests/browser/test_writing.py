"""Writing orders: once and only once, over nobody's changes, with every fault beside its field."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.visitor import MUG, Visitor

LOSE_ONE_ANSWER = """() => {
    const whole = window.fetch;
    window.fetch = async (url, init) => {
        const response = await whole(url, init);
        if (init?.method !== "POST" || !url.endsWith("/v1/orders")) return response;
        window.fetch = whole;
        throw new TypeError("the connection was closed");
    };
}"""


@pytest.fixture
def signed_in(visitor: Visitor, customer: str) -> Visitor:
    visitor.sign_in(customer)
    return visitor


def number_of_orders(visitor: Visitor, count: int) -> None:
    """Sees so many orders in the list, read afresh."""
    visitor.go("orders")
    visitor.page.reload()
    expect(visitor.page.locator("[data-order]")).to_have_count(count)


def test_a_double_click_makes_one_order(signed_in: Visitor) -> None:
    signed_in.go("new")
    signed_in.fill_items(MUG)
    signed_in.page.get_by_role("button", name="Place order").dblclick()

    expect(signed_in.page.locator("tfoot .total")).to_have_text("€19.00")
    number_of_orders(signed_in, 1)


def test_an_answer_that_was_lost_makes_no_second_order(signed_in: Visitor) -> None:
    signed_in.page.evaluate(LOSE_ONE_ANSWER)
    signed_in.go("new")
    signed_in.fill_items(MUG)
    signed_in.page.get_by_role("button", name="Place order").click()
    expect(signed_in.page.get_by_role("alert")).to_contain_text("The server can't be reached")

    signed_in.page.get_by_role("button", name="Place order").click()
    expect(signed_in.page.locator("tfoot .total")).to_have_text("€19.00")
    number_of_orders(signed_in, 1)


def test_the_total_runs_along_in_the_digits_of_the_currency(signed_in: Visitor) -> None:
    signed_in.go("new")
    signed_in.fill_items(("A-1", "", "3", "0.1"), ("A-2", "", "1", "0,05"))
    total = signed_in.page.get_by_role("status").filter(has_text="0.35")
    expect(total).to_have_text("€0.35")

    signed_in.page.get_by_label("Currency").select_option("JPY")
    signed_in.fill_items(("A-1", "", "3", "7"), ("A-2", "", "1", "1000000"))
    expect(signed_in.page.locator("output.total")).to_have_text("JP¥1,000,021")

    signed_in.page.get_by_label("Currency").select_option("KWD")
    signed_in.fill_items(("A-1", "", "9999", "999999.999"), ("A-2", "", "1", "0.001"))
    expect(signed_in.page.locator("output.total")).to_contain_text("9,998,999,990.002")


def test_each_fault_is_told_beside_its_field(signed_in: Visitor) -> None:
    signed_in.go("new")
    signed_in.fill_items(MUG, ("", "", "10001", "1.234"))
    signed_in.page.get_by_role("button", name="Place order").click()

    expect(signed_in.page.get_by_role("alert")).to_contain_text("3 entries need another look.")
    row = signed_in.page.locator("fieldset.line").nth(1)
    for label, fault in {
        "Product ID": "Fill this in.",
        "Quantity": "Enter a number from 1 to 10,000.",
        "Unit price": "At most 2 decimals in EUR.",
    }.items():
        field = row.get_by_label(label)
        assert field.get_attribute("aria-invalid") == "true"
        expect(field).to_have_accessible_description(fault)
    expect(row.get_by_label("Product ID")).to_be_focused()

    signed_in.fill_row(row, ("B-8", "", "1", "1.23"))
    signed_in.page.get_by_role("button", name="Place order").click()
    expect(signed_in.page.locator("tfoot .total")).to_have_text("€20.23")


def test_a_draft_survives_a_look_at_the_orders(signed_in: Visitor) -> None:
    signed_in.go("new")
    signed_in.fill_items(MUG)
    signed_in.go("orders")
    expect(signed_in.heading("Orders")).to_be_visible()
    signed_in.go("new")
    expect(signed_in.page.get_by_label("Product ID")).to_have_value("A-1")
    signed_in.page.get_by_role("button", name="Discard").click()
    expect(signed_in.page.get_by_label("Product ID")).to_have_value("")


def test_two_who_edit_at_once_see_each_others_changes(visit: Open, customer: str) -> None:
    one, other = visit(), visit()
    one.sign_in(customer)
    order_id = one.place_order(notes="Wrap it")
    other.sign_in(customer, path=f"orders/{order_id}/edit")
    one.go(f"orders/{order_id}/edit")

    one.page.get_by_label("Notes").fill("Ring twice")
    one.page.get_by_label("Quantity").fill("5")
    other.page.get_by_label("Notes").fill("Leave it outside")
    one.page.get_by_role("button", name="Save changes").click()
    expect(one.page.locator("tfoot .total")).to_have_text("€47.50")
    other.page.get_by_role("button", name="Save changes").click()

    merge = other.page.locator(".merge")
    expect(merge).to_contain_text("Someone else changed this order while you were editing")
    expect(merge).to_contain_text("Changed by them, not by you, and taken over: items.")
    expect(merge.get_by_role("group", name="notes")).to_contain_text("Leave it outside")
    expect(merge.get_by_role("group", name="notes")).to_contain_text("Ring twice")
    expect(other.page.get_by_label("Quantity")).to_have_value("5")

    merge.get_by_label("Theirs").check()
    expect(other.page.get_by_label("Notes")).to_have_value("Ring twice")
    merge.get_by_label("Yours").check()
    other.page.get_by_role("button", name="Save changes").click()
    expect(other.page.locator("tfoot .total")).to_have_text("€47.50")
    expect(other.page.get_by_text("Leave it outside", exact=True)).to_be_visible()


def test_an_action_on_an_order_that_changed_is_decided_anew(visit: Open, customer: str) -> None:
    one, other = visit(), visit()
    one.sign_in(customer)
    order_id = one.place_order()
    # Without live changes the other window keeps showing what was.
    other.page.route("**/v1/events", lambda route: route.abort())
    other.sign_in(customer, path=f"orders/{order_id}")
    expect(other.status()).to_have_text("Pending")
    one.page.get_by_role("button", name="Cancel order").click()
    one.page.get_by_role("dialog").get_by_role("button", name="Cancel order").click()
    expect(one.status()).to_have_text("Cancelled")

    other.page.get_by_role("button", name="Delete").click()
    other.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(other.page.get_by_role("alert")).to_contain_text("decide again")
    expect(other.status()).to_have_text("Cancelled")
