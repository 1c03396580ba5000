"""Discounts, shipping and taxes: shown between the items and the total, on paper too, and kept by an edit."""

import pytest
from playwright.sync_api import expect

from tests.browser.site import Site
from tests.browser.visitor import Visitor

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
    expect(page.locator(".notes")).to_contain_text("Ring twice")
    assert_rows(visitor)
    visitor.go(f"papers/invoice?ids={order_id}")
    expect(page.locator(".paper tbody tr").first).to_contain_text("€1.00 off")
    assert_rows(visitor)
