"""The first day: an empty shop leads to its first order, and where codes land is said."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.site import Site
from tests.browser.test_accessibility import assert_clean
from tests.browser.visitor import Visitor
from tests.hosts import PASSWORD, STAFF
from tests.hosts.own import add_user, own_host


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A shop with staff and nothing else."""
    data = tmp_path / "data"
    add_user(data, STAFF, "staff")
    with own_host(data) as host:
        yield Site("empty", f"{host.url}/console/", f"{host.url}/docs", (host.url,), data)


def test_an_empty_shop_is_led_to_its_first_order(visitor: Visitor) -> None:
    page = visitor.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visitor.sign_in(STAFF)
    expect(page.get_by_role("heading", name="No orders yet")).to_be_visible()
    expect(page.locator(".steps li")).to_have_count(3)
    assert_clean(page)
    page.get_by_role("button", name="Copy as cURL").click()
    expect(page.locator(".toast")).to_be_visible()
    command: str = page.evaluate("navigator.clipboard.readText()")
    expect(page.locator(".live.is-live")).to_be_visible()
    placed = json.loads(subprocess.run(["sh", "-c", command], capture_output=True, check=True).stdout)
    expect(page.locator(f'[data-order="{placed["order_id"]}"]')).to_be_visible()
    expect(page.get_by_text("1 order", exact=True)).to_be_visible()
    expect(page.locator(".steps")).to_have_count(0)


def test_the_form_is_one_press_away_in_spanish(visit: Open) -> None:
    visitor = visit(locale="es-ES", color_scheme="dark", viewport={"width": 375, "height": 800})
    page = visitor.page
    visitor.open()
    page.get_by_label("Correo electrónico").fill(STAFF)
    page.get_by_label("Contraseña").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator(".steps li").first).to_contain_text("Haz uno aquí")
    assert_clean(page)
    page.locator(".steps").get_by_role("link", name="Nuevo pedido").click()
    expect(visitor.heading("Nuevo pedido")).to_be_visible()


def test_where_a_code_is_found_is_said(visitor: Visitor) -> None:
    page = visitor.page
    visitor.open()
    page.get_by_role("button", name="Create an account").click()
    visitor_email = "new@example.com"
    page.get_by_label("E-mail").fill(visitor_email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_label("Code")).to_have_accessible_description(
        "This host sends no mail: letters are files in the folder mail of its data directory."
    )
    page.get_by_label("Code").fill(visitor.site.mailed_code(visitor_email))
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="No orders yet")).to_be_visible()
    expect(page.locator(".steps")).to_have_count(0)
