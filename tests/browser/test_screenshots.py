"""Pictures of the real thing for the README and the docs, made anew by `ORDERS_SCREENSHOTS=1 make test`."""

import os
from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.site import Site, own_site
from tests.browser.visitor import Visitor
from tests.hosts import PASSWORD, STAFF

IMAGES = Path(__file__).parents[2] / "docs/images"

# Dates and ids differ from run to run, so a picture is written into the repository only when asked.
FOLDER = IMAGES if os.environ.get("ORDERS_SCREENSHOTS") == "1" else None

LOCALES = {"en": "en-GB", "es": "es-ES"}
WIDTHS = {"wide": (1440, 900), "tablet": (768, 1024), "phone": (375, 812)}
CUSTOMER = {
    "contact": {"name": "Ana García", "email": "ana.garcia@example.com", "phone": "+34911234567"},
    "shipping_address": {
        "lines": ["Calle Mayor 1", "2º B"],
        "city": "Madrid",
        "postal_code": "28013",
        "country": "ES",
    },
    "external_reference": "WEB-10042",
}
PLACE = """async content => {
    const {create, newKey} = await import("/console/js/orders.js");
    return (await create(content, newKey())).order_id;
}"""
PATHS = ("orders", "order", "new", "overview", "customers", "invoice", "selection", "developers")


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
        order_id = place_an_order(visit(site))
        for (language, locale), (theme, width) in product(LOCALES.items(), looks(folder)):
            across, down = WIDTHS[width]
            visitor = visit(
                site, locale=locale, color_scheme=theme, viewport={"width": across, "height": down}
            )
            sign_in(visitor)
            for name in PATHS if (theme, width) == ("light", "wide") else PATHS[:4]:
                show(visitor, name, order_id)
                visitor.page.screenshot(path=folder / f"console-{name}-{width}-{theme}-{language}.png")
            visitor.page.context.close()  # a stream of events fewer on the site

        reader = visit(site, viewport={"width": 1280, "height": 800})
        reader.page.goto(f"{site.docs}#create_order")
        expect(reader.page.locator("#create_order")).to_be_visible()
        reader.page.screenshot(path=folder / "reference.png")


def looks(folder: Path) -> list[tuple[str, str]]:
    """Each theme at each width for the pictures that are kept, else one."""
    return list(product(("light", "dark"), WIDTHS)) if folder == IMAGES else [("dark", "phone")]


def sign_in(visitor: Visitor) -> None:
    visitor.open("overview")
    visitor.page.locator("input[type=email]").fill(STAFF)
    visitor.page.locator("input[type=password]").fill(PASSWORD)
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.locator(".figure svg")).to_have_count(4)


def place_an_order(visitor: Visitor) -> str:
    """Places an order that says all that an order can."""
    visitor.sign_in(STAFF)
    items = [
        {"product_id": "A-1", "name": "Mug", "quantity": 2, "unit_price": "9.50"},
        {"product_id": "T-7", "name": "Teapot, blue", "quantity": 1, "unit_price": "34.00"},
    ]
    order_id: str = visitor.page.evaluate(PLACE, {"items": items, "notes": "Please wrap it", **CUSTOMER})
    visitor.go(f"orders/{order_id}")
    visitor.act("Confirm order", "Confirmed")
    return order_id


def show(visitor: Visitor, name: str, order_id: str) -> None:
    paths = {
        "selection": "orders",
        "order": f"orders/{order_id}",
        "invoice": f"papers/invoice?ids={order_id}",
    }
    shown = {
        "orders": "[data-order]",
        "selection": "[data-order]",
        "developers": "section.card",
        "order": ".timeline li",
        "new": "fieldset.line",
        "overview": ".figure svg",
        "customers": "tbody tr",
        "invoice": "article.paper",
    }
    visitor.go("nowhere")
    visitor.go(paths.get(name, name))
    expect(visitor.page.locator(shown[name]).first).to_be_visible()
    if name == "selection":
        for index in (1, 2, 7):
            visitor.page.locator("[data-order] [type=checkbox]").nth(index).check()
    if name == "new":
        visitor.page.locator("fieldset.line input").first.fill("A-1")
        visitor.page.locator(".fold > summary").first.click()
    calm(visitor.page)


def calm(page: Page) -> None:
    """Waits until nothing is on its way, and leaves no focus in the picture."""
    page.evaluate("document.fonts.ready.then(() => { document.activeElement.blur(); scrollTo(0, 0); })")
