"""Many orders at once, from one order to the next, papers, customers, events."""

import json
import re

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Open
from tests.browser.site import Site
from tests.browser.test_accessibility import assert_clean
from tests.browser.test_lists import id_token, place_orders
from tests.browser.visitor import MUG, Visitor
from tests.hosts import PASSWORD, STAFF
from tests.hosts.own import claims_of


@pytest.fixture
def site(embedded_site: Site) -> Site:
    return embedded_site


@pytest.fixture(params=["light", "dark"])
def themed(request: pytest.FixtureRequest, visit: Open) -> Visitor:
    return visit(color_scheme=request.param)


def open_orders_of(visitor: Visitor, site: Site, email: str, count: int) -> list[str]:
    """Places orders for a customer and shows staff the list of them, newest first."""
    ids = place_orders(site, email, count)
    visitor.sign_in(STAFF)
    row = visitor.page.locator(f'[data-order="{ids[-1]}"]')
    customer = row.locator(".c-customer span").get_attribute("title")
    visitor.go(f"orders?customer={customer}")
    expect(visitor.page.locator("[data-order]")).to_have_count(count)
    return ids[::-1]


def test_picked_orders_move_and_the_overtaken_one_is_explained(
    themed: Visitor, site: Site, customer: str
) -> None:
    page = themed.page
    page.route("**/v1/events", lambda route: route.fulfill(status=404, body="{}"))  # no live changes
    ids = open_orders_of(themed, site, customer, 6)
    boxes = page.locator("[data-order] [type=checkbox]")
    boxes.nth(0).check()
    boxes.nth(4).click(modifiers=["Shift"])
    expect(page.get_by_text("5 selected")).to_be_visible()
    assert_clean(page)

    other = page.context.new_page()  # the tabs share the session
    overtaking = Visitor(other, site)
    overtaking.open(f"orders/{ids[2]}")
    other.get_by_role("button", name="Cancel order").click()
    other.get_by_role("dialog").get_by_role("button", name="Cancel order").click()
    expect(overtaking.status()).to_have_text("Cancelled")

    page.get_by_role("button", name="Confirm order").click()
    told = page.locator(".bulk-told")
    expect(told).to_contain_text("4 of 5 orders are now: Confirmed.")
    expect(told).to_contain_text("was changed by someone else meanwhile")
    expect(told.locator(".badge")).to_have_text("Cancelled")
    expect(told).to_be_focused()
    expect(page.locator("[data-order] .c-status .badge.is-confirmed")).to_have_count(4)
    expect(page.locator("[data-order] .c-status .badge.is-pending")).to_have_count(1)
    assert_clean(page)
    told.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Clear selection").click()
    expect(page.locator(".bulk")).to_have_count(0)


def test_what_failed_for_another_reason_can_be_tried_again(
    visitor: Visitor, site: Site, customer: str
) -> None:
    page = visitor.page
    ids = open_orders_of(visitor, site, customer, 2)

    def fail(route: Route) -> None:
        problem = {"type": "https://orders-api.dev/problems/internal-error", "status": 500, "detail": "r-77"}
        if route.request.method == "PUT":
            route.fulfill(status=500, body=json.dumps(problem), content_type="application/problem+json")
        else:
            route.fallback()

    page.route(f"**/v1/orders/{ids[0]}", fail)
    page.get_by_label("Select all that are shown").check()
    page.get_by_role("button", name="Confirm order").click()
    expect(page.locator(".bulk-told")).to_contain_text("1 of 2 orders are now: Confirmed.")
    page.unroute(f"**/v1/orders/{ids[0]}")
    page.get_by_role("button", name="Try again with this one").click()
    expect(page.locator(".bulk-told")).to_contain_text("1 of 1 orders are now: Confirmed.")
    expect(page.locator("[data-order] .c-status .badge.is-confirmed")).to_have_count(2)


def test_orders_are_picked_by_keyboard_and_nothing_moves(visitor: Visitor, site: Site, customer: str) -> None:
    page = visitor.page
    open_orders_of(visitor, site, customer, 2)
    row = page.locator("[data-order]").first
    page.locator("h1").focus()
    page.keyboard.press("j")
    before = row.bounding_box()
    page.keyboard.press("x")
    expect(page.get_by_text("1 selected")).to_be_visible()
    assert row.bounding_box() == before
    expect(row.get_by_role("checkbox")).to_be_checked()


def test_customers_have_no_checkboxes(visitor: Visitor, site: Site, customer: str) -> None:
    place_orders(site, customer, 1)
    visitor.sign_in(customer)
    expect(visitor.page.locator("[data-order]")).to_have_count(1)
    expect(visitor.page.locator(".orders [type=checkbox]")).to_have_count(0)
    expect(visitor.page.get_by_role("link", name="Customers")).to_have_count(0)


def test_from_one_order_to_the_next(visitor: Visitor, site: Site, customer: str) -> None:
    place_orders(site, customer, 3)
    visitor.sign_in(customer)
    page = visitor.page
    page.locator("[data-order] a").first.click()
    expect(page.get_by_text("1 of 3")).to_be_visible()
    expect(page.get_by_role("link", name="Previous")).to_have_count(0)
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text("2 of 3")).to_be_visible()
    page.keyboard.press("j")
    expect(page.get_by_text("3 of 3")).to_be_visible()
    page.keyboard.press("k")
    expect(page.get_by_text("2 of 3")).to_be_visible()


def test_papers_speak_the_language_of_who_gets_them(themed: Visitor, customer: str) -> None:
    page = themed.page
    themed.sign_in(customer)
    themed.place_order(MUG, notes="Wrap it")
    page.get_by_role("link", name="Invoice").click()
    paper = page.get_by_role("article")
    expect(paper.get_by_role("heading", name="Invoice")).to_be_visible()
    expect(paper.locator("tfoot .total")).to_have_text("€19.00")
    page.get_by_label("Sender").fill("Taller Azul\nMadrid")
    page.get_by_label("Language of the paper").select_option("es")
    expect(paper).to_have_attribute("lang", "es")
    expect(paper.get_by_role("heading", name="Factura")).to_be_visible()
    expect(paper.locator("tfoot .total")).to_have_text("19,00 €")
    expect(paper).to_contain_text("Taller Azul")
    expect(themed.heading("Invoice")).to_be_visible()
    assert_clean(page)
    page.emulate_media(media="print")
    expect(page.locator(".paper-tools").first).to_be_hidden()
    expect(paper).to_be_visible()
    page.emulate_media(media="screen")
    page.get_by_role("link", name="Back to the order").click()
    page.get_by_role("link", name="Packing slip").click()
    expect(paper).to_contain_text("Wrap it")
    expect(paper).to_contain_text("Taller Azul")
    expect(paper).not_to_contain_text("19.00")


def test_packing_slips_of_picked_orders(visitor: Visitor, site: Site, customer: str) -> None:
    open_orders_of(visitor, site, customer, 3)
    visitor.page.get_by_label("Select all that are shown").check()
    visitor.page.get_by_role("link", name="Packing slip").click()
    expect(visitor.page.get_by_role("article")).to_have_count(3)


def test_customers_by_their_orders(themed: Visitor, site: Site, customer: str) -> None:
    place_orders(site, customer, 2)
    themed.sign_in(STAFF, path="customers")
    page = themed.page
    expect(page.locator("tbody tr").first).to_be_visible()
    assert_clean(page)
    # Other tests order from the same host meanwhile, so the customer need not be the first.
    sub = claims_of(id_token(site, customer))["sub"]
    row = page.locator("tbody tr", has=page.locator(f'a[href="#/customers/{sub}"]'))
    expect(row.locator("td").nth(1)).to_have_text("2")
    expect(row.locator("td").nth(3)).to_have_text("€2.00")
    name = row.get_by_role("link").first.inner_text()
    page.get_by_label("Search customers").fill(name)
    expect(page.locator("tbody tr")).to_have_count(1)
    row.get_by_role("link").first.click()
    expect(page.locator("[data-order]")).to_have_count(2)


def test_events_are_seen_as_they_happen(themed: Visitor, site: Site, customer: str) -> None:
    themed.sign_in(customer, path="developers")
    page = themed.page
    expect(page.locator(".live.is-live")).to_be_visible()
    place_orders(site, customer, 1)
    expect(page.locator(".events li")).to_have_count(1)
    page.locator(".events summary").click()
    expect(page.locator(".events pre")).to_contain_text('"order_id"')
    assert_clean(page)


def test_the_requests_of_the_tab_are_seen_without_their_queries(
    visit: Open, site: Site, customer: str
) -> None:
    (order_id,) = place_orders(site, customer, 1)
    visitor = visit(locale="es-ES", viewport={"width": 375, "height": 800})
    page = visitor.page
    visitor.open("orders?q=A-1")
    page.get_by_label("Correo electrónico").fill(customer)
    page.get_by_label("Contraseña").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.locator("[data-order] a").click()
    expect(page.locator(".timeline li")).to_have_count(1)
    visitor.go("developers")
    log = page.get_by_role("region", name="Peticiones de esta pestaña")
    expect(log.get_by_text(f"GET /v1/orders/{order_id}", exact=True)).to_be_visible()
    expect(log.get_by_text("GET /v1/orders", exact=True)).to_be_visible()
    expect(log).not_to_contain_text("A-1")
    assert_clean(page)


def test_staff_are_told_the_commands_for_webhooks_and_keys(themed: Visitor) -> None:
    themed.sign_in(STAFF, path="developers")
    expect(themed.page.get_by_text("orders webhook replay ID")).to_be_visible()
    assert_clean(themed.page)


def test_the_code_of_a_page_is_loaded_when_it_is_opened(visitor: Visitor, customer: str) -> None:
    loaded: list[str] = []
    visitor.page.on("request", lambda request: loaded.append(request.url.rpartition("/js/")[2]))
    visitor.sign_in(customer)
    expect(visitor.heading("Orders")).to_be_visible()
    assert "pages/orders.js" in loaded
    assert not {"pages/overview.js", "pages/order-form.js", "pages/papers.js"} & set(loaded)
    visitor.go("overview")
    expect(visitor.heading(re.compile("Overview"))).to_be_visible()
    assert "pages/overview.js" in loaded
