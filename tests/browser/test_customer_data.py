"""Staff save what is held of a customer, and erase it after typing whom."""

import json
import uuid

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.site import Site
from tests.browser.test_accessibility import assert_clean
from tests.hosts import STAFF

PLACE = """async ({ content, number }) => {
    const { create, newKey } = await import("/console/js/orders.js");
    for (let each = 0; each < number; each++) await create(content, newKey());
}"""


@pytest.fixture
def site(embedded_site: Site) -> Site:
    return embedded_site


@pytest.mark.parametrize(
    ("locale", "save", "erase", "typed", "done"),
    [
        (
            "en-GB",
            "Export data",
            "Erase personal data",
            "To erase, type",
            "Personal data were erased from 21 orders.",
        ),
        (
            "es-ES",
            "Exportar datos",
            "Borrar datos personales",
            "Para borrar, escribe",
            "Los datos personales se han borrado de 21 pedidos.",
        ),
    ],
)
def test_staff_saves_and_erases(
    visit: Open, locale: str, save: str, erase: str, typed: str, done: str
) -> None:
    customer = f"customer-{uuid.uuid4().hex[:12]}"
    staff = visit(locale="en-GB")
    staff.sign_in(STAFF)
    content = {
        "customer_id": customer,
        "items": [{"product_id": "A-1", "quantity": 1, "unit_price": "9.50"}],
        "contact": {"name": "Ana Garcia", "email": f"{customer}@example.com"},
    }
    page = staff.page
    page.evaluate(PLACE, {"content": content, "number": 21})
    if locale != "en-GB":
        page.locator(".menu summary").click()
        page.get_by_label("Language").select_option("es")
    staff.go("customers")
    row = page.get_by_role("row").filter(has_text=f"{customer}@example.com")
    row.get_by_role("link").last.click()
    expect(page.locator("h1")).to_contain_text(customer)
    assert_clean(page)

    with page.expect_download() as saved:
        page.get_by_role("button", name=save).click()
    assert saved.value.suggested_filename == f"customer-{customer}.json"
    exported = json.loads(saved.value.path().read_text())
    assert (exported["customer_id"], len(exported["orders"])) == (customer, 21)

    page.get_by_label(typed).fill("somebody else")
    page.get_by_role("button", name=erase).click()
    expect(page.get_by_label(typed)).to_have_attribute("aria-invalid", "true")
    page.get_by_label(typed).fill(customer)
    page.get_by_label(typed).press("Enter")
    expect(page.get_by_text(done)).to_be_visible()
    assert_clean(page)
    with page.expect_download() as saved:
        page.get_by_role("button", name=save).click()
    for held in json.loads(saved.value.path().read_text())["orders"]:
        assert all("contact" not in order for order in (held["order"], *(e["order"] for e in held["events"])))
