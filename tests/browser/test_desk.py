"""A day's work at the list: finding, filtering, keys, views, export, print; nothing moves or is lost."""

import csv
import json
import re

import pytest
from playwright.sync_api import Route, expect

from orders_core.order_numbers import number_of
from tests.browser.conftest import Open
from tests.browser.site import Site
from tests.browser.test_lists import place_orders, shown
from tests.browser.visitor import MUG, Visitor
from tests.hosts import PASSWORD, STAFF

FAILURE = {
    "type": "https://orders-api.dev/problems/internal-error",
    "title": "Something went wrong",
    "status": 500,
    "detail": "Quote the request_id when you report it.",
    "request_id": "r-77",
}


@pytest.fixture
def site(embedded_site: Site) -> Site:
    return embedded_site


def fail_writes(visitor: Visitor) -> None:
    def fail(route: Route) -> None:
        if route.request.method == "PUT":
            route.fulfill(status=500, body=json.dumps(FAILURE), content_type="application/problem+json")
        else:
            route.fallback()

    visitor.page.route("**/v1/orders/*", fail)


# Filters


def test_a_filter_is_undone_by_any_and_by_clear(visitor: Visitor) -> None:
    visitor.sign_in(STAFF)
    page = visitor.page
    other = page.locator("[data-order] .c-status .badge:not(.is-delivered)")
    for undo in ("any", "clear"):
        visitor.filter_by_status("DELIVERED")
        expect(page.locator("[data-order]").first).to_be_visible()
        expect(other).to_have_count(0)
        if undo == "any":
            visitor.filter_by_status()
        else:
            page.get_by_role("button", name="Clear filters").click()
            expect(page.get_by_label("Search", exact=True)).to_be_focused()
        expect(other).not_to_have_count(0)


def test_a_status_that_does_not_exist_is_named(visitor: Visitor) -> None:
    visitor.sign_in(STAFF, path="orders?status=BOGUS")
    expect(visitor.page.locator(".notice")).to_contain_text("Status “BOGUS”")
    expect(visitor.page.locator("[data-order]").first).to_be_visible()


def test_a_year_that_is_being_typed_is_not_a_filter(visitor: Visitor, customer: str, site: Site) -> None:
    place_orders(site, customer, 1)
    visitor.sign_in(customer)
    expect(visitor.page.locator("[data-order]")).to_have_count(1)
    visitor.page.get_by_label("To", exact=True).fill("0002-01-01")
    visitor.page.get_by_label("To", exact=True).blur()
    expect(visitor.page.locator("[data-order]")).to_have_count(1)
    assert "0002" not in visitor.page.url


def test_the_number_that_is_shown_finds_its_order(visitor: Visitor, customer: str, site: Site) -> None:
    ids = place_orders(site, customer, 3)
    visitor.sign_in(customer)
    # Not inner_text(): rows that the browser has not laid out yet have none.
    number = visitor.page.locator("[data-order] a").nth(1).text_content()
    assert number, visitor.page.content()
    visitor.page.get_by_label("Search", exact=True).fill(number)
    expect(visitor.page.locator("[data-order]")).to_have_count(1)
    assert shown(visitor) == [ids[1]]
    assert visitor.page.url.endswith(f"?q={number}")
    visitor.page.get_by_label("Search", exact=True).fill("no such thing")
    expect(visitor.page.get_by_role("heading", name="No order matches")).to_be_visible()


def test_a_view_is_saved_under_a_name_and_removed(visitor: Visitor) -> None:
    visitor.sign_in(STAFF)
    page = visitor.page
    visitor.filter_by_status("SHIPPED")
    page.get_by_label("Customer ID").fill("corner-shop")
    page.get_by_label("Customer ID").blur()
    page.get_by_role("button", name="Save this view").click()
    page.get_by_label("Name of the view").fill("Shop on its way")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="All orders").click()
    page.reload()
    page.get_by_role("link", name="Shop on its way").click()
    expect(page.locator(".is-status summary")).to_have_text("Shipped")
    assert page.url.endswith("?customer=corner-shop&status=SHIPPED")
    page.get_by_role("button", name="Remove the view Shop on its way").click()
    expect(page.get_by_role("link", name="Shop on its way")).to_have_count(0)


# Live changes


def test_new_orders_wait_until_they_are_asked_for(visitor: Visitor, site: Site, customer: str) -> None:
    ids = place_orders(site, customer, 2)
    visitor.sign_in(customer)
    page = visitor.page
    expect(page.locator("[data-order]")).to_have_count(2)
    expect(page.locator(".live.is-live")).to_be_visible()
    top = page.locator(f'[data-order="{ids[1]}"]').bounding_box()
    later = place_orders(site, customer, 3)
    button = page.get_by_role("button", name="3 new orders")
    expect(button).to_be_visible()
    assert page.locator(f'[data-order="{ids[1]}"]').bounding_box() == top
    button.click()
    expect(page.locator("[data-order]")).to_have_count(5)
    assert shown(visitor) == [*later[::-1], *ids[::-1]]
    expect(page.locator("[data-order] a").first).to_be_focused()


def test_a_return_that_is_being_written_survives_a_change_of_the_order(visit: Open, customer: str) -> None:
    looking, staff = visit(), visit()
    looking.sign_in(customer)
    order_id = looking.place_order(("A-1", "Mug", "3", "9.50"))
    staff.sign_in(STAFF, path=f"orders/{order_id}")
    for button, status in (
        ("Confirm order", "Confirmed"),
        ("Start processing", "Processing"),
        ("Mark as shipped", "Shipped"),
        ("Mark as delivered", "Delivered"),
    ):
        staff.act(button, status)
    expect(looking.status()).to_have_text("Delivered")
    looking.page.get_by_role("button", name="Return items").click()
    expect(looking.page.get_by_label("Quantity of Mug")).to_be_focused()
    looking.page.get_by_label("Quantity of Mug").fill("1")
    looking.page.get_by_label("Reason").fill("Half a sent")

    staff.page.get_by_role("button", name="Return items").click()
    staff.page.get_by_label("Quantity of Mug").fill("1")
    staff.page.get_by_label("Reason").fill("Broken")
    staff.page.get_by_role("button", name="Request return").click()
    expect(looking.page.locator(".return")).to_have_count(1)
    expect(looking.page.get_by_label("Reason")).to_have_value("Half a sent")
    expect(looking.page.get_by_label("Reason")).to_be_focused()
    looking.page.keyboard.type("ence")
    expect(looking.page.get_by_label("Reason")).to_have_value("Half a sentence")
    expect(looking.page.get_by_label("Quantity of Mug")).to_have_value("1")


# Writing


def test_a_discarded_draft_can_be_had_back(visitor: Visitor, customer: str) -> None:
    visitor.sign_in(customer, path="new")
    visitor.fill_items(MUG)
    visitor.page.get_by_role("button", name="Discard").click()
    expect(visitor.page.get_by_label("Product ID")).to_have_value("")
    expect(visitor.page.locator(".order-form :focus")).to_have_count(1)
    visitor.page.get_by_role("button", name="Undo").click()
    expect(visitor.page.get_by_label("Product ID")).to_have_value("A-1")


def test_a_draft_survives_a_reload_of_another_page(visitor: Visitor, customer: str) -> None:
    visitor.sign_in(customer, path="new")
    visitor.fill_items(MUG)
    visitor.go("orders")
    visitor.page.reload()
    expect(visitor.heading("Orders")).to_be_visible()
    visitor.go("new")
    expect(visitor.page.get_by_label("Product ID")).to_have_value("A-1")
    visitor.sign_out()
    assert visitor.page.evaluate("sessionStorage.length") == 0


def test_staff_order_for_customers_that_exist(visitor: Visitor, site: Site, customer: str) -> None:
    place_orders(site, customer, 1)
    visitor.sign_in(STAFF)
    page = visitor.page
    tail = page.locator("[data-order]").first.locator(".c-customer").text_content()
    whole = page.locator("[data-order]").first.locator(".c-customer span").get_attribute("title")
    assert whole and tail and whole.endswith(tail) and whole != tail
    visitor.go("new")
    visitor.fill_items(MUG)
    page.get_by_label("Customer ID").fill(customer)
    page.get_by_role("button", name="Place order").click()
    expect(page.get_by_label("Customer ID")).to_have_accessible_description(
        re.compile("No order was ever placed under this ID")
    )
    expect(page.locator(f'datalist option[value="{whole}"]')).to_have_count(1)
    page.get_by_label("Customer ID").fill(tail)
    page.get_by_role("button", name="Place order").click()
    expect(page.locator(".facts").get_by_text(whole)).to_be_visible()

    visitor.go("new")
    visitor.fill_items(MUG)
    page.get_by_label("Customer ID").fill("somebody-new")
    page.get_by_role("button", name="Place order").click()
    page.get_by_label("This is a new customer").check()
    page.get_by_role("button", name="Place order").click()
    expect(page.locator(".facts").get_by_text("somebody-new")).to_be_visible()


@pytest.mark.parametrize(
    ("text", "currency", "grouping", "decimal"),
    [
        ("1.234,50", "EUR", ".", "1234.50"),
        ("1,234.50", "EUR", ",", "1234.50"),
        ("1.234", "EUR", ".", "1234"),
        ("1.234", "EUR", ",", "1.234"),
        ("1.234", "KWD", ".", "1.234"),
        ("1.234.567", "EUR", ",", "1234567"),
        ("19,9", "EUR", ".", "19.9"),
        ("1 234,50", "EUR", "\u202f", "1234.50"),
        ("1.2.3", "EUR", ".", "1.2.3"),
        ("12,34.5", "EUR", ",", "12,34.5"),
        ("abc", "EUR", ",", "abc"),
    ],
)
def test_amounts_are_read_as_people_write_them(
    visitor: Visitor, text: str, currency: str, grouping: str, decimal: str
) -> None:
    visitor.open()
    read = "async given => (await import('/console/js/money.js')).readAmount(...given)"
    assert visitor.page.evaluate(read, [text, currency, grouping]) == decimal


def test_spanish_amounts_and_problems(visit: Open, customer: str, site: Site) -> None:
    visitor = visit(locale="es-ES")
    page = visitor.page
    visitor.open("new")
    page.get_by_label("Correo electrónico").fill(customer)
    page.get_by_label("Contraseña").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_label("ID de producto").fill("A-1")
    page.get_by_label("Precio unitario").fill("1.234,50")
    expect(page.locator("output.total")).to_have_text("1234,50 €")
    page.get_by_role("button", name="Hacer pedido").click()
    expect(page.locator("tfoot .total")).to_have_text("1234,50 €")

    fail_writes(visitor)
    page.get_by_role("button", name="Cancelar pedido").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancelar pedido").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("No es culpa tuya")
    expect(alert).not_to_contain_text("Quote")


# Failures


def test_an_action_that_failed_says_so_where_it_was(visitor: Visitor, customer: str) -> None:
    visitor.sign_in(customer)
    visitor.place_order()
    fail_writes(visitor)
    visitor.page.get_by_role("button", name="Cancel order").click()
    visitor.page.get_by_role("dialog").get_by_role("button", name="Cancel order").click()
    expect(visitor.page.get_by_role("alert")).to_contain_text("r-77")
    expect(visitor.status()).to_have_text("Pending")
    visitor.page.locator(".closable").get_by_role("button", name="Close").click()
    expect(visitor.page.get_by_role("alert")).to_have_count(0)


def test_one_message_at_a_time_which_can_be_sent_away(visitor: Visitor, customer: str) -> None:
    visitor.sign_in(customer)
    visitor.place_order()
    visitor.page.evaluate("Object.assign(navigator.clipboard, {writeText: async () => {}})")
    for _ in range(3):
        visitor.page.get_by_role("button", name="Copy ID").click()
    expect(visitor.page.locator(".toast")).to_have_count(1)
    visitor.page.locator(".toast").get_by_role("button", name="Close").click()
    expect(visitor.page.locator(".toast")).to_have_count(0)


def test_a_server_that_dies_behind_an_open_page_is_told(visitor: Visitor, customer: str) -> None:
    visitor.page.route("**/v1/events", lambda route: route.abort())
    visitor.sign_in(customer)
    expect(visitor.page.locator(".banner")).to_contain_text("No connection to the server.")


# The overview


def test_the_average_basket_is_of_one_currency(visitor: Visitor, site: Site, customer: str) -> None:
    place_orders(site, customer, 4)
    visitor.sign_in(customer, path="new")
    visitor.page.get_by_label("Currency").select_option("KWD")
    visitor.fill_items(("A-1", "", "1", "5.000"))
    visitor.page.get_by_role("button", name="Place order").click()
    expect(visitor.page.locator(".timeline")).to_be_visible()
    visitor.go("overview")
    visitor.page.get_by_label("Currency").select_option("EUR")
    expect(visitor.page.locator(".fact dd").nth(2)).to_have_text("€1.00")


def test_an_average_that_is_not_known_is_not_shown(visitor: Visitor) -> None:
    sums = """async () => {
        const {summarize} = await import("/console/js/statistics.js");
        const day = {date: "2026-01-01", orders: 3, by_status: {}, revenue: {EUR: "10.00", USD: "5.00"}};
        return summarize([day], ["2026-01-01"], "EUR").basket;
    }"""
    visitor.open()
    assert visitor.page.evaluate(sums) is None


def test_a_chart_in_a_sliver_of_a_window_draws_nothing_negative(visit: Open) -> None:
    visitor = visit(viewport={"width": 90, "height": 600})
    visitor.page.goto(f"{visitor.site.console}#/overview")
    visitor.page.set_viewport_size({"width": 1000, "height": 800})
    visitor.fill_in(STAFF, PASSWORD)
    expect(visitor.page.locator(".figure svg")).to_have_count(4)
    visitor.page.set_viewport_size({"width": 90, "height": 800})
    widths = "[...document.querySelectorAll('.figure [width]')].map(one => Number(one.getAttribute('width')))"
    visitor.page.wait_for_function("() => document.querySelector('.figure svg')?.getAttribute('width') < 90")
    assert min(visitor.page.evaluate(widths)) >= 0


# Keys, palette, export, print, selection


def test_the_list_by_keyboard(visitor: Visitor, site: Site, customer: str) -> None:
    ids = place_orders(site, customer, 3)
    visitor.sign_in(customer)
    page = visitor.page
    expect(page.locator("[data-order]")).to_have_count(3)
    page.keyboard.press("/")
    expect(page.get_by_label("Search", exact=True)).to_be_focused()
    page.keyboard.type("jk?")
    expect(page.get_by_label("Search", exact=True)).to_have_value("jk?")
    page.get_by_role("button", name="Clear filters").click()
    expect(page.locator("[data-order]")).to_have_count(3)
    page.locator("h1").focus()
    for key in "jjk":
        page.keyboard.press(key)
    expect(page.locator("[data-order] a").first).to_be_focused()
    page.keyboard.press("?")
    page.get_by_label("Single keys are on").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.locator("[data-order] a").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(visitor.heading(f"Order {number_of(ids[-1])}")).to_be_visible()


def test_the_palette_goes_everywhere(visitor: Visitor, site: Site, customer: str) -> None:
    (order_id,) = place_orders(site, customer, 1)
    visitor.sign_in(customer)
    page = visitor.page
    expect(page.locator("[data-order]")).to_have_count(1)
    for typed, heading in (
        ("new", "New order"),
        ("overview", "Overview"),
        (order_id, f"Order {number_of(order_id)}"),
    ):
        page.keyboard.press("Control+k")
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
        expect(visitor.heading(heading)).to_be_visible()
    page.keyboard.press("Control+k")
    page.keyboard.type("pending")
    page.keyboard.press("Enter")
    expect(page.locator("[data-order]")).to_have_count(1)
    assert page.url.endswith("?status=PENDING")


def test_the_list_as_csv(visitor: Visitor, customer: str) -> None:
    visitor.sign_in(customer)
    order_id = visitor.place_order(("A-1", '=SUM("1")', "2", "9.50"), notes="=1+1")
    visitor.go("orders")
    expect(visitor.page.locator("[data-order]")).to_have_count(1)
    with visitor.page.expect_download() as saved:
        visitor.page.get_by_role("button", name="Export CSV").click()
    text = saved.value.path().read_text("utf-8-sig")
    (row,) = csv.DictReader(text.splitlines())
    assert row["order_id"] == order_id
    assert (row["currency"], row["total_amount"], row["items"]) == ("EUR", "19.00", '2 x =SUM("1")')
    assert row["notes"] == "'=1+1"  # a text, not a formula


def test_an_order_on_paper(visitor: Visitor, customer: str) -> None:
    visitor.sign_in(customer)
    visitor.place_order()
    visitor.page.emulate_media(media="print")
    expect(visitor.page.locator("tfoot .total")).to_be_visible()
    for part in (".top", ".actions", ".crumb"):
        expect(visitor.page.locator(part)).to_be_hidden()


def test_the_text_of_a_row_can_be_selected(visitor: Visitor, site: Site, customer: str) -> None:
    place_orders(site, customer, 1)
    visitor.sign_in(customer)
    cell = visitor.page.locator("[data-order] .c-items")
    box = cell.bounding_box()
    assert box is not None
    visitor.page.mouse.move(box["x"] + 1, box["y"] + 8)
    visitor.page.mouse.down()
    visitor.page.mouse.move(box["x"] + 60, box["y"] + 8, steps=4)
    visitor.page.mouse.up()
    assert visitor.page.evaluate("String(getSelection())") == "A-1"
    assert "orders/" not in visitor.page.url
    cell.click(position={"x": 150, "y": 8})
    expect(visitor.page.locator(".timeline")).to_be_visible()


def test_marks_that_turn_the_direction_of_text_are_shown(visitor: Visitor, customer: str) -> None:
    visitor.sign_in(customer)
    visitor.place_order(("A-1", "invoice\u202efdp.exe", "1", "1"))
    expect(visitor.page.locator(".items tbody td").first).to_contain_text("invoice\ufffdfdp.exe")


def test_the_footer_never_covers_the_field_that_is_typed_in(visit: Open, customer: str) -> None:
    visitor = visit(viewport={"width": 320, "height": 480})
    visitor.sign_in(customer, path="new")
    assert visitor.page.locator(".form-foot").evaluate("one => getComputedStyle(one).position") == "static"
