"""Payments and shipments: recorded by staff in a few keys, seen on the order and in the list."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.site import Site
from tests.browser.test_accessibility import assert_clean
from tests.browser.visitor import Visitor
from tests.hosts import PASSWORD, STAFF

PLACE = """async content => {
    const { create, newKey, move } = await import("/console/js/orders.js");
    let order = await create(content, newKey());
    for (const status of ["CONFIRMED", "PROCESSING"]) order = await move(order, status);
    return order.order_id;
}"""
MUGS = {"items": [{"product_id": "A-1", "name": "Mug", "quantity": 3, "unit_price": "9.50"}]}


@pytest.fixture
def site(embedded_site: Site) -> Site:
    return embedded_site


@pytest.fixture(params=["light", "dark"])
def staff(request: pytest.FixtureRequest, visit: Open) -> Visitor:
    """Staff at an order that is being processed."""
    visitor = visit(color_scheme=request.param)
    visitor.sign_in(STAFF)
    expect(visitor.heading("Orders")).to_be_visible()
    visitor.go(f"orders/{visitor.page.evaluate(PLACE, MUGS)}")
    expect(visitor.status()).to_have_text("Processing")
    return visitor


def test_a_parcel_leaves_by_the_keyboard(staff: Visitor) -> None:
    page = staff.page
    page.locator("h1").focus()
    page.keyboard.press("s")
    expect(page.get_by_label("Carrier")).to_be_focused()
    page.keyboard.type("Correos Express")
    page.keyboard.press("Tab")
    page.keyboard.type("PX-1")
    page.get_by_label("Tracking link").fill("https://example.com/PX-1")
    page.get_by_label("Quantity of Mug").fill("2")
    assert_clean(page)
    page.get_by_label("Tracking number").press("Enter")
    expect(staff.status()).to_have_text("Shipped")
    expect(page.locator(".page-head .badge")).to_have_text(["Shipped", "Partly shipped"])
    expect(page.get_by_role("link", name="PX-1")).to_have_attribute("href", "https://example.com/PX-1")

    page.locator("h1").focus()
    page.keyboard.press("s")
    expect(page.get_by_label("Tracking number")).to_be_focused()  # the carrier is remembered
    page.keyboard.type("PX-2")
    page.keyboard.press("Enter")
    expect(page.locator(".page-head .badge")).to_have_text(["Shipped", "All shipped"])
    expect(page.locator(".timeline")).to_contain_text("Shipped with correos-express")
    expect(page.get_by_role("button", name="Record shipment")).to_have_count(0)
    assert_clean(page)


def test_a_payment_is_recorded_and_captured(staff: Visitor) -> None:
    page = staff.page
    page.get_by_role("button", name="Record payment").click()
    page.get_by_label("Provider", exact=True).fill("Stripe")
    page.get_by_role("button", name="Save payment").click()
    expect(page.get_by_label("Reference of the provider")).to_have_accessible_description("Fill this in.")
    page.get_by_label("Reference of the provider").fill("pi_1")
    expect(page.get_by_label("Amount in EUR")).to_have_value("28.50")
    page.get_by_label("Amount in EUR").fill("30")
    page.locator(".payment-form").get_by_label("Status").select_option("Authorized")
    page.get_by_role("button", name="Save payment").click()
    expect(page.get_by_role("alert")).to_contain_text("28.50")
    page.get_by_label("Amount in EUR").fill("28,50")
    assert_clean(page)
    page.get_by_role("button", name="Save payment").click()
    expect(page.locator(".page-head .badge")).to_have_text(["Processing", "Authorized"])
    page.get_by_role("button", name="Mark as captured").click()
    expect(page.locator(".page-head .badge")).to_have_text(["Processing", "Paid"])
    expect(page.get_by_role("button", name="Record payment")).to_have_count(0)
    assert_clean(page)
    order_id = staff.order_id()
    staff.go("orders")
    expect(page.locator(f'[data-order="{order_id}"] .c-payment')).to_have_text("Paid")


def test_what_was_paid_and_sent_is_read_in_spanish(staff: Visitor, visit: Open) -> None:
    page = staff.page
    page.keyboard.press("s")
    page.get_by_label("Carrier").fill("dhl")
    page.get_by_label("Tracking number").fill("D-1")
    page.keyboard.press("Enter")
    expect(staff.status()).to_have_text("Shipped")
    reader = visit(locale="es-ES", viewport={"width": 375, "height": 800})
    reader.open(f"orders/{staff.order_id()}")
    reader.page.get_by_label("Correo electrónico").fill(STAFF)
    reader.page.get_by_label("Contraseña").fill(PASSWORD)
    reader.page.keyboard.press("Enter")
    expect(reader.page.locator(".page-head .badge")).to_have_text(["Enviado", "Todo enviado"])
    expect(reader.page.get_by_role("heading", name="Envíos")).to_be_visible()
    expect(reader.page.locator(".timeline")).to_contain_text(re.compile("Enviado con dhl"))
    assert reader.page.evaluate("document.documentElement.scrollWidth") == 375


def test_a_customer_sees_them_and_records_none(staff: Visitor, visit: Open, customer: str) -> None:
    buyer = visit()
    buyer.sign_in(customer)
    order_id = buyer.place_order()
    staff.go(f"orders/{order_id}")
    staff.page.get_by_role("button", name="Record payment").click()
    staff.page.get_by_label("Provider", exact=True).fill("cash")
    staff.page.get_by_label("Reference of the provider").fill("till-7")
    staff.page.get_by_role("button", name="Save payment").click()
    expect(buyer.page.get_by_text("till-7")).to_be_visible()
    expect(buyer.page.locator(".page-head .badge")).to_have_text(["Pending", "Paid"])
    for name in ("Record payment", "Mark as captured", "Delete", "Record shipment"):
        expect(buyer.page.get_by_role("button", name=name)).to_have_count(0)
