"""An authenticator app: set up in the console, asked for at sign-in, forgotten after a lost phone."""

import base64
import re
import subprocess
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect

from orders_host.user_pool import totp
from tests.browser.conftest import Open, new_user
from tests.browser.site import Site, own_site
from tests.browser.visitor import Visitor
from tests.hosts import PASSWORD
from tests.hosts.embedded import ORDERS


@pytest.fixture
def site(embedded_site: Site) -> Site:
    return embedded_site


class App:
    """The app on the phone: it has read the secret, and shows a code that it has not shown before."""

    def __init__(self, visitor: Visitor) -> None:
        shown = visitor.page.locator("code.secret").inner_text()
        self._secret = base64.b32decode(shown.replace(" ", ""))
        link = visitor.page.locator("a[href^='otpauth:']").get_attribute("href") or ""
        assert f"secret={shown.replace(' ', '')}" in link
        self._next = 0

    def code(self) -> str:
        # The code of the next step is taken already, so that two codes need no waiting.
        step = max(self._next, int(time.time()) // totp.STEP)
        self._next = step + 1
        return totp.code(self._secret, step)


def give_code(visitor: Visitor, code: str, button: str = "Confirm") -> None:
    visitor.page.get_by_label("Code of the app").fill(code)
    visitor.page.get_by_role("button", name=button).click()


def test_an_app_is_set_up_asked_for_and_turned_off(visitor: Visitor, site: Site) -> None:
    email = new_user(site)
    visitor.sign_in(email, path="security")
    visitor.page.get_by_role("button", name="Set up an app").click()
    app = App(visitor)
    give_code(visitor, "000000", "Turn on")
    expect(visitor.page.get_by_text("The code is not right.")).to_be_visible()
    give_code(visitor, app.code(), "Turn on")
    expect(visitor.page.get_by_text("a code of your authenticator app")).to_be_visible()

    visitor.sign_out()
    visitor.fill_in(email, PASSWORD)
    expect(visitor.heading("Enter a code")).to_be_visible()
    give_code(visitor, "000000")
    expect(visitor.page.get_by_role("alert")).to_have_text("The code is not right.")
    give_code(visitor, app.code())
    expect(visitor.heading("Sign-in security")).to_be_visible()

    visitor.page.get_by_role("button", name="Turn off").click()
    expect(visitor.page.get_by_text("Signing in takes your password only. With")).to_be_visible()
    visitor.sign_out()
    visitor.fill_in(email, PASSWORD)
    expect(visitor.heading("Sign-in security")).to_be_visible()


def test_in_spanish(visit: Open, site: Site) -> None:
    visitor = visit(locale="es-ES")
    visitor.open("security")
    visitor.page.get_by_label("Correo").fill(new_user(site))
    visitor.page.get_by_label("Contraseña").fill(PASSWORD)
    visitor.page.get_by_role("main").get_by_role("button", name="Iniciar sesión").click()
    visitor.page.get_by_role("button", name="Configurar una aplicación").click()
    give = visitor.page.get_by_label("Código de la aplicación")
    give.fill(App(visitor).code())
    visitor.page.get_by_role("button", name="Activar").click()
    expect(visitor.page.get_by_text(re.compile("hacen falta la contraseña y un código"))).to_be_visible()


def test_where_a_code_is_required_the_first_sign_in_sets_up_an_app(visit: Open, tmp_path: Path) -> None:
    with own_site(tmp_path, "--require-mfa") as (site, _):
        email = new_user(site)
        visitor = visit(site)
        visitor.open()
        visitor.fill_in(email, PASSWORD)
        expect(visitor.heading("Authenticator app")).to_be_visible()
        app = App(visitor)
        give_code(visitor, app.code())
        expect(visitor.heading("Orders")).to_be_visible()
        visitor.sign_out()
        visitor.fill_in(email, PASSWORD)
        give_code(visitor, app.code())
        expect(visitor.heading("Orders")).to_be_visible()

        visitor.sign_out()
        command = [str(ORDERS), "user", "mfa", "off", email, "--data-dir", str(site.data)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stdout == f"{email} has no authenticator app any more.\n"
        visitor.fill_in(email, PASSWORD)
        expect(visitor.heading("Authenticator app")).to_be_visible()
        visitor.page.close()
