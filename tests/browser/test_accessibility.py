"""WCAG 2.1 AA: axe finds nothing on any page in either theme, keyboard and phone suffice."""

from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.site import Site
from tests.browser.visitor import MUG, Visitor
from tests.hosts import PASSWORD, STAFF

AXE = (files("axe_playwright_python") / "axe.min.js").read_text()
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}
PHONE = {"width": 360, "height": 740}


@pytest.fixture
def site(embedded_site: Site) -> Site:
    return embedded_site


def assert_clean(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")  # a colour on its way is not the colour that is meant
    page.evaluate(AXE)
    found: list[dict[str, Any]] = page.evaluate("async rules => (await axe.run(rules)).violations", RULES)
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []


@pytest.fixture(params=["light", "dark"])
def themed(request: pytest.FixtureRequest, visit: Open) -> Visitor:
    return visit(color_scheme=request.param)


def test_sign_in_and_its_steps(themed: Visitor) -> None:
    page = themed.page
    themed.open()
    themed.fill_in("nobody@example.com", PASSWORD)
    expect(page.get_by_role("alert")).to_be_visible()
    assert_clean(page)
    page.get_by_role("button", name="Create an account").click()
    page.get_by_role("button", name="Create account").click()
    assert_clean(page)
    page.locator(".menu summary").click()
    assert_clean(page)


def test_the_list_and_the_menu(themed: Visitor) -> None:
    themed.sign_in(STAFF)
    expect(themed.page.locator("[data-order]").first).to_be_visible()
    assert_clean(themed.page)
    themed.page.locator(".menu summary").click()
    assert_clean(themed.page)


def test_the_palette_the_keys_and_a_view(themed: Visitor) -> None:
    themed.sign_in(STAFF, path="orders?status=PENDING")
    expect(themed.page.locator("[data-order]").first).to_be_visible()
    themed.page.keyboard.press("Control+k")
    themed.page.keyboard.type("ord")
    expect(themed.page.locator(".palette [role=option]").first).to_be_visible()
    assert_clean(themed.page)
    themed.page.keyboard.press("Escape")
    themed.page.locator("h1").focus()
    themed.page.keyboard.press("?")
    expect(themed.page.get_by_role("dialog")).to_be_visible()
    assert_clean(themed.page)


def test_an_order_its_dialog_and_its_returns(themed: Visitor, customer: str) -> None:
    page = themed.page
    themed.sign_in(STAFF)
    themed.place_order(MUG, notes="Wrap it")
    page.get_by_role("button", name="Cancel order").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert_clean(page)
    page.keyboard.press("Escape")
    for button, status in (
        ("Confirm order", "Confirmed"),
        ("Start processing", "Processing"),
        ("Mark as shipped", "Shipped"),
        ("Mark as delivered", "Delivered"),
    ):
        themed.act(button, status)
    page.get_by_role("button", name="Return items").click()
    page.get_by_label("Quantity of Mug").fill("1")
    page.get_by_label("Reason").fill("Broken")
    assert_clean(page)
    page.get_by_role("button", name="Request return").click()
    expect(page.locator(".return .badge")).to_be_visible()
    expect(page.locator(".toast").last).to_be_visible()
    assert_clean(page)


def test_the_form_and_its_faults(themed: Visitor, customer: str) -> None:
    themed.sign_in(customer, path="new")
    themed.page.get_by_role("button", name="Add data").click()
    themed.page.get_by_role("button", name="Place order").click()
    expect(themed.page.get_by_role("alert")).to_be_visible()
    assert_clean(themed.page)


def test_the_overview(themed: Visitor) -> None:
    themed.sign_in(STAFF, path="overview")
    expect(themed.page.locator(".figure svg")).to_have_count(4)
    assert_clean(themed.page)


def test_both_sides_of_a_merge(themed: Visitor, customer: str) -> None:
    page = themed.page
    themed.sign_in(customer)
    order_id = themed.place_order(MUG, notes="Wrap it")
    other = page.context.new_page()
    Visitor(other, themed.site).open(f"orders/{order_id}/edit")  # the tabs share the session
    themed.go(f"orders/{order_id}/edit")
    for each, notes in ((other, "Ring"), (page, "Knock")):
        each.get_by_label("Notes").fill(notes)
        each.get_by_role("button", name="Save changes").click()
        expect(each.get_by_label("Notes").or_(each.get_by_text("Ring"))).not_to_have_count(0)
    expect(page.locator(".merge")).to_be_visible()
    assert_clean(page)


def test_what_is_not_there(themed: Visitor, customer: str) -> None:
    themed.sign_in(customer)
    expect(themed.page.get_by_role("heading", name="No orders yet")).to_be_visible()
    assert_clean(themed.page)
    themed.go("nowhere")
    expect(themed.heading("There is no such page")).to_be_visible()
    assert_clean(themed.page)


def test_the_reference(themed: Visitor) -> None:
    themed.page.goto(themed.site.docs)
    expect(themed.page.locator("section.operation")).not_to_have_count(0)
    for operation in ("create_order", "delete_order"):
        section = themed.page.locator(f"#{operation}")
        section.evaluate("one => one.querySelectorAll('details').forEach(each => { each.open = true })")
    assert_clean(themed.page)


def test_from_sign_in_to_an_order_by_keyboard_alone(visitor: Visitor, customer: str) -> None:
    keys = visitor.page.keyboard
    visitor.open()
    expect(visitor.page.get_by_label("E-mail")).to_be_focused()
    keys.type(customer)
    keys.press("Tab")
    keys.type(PASSWORD)
    keys.press("Enter")
    expect(visitor.heading("Orders")).to_be_visible()

    tab_to(visitor, "New order")
    keys.press("Enter")
    expect(visitor.heading("New order")).to_be_focused()
    keys.press("Tab")  # the currency
    for text in ("A-1", "Mug", "3", "9.50"):
        keys.press("Tab")
        keys.press("Control+a")
        keys.type(text)
    tab_to(visitor, "Place order")
    keys.press("Enter")
    expect(visitor.page.locator("tfoot .total")).to_have_text("€28.50")

    tab_to(visitor, "Cancel order")
    keys.press("Enter")
    expect(visitor.page.get_by_role("dialog").get_by_role("button", name="Go back")).to_be_focused()
    keys.press("Tab")
    keys.press("Enter")
    expect(visitor.status()).to_have_text("Cancelled")
    expect(visitor.page.locator("h1")).to_be_focused()


def tab_to(visitor: Visitor, name: str) -> None:
    """Presses Tab until the control of that name has the focus, which must show."""
    for _ in range(60):
        visitor.page.keyboard.press("Tab")
        focused = visitor.page.locator(":focus")
        if focused.count() and focused.inner_text() == name:
            assert focused.evaluate("element => getComputedStyle(element).outlineStyle") == "solid"
            return
    raise AssertionError(f"Tab does not come to {name}")


def test_arrow_keys_move_between_orders(visitor: Visitor) -> None:
    visitor.sign_in(STAFF)
    links = visitor.page.locator("[data-order] a")
    links.first.focus()
    visitor.page.keyboard.press("ArrowDown")
    expect(links.nth(1)).to_be_focused()
    visitor.page.keyboard.press("ArrowUp")
    expect(links.first).to_be_focused()


@pytest.mark.parametrize("path", ["orders", "new", "overview"])
def test_a_phone_is_wide_enough(visit: Open, path: str) -> None:
    visitor = visit(viewport=PHONE, locale="es-ES", has_touch=True)
    visitor.open(path)
    visitor.page.get_by_label("Correo electrónico").fill(STAFF)
    visitor.page.get_by_label("Contraseña").fill(PASSWORD)
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.locator("main h1")).not_to_have_text("Iniciar sesión")
    expect(visitor.page.locator("[data-order], .figure svg, fieldset.line").first).to_be_visible()
    assert visitor.page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_an_order_and_what_it_adds_to_the_figures_fit_a_phone(visit: Open) -> None:
    visitor = visit(viewport=PHONE)
    visitor.sign_in(STAFF)
    visitor.place_order((f"{'long-id-' * 8}", "Name " * 30, "10000", "1000000"), notes="unbroken" * 40)
    assert visitor.page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    visitor.go("overview")
    expect(visitor.page.locator(".figure svg")).to_have_count(4)
    assert visitor.page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
