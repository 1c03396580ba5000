"""Lists as the API answers them: words, sorts, ranges, several statuses, counts; and what AWS leaves out."""

import json
import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from orders_core.order_numbers import number_of
from tests.browser.conftest import Open
from tests.browser.site import Site
from tests.browser.test_accessibility import assert_clean
from tests.browser.test_lists import place_orders, shown
from tests.browser.visitor import Visitor
from tests.hosts import PASSWORD, STAFF

PLACE = """async contents => {
    const { create, newKey } = await import("/console/js/orders.js");
    const ids = [];
    for (const content of contents) ids.push((await create(content, newKey())).order_id);
    return ids;
}"""


@pytest.fixture
def site(embedded_site: Site) -> Site:
    return embedded_site


def order_of(price: str, currency: str = "EUR", **details: object) -> dict[str, object]:
    items = [{"product_id": "A-1", "name": "Mug", "quantity": 1, "unit_price": price}]
    return {"items": items, "currency": currency, **details}


def place(visitor: Visitor, *contents: dict[str, object]) -> list[str]:
    """Places orders for whoever is signed in, one after the other, and shows the list of them."""
    ids: list[str] = visitor.page.evaluate(PLACE, list(contents))
    visitor.page.reload()
    expect(rows(visitor)).to_have_count(len(contents))
    return ids


def rows(visitor: Visitor) -> Locator:
    return visitor.page.locator("[data-order]")


def head(page: Page, name: str) -> Locator:
    return page.get_by_role("columnheader", name=name)


def sorts(page: Page) -> list[str]:
    """What the list can be sorted by."""
    return page.get_by_label("Sorted by").locator("option").all_inner_texts()


def test_an_order_is_found_by_each_of_its_handles(visitor: Visitor, customer: str) -> None:
    visitor.sign_in(customer)
    wanted, _ = place(
        visitor,
        {
            "items": [{"product_id": "TP-7", "name": "Teapot, Café", "quantity": 1, "unit_price": "1"}],
            "contact": {"name": "Ana García", "email": "ana.garcia@example.com"},
            "external_reference": "WEB-10042",
            "metadata": {"channel": "Telefon"},
        },
        order_of("1"),
    )
    search = visitor.page.get_by_label("Search", exact=True)
    number = number_of(wanted)
    for words in (
        number,
        number.lower(),
        "garcia",
        "ana.garcia@",
        "web-10042",
        "TP-7",
        "cafe",
        "tele",
        "ana tea",
    ):
        search.fill(words)
        expect(rows(visitor)).to_have_count(1)
        assert shown(visitor) == [wanted], words
        search.fill("no such thing")
        expect(visitor.page.get_by_role("heading", name="No order matches")).to_be_visible()


def test_a_search_reads_no_more_than_a_page(visitor: Visitor, site: Site, customer: str) -> None:
    place_orders(site, customer, 3)
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(request.url))
    visitor.sign_in(customer, path="orders?q=A-1")
    expect(rows(visitor)).to_have_count(3)
    assert [url for url in asked if "q=" in url] == [f"{site.origins[0]}/v1/orders?q=A-1&limit=50"]


def test_a_new_order_with_the_words_is_found_as_it_comes(visitor: Visitor, site: Site, customer: str) -> None:
    place_orders(site, customer, 1)
    visitor.sign_in(customer, path="orders?q=A-1")
    expect(rows(visitor)).to_have_count(1)
    expect(visitor.page.locator(".live.is-live")).to_be_visible()
    place_orders(site, customer, 1)
    visitor.page.get_by_role("button", name="1 new order").click()
    expect(rows(visitor)).to_have_count(2)


def test_a_press_on_a_column_sorts_by_it(visitor: Visitor, customer: str) -> None:
    visitor.sign_in(customer)
    cheap, dear, middle = place(visitor, order_of("5"), order_of("20"), order_of("12.50"))
    page = visitor.page
    expect(head(page, "Placed")).to_have_attribute("aria-sort", "descending")
    for name, direction, ids, sort in (
        ("Total", "descending", [dear, middle, cheap], "-total_amount"),
        ("Total", "ascending", [cheap, middle, dear], "total_amount"),
        ("Placed", "descending", [middle, dear, cheap], ""),
        ("Placed", "ascending", [cheap, dear, middle], "created_at"),
    ):
        head(page, name).get_by_role("button").click()
        expect(head(page, name)).to_have_attribute("aria-sort", direction)
        expect(page.locator("[aria-sort]")).to_have_count(1)
        expect(head(page, name).get_by_role("button")).to_be_focused()
        expect(rows(visitor)).to_have_count(3)
        assert shown(visitor) == ids
        expect(page.get_by_label("Sorted by")).to_have_value(sort)
    assert page.url.endswith("#/orders?sort=created_at")


def test_the_latest_change_comes_first_and_has_its_column(visitor: Visitor, customer: str) -> None:
    visitor.sign_in(customer)
    first, second = place(visitor, order_of("1"), order_of("2"))
    page = visitor.page
    expect(head(page, "Last change")).to_have_count(0)
    visitor.go(f"orders/{first}")
    page.get_by_role("button", name="Cancel order").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel order").click()
    expect(visitor.status()).to_have_text("Cancelled")
    visitor.go("orders")
    page.get_by_label("Sorted by").select_option("Latest change first")
    expect(head(page, "Last change")).to_have_attribute("aria-sort", "descending")
    expect(rows(visitor)).to_have_count(2)
    assert shown(visitor) == [first, second]


def test_a_range_is_of_what_is_sorted_by(visitor: Visitor, customer: str) -> None:
    visitor.sign_in(customer)
    _, middle, dear, _ = place(
        visitor, order_of("5"), order_of("12.50"), order_of("20"), order_of("15.000", "KWD")
    )
    page = visitor.page
    page.get_by_label("Sorted by").select_option("Highest total first")
    expect(page.get_by_label("From", exact=True)).to_have_count(0)
    expect(rows(visitor)).to_have_count(1)
    page.get_by_label("Currency").select_option("EUR")
    expect(rows(visitor)).to_have_count(3)
    page.get_by_label("Total from").fill("12,5")
    page.get_by_label("Total from").blur()
    expect(rows(visitor)).to_have_count(2)
    assert shown(visitor) == [dear, middle]
    assert page.url.endswith("?sort=-total_amount&min=12.5&currency=EUR")
    page.get_by_label("Total to").fill("1")
    page.get_by_label("Total to").blur()
    expect(page.get_by_label("Total to")).to_have_accessible_description(
        "The lowest total must not be above the highest."
    )
    page.get_by_label("Total to").fill("ten")
    page.get_by_label("Total to").blur()
    expect(page.get_by_label("Total to")).to_have_accessible_description("Enter an amount such as 19.99.")
    assert_clean(page)
    page.reload()
    expect(page.get_by_label("Total from")).to_have_value("12.5")
    expect(rows(visitor)).to_have_count(2)
    page.get_by_role("button", name="Clear filters").click()
    expect(rows(visitor)).to_have_count(4)
    expect(page.get_by_label("From", exact=True)).to_have_count(1)


def test_words_are_found_by_the_time_of_placing_only(visitor: Visitor, customer: str) -> None:
    visitor.sign_in(customer)
    place(visitor, order_of("1"), order_of("2"))
    page = visitor.page
    page.get_by_label("Sorted by").select_option("Lowest total first")
    expect(page.get_by_label("Total from")).to_be_visible()
    page.get_by_label("Search", exact=True).fill("mug")
    expect(page.get_by_label("From", exact=True)).to_be_visible()
    expect(rows(visitor)).to_have_count(2)
    assert sorts(page) == ["Newest first", "Oldest first"]
    expect(head(page, "Total").get_by_role("button")).to_have_count(0)
    assert page.url.endswith("#/orders?q=mug")


def test_several_statuses_at_once_and_as_a_view(visitor: Visitor) -> None:
    visitor.sign_in(STAFF)
    page = visitor.page
    visitor.filter_by_status("DELIVERED", "SHIPPED")
    expect(page.locator(".is-status summary")).to_have_text("Shipped, Delivered")
    expect(page.locator("[data-order] .c-status .badge:not(.is-delivered, .is-shipped)")).to_have_count(0)
    for status in ("shipped", "delivered"):
        expect(page.locator(f"[data-order] .c-status .badge.is-{status}")).not_to_have_count(0)
    assert page.url.endswith("?status=SHIPPED%2CDELIVERED")
    page.get_by_label("Sorted by").select_option("Oldest first")
    page.get_by_role("button", name="Save this view").click()
    page.get_by_label("Name of the view").fill("Waiting longest")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="All orders").click()
    expect(page.locator(".is-status summary")).to_have_text("Any")
    page.get_by_role("link", name="Waiting longest").click()
    expect(page.locator(".is-status summary")).to_have_text("Shipped, Delivered")
    expect(page.get_by_label("Sorted by")).to_have_value("created_at")


def test_orders_that_are_paid_and_shipped_so_far_are_listed(visitor: Visitor) -> None:
    visitor.sign_in(STAFF)
    page = visitor.page
    order_id = page.evaluate(
        """async () => {
            const { create, newKey, recordPayment } = await import("/console/js/orders.js");
            const items = [{ product_id: "A-1", quantity: 1, unit_price: "9.50" }];
            const order = await create({ items }, newKey());
            const cash = { provider: "cash", reference: "1", amount: "9.50", status: "CAPTURED" };
            await recordPayment(order, cash);
            return order.order_id;
        }"""
    )
    page.locator(".is-payment summary").click()
    page.get_by_role("checkbox", name="Paid", exact=True).check()
    expect(page.locator(f'[data-order="{order_id}"]')).to_be_visible()
    expect(page.locator("[data-order] .c-payment .badge:not(.is-paid)")).to_have_count(0)
    assert page.url.endswith("?payment=PAID")
    page.locator(".is-fulfilment summary").click()
    page.get_by_role("checkbox", name="All shipped").check()
    expect(page.locator(f'[data-order="{order_id}"]')).to_have_count(0)
    assert page.url.endswith("?payment=PAID&fulfilment=FULFILLED")
    page.get_by_role("button", name="Clear filters").click()
    expect(page.locator(".is-payment summary")).to_have_text("Any")
    expect(page.locator(f'[data-order="{order_id}"]')).to_be_visible()


def test_all_orders_are_counted_not_only_those_that_are_shown(
    visitor: Visitor, site: Site, customer: str
) -> None:
    place_orders(site, customer, 60)
    page = visitor.page
    visitor.sign_in(customer)
    expect(page.get_by_text("60 orders", exact=True)).to_be_visible()

    def many(route: Route) -> None:
        answer = route.fetch()
        body = answer.json() | {"total_count": 10_000, "total_is_exact": False}
        route.fulfill(response=answer, body=json.dumps(body))

    page.route("**/v1/orders?*count=estimate*", many)
    page.reload()
    expect(page.get_by_text("More than 10,000 orders", exact=True)).to_be_visible()


def test_what_the_api_does_not_answer_is_told_in_its_words(
    visitor: Visitor, site: Site, customer: str
) -> None:
    place_orders(site, customer, 1)
    fault = {
        "parameter": "sort",
        "detail": "is created_at or -created_at for a customer with more than 2,000 orders",
    }
    problem = {"type": "x/invalid-input", "status": 400, "detail": "See errors.", "errors": [fault]}
    visitor.page.route(
        "**/v1/orders?*sort=-updated_at*",
        lambda route: route.fulfill(
            status=400, body=json.dumps(problem), content_type="application/problem+json"
        ),
    )
    visitor.sign_in(customer, path="orders?sort=-updated_at")
    expect(visitor.page.get_by_role("alert")).to_contain_text("sort is created_at or -created_at")
    visitor.page.get_by_label("Sorted by").select_option("Newest first")
    expect(rows(visitor)).to_have_count(1)


def test_columns_are_chosen_and_kept(visitor: Visitor, customer: str) -> None:
    visitor.sign_in(customer)
    place(visitor, order_of("1", external_reference="WEB-7"))
    page = visitor.page
    expect(head(page, "Shop reference")).to_have_count(0)
    page.get_by_text("Columns", exact=True).click()
    page.get_by_label("Shop reference").check()
    page.get_by_label("Items").uncheck()
    assert_clean(page)
    page.keyboard.press("Escape")
    expect(page.get_by_text("Columns", exact=True)).to_be_focused()
    page.reload()
    expect(page.get_by_role("cell", name="WEB-7")).to_be_visible()
    expect(head(page, "Items")).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_filters_are_clean(visit: Open, theme: str) -> None:
    visitor = visit(color_scheme=theme)
    visitor.sign_in(STAFF, path="orders?sort=-total_amount&min=1&currency=EUR&status=PENDING,SHIPPED")
    expect(rows(visitor).first).to_be_visible()
    visitor.page.locator(".is-status summary").click()
    assert_clean(visitor.page)


def test_sorts_and_counts_in_spanish(visit: Open, site: Site, customer: str) -> None:
    place_orders(site, customer, 2)
    visitor = visit(locale="es-ES", viewport={"width": 375, "height": 800})
    page = visitor.page
    visitor.open("orders?status=BOGUS")
    page.get_by_label("Correo electrónico").fill(customer)
    page.get_by_label("Contraseña").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 pedidos", exact=True)).to_be_visible()
    expect(page.locator(".notice")).to_contain_text("Estado “BOGUS”")
    page.get_by_label("Orden", exact=True).select_option("Mayor total primero")
    page.get_by_label("Total desde").fill("1,50")
    page.get_by_label("Total desde").blur()
    expect(page.get_by_role("heading", name=re.compile("Ningún pedido"))).to_be_visible()
    assert page.url.endswith("?sort=-total_amount&min=1.50&currency=EUR")


class TestOnAws:
    @pytest.fixture
    def site(self, deployed: Site) -> Site:
        return deployed

    def test_only_what_its_indexes_answer_is_offered(self, visitor: Visitor, customer: str) -> None:
        page = visitor.page
        visitor.sign_in(customer, path="orders?sort=-total_amount&min=1")
        expect(page.locator(".notice")).to_contain_text("Sorted by “-total_amount”, Total from “1”")
        visitor.place_order()
        visitor.go("orders")
        expect(rows(visitor)).to_have_count(1)
        assert sorts(page) == ["Newest first", "Oldest first"]
        expect(head(page, "Total").get_by_role("button")).to_have_count(0)
        head(page, "Placed").get_by_role("button").click()
        expect(head(page, "Placed")).to_have_attribute("aria-sort", "ascending")
        expect(rows(visitor)).to_have_count(1)

    def test_an_order_is_found_by_its_reference(self, visitor: Visitor, customer: str) -> None:
        page = visitor.page
        visitor.sign_in(customer)
        expect(visitor.heading("Orders")).to_be_visible()
        contents = [order_of("1", external_reference="WEB-1"), order_of("2", external_reference="WEB-2")]
        ids: list[str] = page.evaluate(PLACE.replace("/console/js", "./js"), contents)
        search = page.get_by_label("Search", exact=True)
        expect(search).to_have_attribute("placeholder", "Whole number or shop reference")
        search.fill("WEB-2")
        expect(rows(visitor)).to_have_count(1)
        assert shown(visitor) == [ids[1]]
