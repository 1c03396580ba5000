"""Comments in an order's timeline: from staff for staff, or to the customer, who answers."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.site import Site
from tests.browser.test_accessibility import assert_clean
from tests.hosts import PASSWORD, STAFF

PLACE = """async () => {
    const { create, newKey } = await import("/console/js/orders.js");
    const items = [{ product_id: "A-1", quantity: 1, unit_price: "9.50" }];
    return (await create({ items }, newKey())).order_id;
}"""


@pytest.fixture
def site(embedded_site: Site) -> Site:
    return embedded_site


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_staff_and_customer_talk_in_the_timeline(visit: Open, customer: str, scheme: str) -> None:
    buyer = visit(locale="es-ES", viewport={"width": 375, "height": 800})
    buyer.open("")
    buyer.page.get_by_label("Correo electrónico").fill(customer)
    buyer.page.get_by_label("Contraseña").fill(PASSWORD)
    buyer.page.keyboard.press("Enter")
    expect(buyer.page.locator("summary .initial")).to_be_visible()
    order_id = buyer.page.evaluate(PLACE)
    buyer.go(f"orders/{order_id}")
    staff = visit(color_scheme=scheme)
    staff.sign_in(STAFF)
    staff.go(f"orders/{order_id}")
    timeline = staff.page.locator(".timeline")

    staff.page.get_by_role("button", name="Add comment").click()
    box = staff.page.get_by_label("Comment on this order")
    expect(box).to_have_accessible_description("Fill this in.")
    box.fill("Claims a broken cup each time")
    staff.page.get_by_role("button", name="Add comment").click()
    expect(timeline.locator(".what").first).to_have_text("Internal comment")
    expect(box).to_have_value("")
    box.fill("We have put it aside")
    staff.page.get_by_label("The customer reads it, too").check()
    assert_clean(staff.page)
    staff.page.get_by_role("button", name="Add comment").click()
    expect(timeline.locator(".what").first).to_have_text("Comment")

    seen = buyer.page.locator(".timeline")
    expect(seen).to_contain_text("We have put it aside")
    buyer.page.get_by_label("Comentar este pedido").fill("¡Gracias!")
    buyer.page.get_by_role("button", name="Añadir comentario").click()
    expect(seen.locator(".notes")).to_have_text(["¡Gracias!", "We have put it aside"])
    assert "Claims" not in buyer.page.content()
    assert buyer.page.evaluate("document.documentElement.scrollWidth") == 375
    expect(timeline.locator(".notes")).to_have_text(
        ["¡Gracias!", "We have put it aside", "Claims a broken cup each time"]
    )
