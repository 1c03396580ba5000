"""Pictures of the real thing for the README and the docs, made anew by `ORDERS_SCREENSHOTS=1 make test`."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.site import Site, own_site
from tests.hosts import ANA, PASSWORD, STAFF

IMAGES = Path(__file__).parents[2] / "docs/images"

# Dates and ids differ from run to run, so a picture is written into the repository only when asked.
FOLDER = IMAGES if os.environ.get("ORDERS_SCREENSHOTS") == "1" else None


@pytest.fixture
def site(embedded_site: Site) -> Site:
    return embedded_site


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    chosen = FOLDER or tmp_path_factory.mktemp("images")
    chosen.mkdir(parents=True, exist_ok=True)
    return chosen


def test_pictures(visit: Open, tmp_path: Path, folder: Path) -> None:
    with own_site(tmp_path) as (site, _):
        staff = visit(site, viewport={"width": 1280, "height": 800})
        staff.sign_in(STAFF)
        expect(staff.page.locator("[data-order]").first).to_be_visible()
        staff.page.screenshot(path=folder / "console-orders.png")
        staff.page.get_by_label("Status").select_option("DELIVERED")
        expect(staff.page.locator("[data-order] .badge:not(.is-delivered)")).to_have_count(0)
        staff.page.locator("[data-order] a").first.click()
        expect(staff.page.locator(".timeline")).to_be_visible()
        staff.page.screenshot(path=folder / "console-order.png")

        dark = visit(site, viewport={"width": 1280, "height": 800}, color_scheme="dark", locale="es-ES")
        dark.open("overview")
        dark.page.get_by_label("Correo electrónico").fill(STAFF)
        dark.page.get_by_label("Contraseña").fill(PASSWORD)
        dark.page.keyboard.press("Enter")
        expect(dark.page.locator(".figure svg")).to_have_count(4)
        dark.page.screenshot(path=folder / "console-overview-dark-es.png")

        phone = visit(site, viewport={"width": 360, "height": 740}, device_scale_factor=2)
        phone.sign_in(ANA, path="new")
        phone.fill_items(("A-1", "Mug", "2", "9.50"))
        phone.page.evaluate("scrollTo(0, 0)")
        phone.page.screenshot(path=folder / "console-new-order-phone.png")

        reader = visit(site, viewport={"width": 1280, "height": 800})
        reader.page.goto(f"{site.docs}#create_order")
        expect(reader.page.locator("#create_order")).to_be_visible()
        reader.page.screenshot(path=folder / "reference.png")
