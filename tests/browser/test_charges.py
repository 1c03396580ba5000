"""Discounts, shipping and taxes: shown between the items and the total, on paper too, and kept by an edit."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.site import Site
from tests.browser.test_accessibility import assert_clean
from tests.browser.visitor import Visitor
from tests.hosts import PASSWORD, STAFF

PLACE = """async content => {
    const { create, newKey } = await import("/console/js/orders.js");
    return (await create(content, newKey())).order_id;
}"""
BARGAIN = {
    "items": [
        {"product_id": "A-1", "name": "Mug", "quantity": 2, "unit_price": "9.50", "discount": "1.00"},
        {"product_id": "B-7", "name": "Lamp", "quantity": 1, "unit_price": "49.99", "tax": "9.34"},
    ],
    "discounts": [{"amount": "5.00", "code": "SPRING"}],
    "shipping": {"method": "standard", "amount": "4.90", "tax": "1.03"},
    "taxes": [{"name": "IVA", "amount": "2.00", "rate": "21"}],
}
ROWS = [
    ("Subtotal", "68.99"),
    ("Discounts on items", "-€1.00"),
    ("Discount SPRING", "-€5.00"),
    ("Shipping (standard)", "4.90"),
    ("Taxes", "12.37"),
    ("Total", "80.26"),
]

DELIVERY = (
    ("Confirm order", "Confirmed"),
    ("Start processing", "Processing"),
    ("Mark as shipped", "Shipped"),
    ("Mark as delivered", "Delivered"),
)


@pytest.fixture
def site(embedded_site: Site) -> Site:
    return embedded_site


def assert_rows(visitor: Visitor) -> None:
    rows = visitor.page.locator("tfoot tr")
    expect(rows).to_have_count(len(ROWS))
    for row, (name, amount) in zip(rows.all(), ROWS, strict=True):
        expect(row).to_contain_text(name)
        expect(row).to_contain_text(amount)


def test_what_an_order_costs_besides_its_items(visitor: Visitor, customer: str) -> None:
    page = visitor.page
    visitor.sign_in(customer)
    expect(visitor.heading("Orders")).to_be_visible()
    order_id = page.evaluate(PLACE, BARGAIN)
    visitor.go(f"orders/{order_id}")
    expect(page.locator(".items tbody tr").first).to_contain_text("€1.00 off")
    assert_rows(visitor)
    visitor.go(f"orders/{order_id}/edit")
    page.get_by_label("Notes").fill("Ring twice")
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("Ring twice", exact=True)).to_be_visible()
    assert_rows(visitor)
    visitor.go(f"papers/invoice?ids={order_id}")
    expect(page.locator(".paper tbody tr").first).to_contain_text("€1.00 off")
    assert_rows(visitor)


def test_what_is_paid_back_is_shown_before_it_is(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in(STAFF)
    expect(visitor.heading("Orders")).to_be_visible()
    visitor.go(f"orders/{page.evaluate(PLACE, BARGAIN)}")
    for button, status in DELIVERY:
        visitor.act(button, status)
    page.get_by_role("button", name="Return items").click()
    page.get_by_label("Quantity of Mug").fill("1")
    expect(page.locator(".return-form [role=status]")).to_have_text("€8.60")
    page.get_by_label("Quantity of Lamp").fill("1")
    expect(page.locator(".return-form [role=status]")).to_have_text("€65.72")
    page.get_by_label("Reason").fill("Broken")
    page.get_by_role("button", name="Request return").click()
    entry = page.locator("article.return")
    expect(entry.locator("strong").first).to_have_text("€65.72")

    page.get_by_role("button", name="Approve").click()
    page.get_by_role("button", name="Mark as received").click()
    shipping = page.get_by_label("Of the shipping, at most €5.93")
    expect(entry.locator(".refund-form [role=status]")).to_have_text("€65.72")
    shipping.fill("5.94")
    expect(shipping).to_have_accessible_description("At most €5.93.")
    expect(entry.locator(".refund-form [role=status]")).to_have_text("–")
    assert_clean(page)
    shipping.fill("5.93")
    expect(entry.locator(".refund-form [role=status]")).to_have_text("€71.65")
    assert_clean(page)
    page.get_by_role("button", name="Mark as refunded").click()
    expect(entry.locator("strong").first).to_have_text("€71.65")
    expect(entry).to_contain_text("With €5.93 for shipping")


def test_what_is_paid_back_in_spanish(visit: Open) -> None:
    visitor = visit(locale="es-ES")
    page = visitor.page
    visitor.open()
    page.get_by_label("Correo electrónico").fill(STAFF)
    page.get_by_label("Contraseña").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(visitor.heading("Pedidos")).to_be_visible()
    visitor.go(f"orders/{page.evaluate(PLACE, BARGAIN)}")
    for button in ("Confirmar pedido", "Empezar a preparar", "Marcar como enviado", "Marcar como entregado"):
        page.get_by_role("button", name=button).click()
    page.get_by_role("button", name="Devolver artículos").click()
    page.get_by_label("Cantidad de Lamp").fill("1")
    expect(page.locator(".return-form [role=status]")).to_have_text("57,12 €")
    page.get_by_label("Motivo").fill("Roto")
    page.get_by_role("button", name="Solicitar devolución").click()
    page.get_by_role("button", name="Aprobar").click()
    page.get_by_role("button", name="Marcar como recibida").click()
    page.get_by_label("Del envío, como mucho 5,93").fill("2,50")
    expect(page.locator(".refund-form [role=status]")).to_have_text("59,62 €")
