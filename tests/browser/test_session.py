"""Signing in and out, and a session that lasts as long as it should and no longer."""

import uuid

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Open, new_user
from tests.browser.site import Site
from tests.browser.visitor import Visitor
from tests.hosts import PASSWORD, cognito

NEW_PASSWORD = "Another-orders-2027!"


@pytest.fixture
def site(embedded_site: Site) -> Site:
    return embedded_site


def test_a_wrong_password_is_told_and_nothing_more(visitor: Visitor, customer: str) -> None:
    visitor.open()
    visitor.fill_in(customer, "Wrong-orders-2026!")
    expect(visitor.page.get_by_role("alert")).to_have_text("The e-mail address or the password is not right.")
    visitor.fill_in(customer, PASSWORD)
    expect(visitor.heading("Orders")).to_be_visible()


def test_sign_up_with_a_mailed_code(visitor: Visitor, site: Site) -> None:
    email = f"{uuid.uuid4().hex[:12]}@example.com"
    visitor.open()
    visitor.page.get_by_role("button", name="Create an account").click()
    visitor.page.get_by_label("E-mail").fill(email)
    visitor.page.get_by_label("Password").fill("too short")
    visitor.page.get_by_role("button", name="Create account").click()
    expect(visitor.page.get_by_role("alert")).to_contain_text("at least 12 characters")
    visitor.page.get_by_label("Password").fill(PASSWORD)
    visitor.page.get_by_role("button", name="Create account").click()

    expect(visitor.heading("Confirm your e-mail")).to_be_visible()
    visitor.page.get_by_label("Code").fill("000000")
    visitor.page.get_by_role("button", name="Confirm").click()
    expect(visitor.page.get_by_role("alert")).to_have_text("The code is not right.")
    visitor.page.get_by_label("Code").fill(site.mailed_code(email))
    visitor.page.get_by_role("button", name="Confirm").click()
    expect(visitor.page.get_by_role("heading", name="No orders yet")).to_be_visible()


def test_letters_are_in_the_language_of_the_sign_up(visit: Open, site: Site) -> None:
    email = f"{uuid.uuid4().hex[:12]}@example.com"
    visitor = visit(locale="es-ES")
    visitor.open()
    page = visitor.page
    page.get_by_role("button", name="Crear una cuenta").click()
    page.get_by_label("Correo").fill(email)
    page.get_by_label("Contraseña").fill(PASSWORD)
    page.get_by_role("button", name="Crear cuenta").click()
    expect(page.get_by_role("heading", name="Confirma tu correo")).to_be_visible()
    assert "Tu código de confirmación" in site.mailed_text(email)


def test_a_forgotten_password(visitor: Visitor, site: Site, customer: str) -> None:
    visitor.open()
    visitor.page.get_by_role("button", name="Forgot your password?").click()
    visitor.page.get_by_label("E-mail").fill(customer)
    visitor.page.get_by_role("button", name="Send the code").click()
    expect(visitor.heading("Enter the code")).to_be_visible()
    visitor.page.get_by_label("Code").fill(site.mailed_code(customer))
    visitor.page.get_by_label("New password").fill(NEW_PASSWORD)
    visitor.page.get_by_role("button", name="Save and sign in").click()
    expect(visitor.heading("Orders")).to_be_visible()


def test_a_temporary_password_must_be_changed(visitor: Visitor, site: Site) -> None:
    email = new_user(site, "--temporary")
    visitor.open()
    visitor.fill_in(email, PASSWORD)
    expect(visitor.heading("Choose a new password")).to_be_visible()
    visitor.page.get_by_label("New password").fill(NEW_PASSWORD)
    visitor.page.get_by_role("button", name="Save and sign in").click()
    expect(visitor.heading("Orders")).to_be_visible()


def test_a_reload_and_a_new_tab_keep_the_session(visitor: Visitor, customer: str) -> None:
    visitor.sign_in(customer)
    visitor.page.reload()
    expect(visitor.heading("Orders")).to_be_visible()
    tab = visitor.page.context.new_page()
    tab.goto(visitor.site.console)
    expect(tab.get_by_role("heading", level=1, name="Orders")).to_be_visible()
    assert visitor.page.evaluate("Object.keys(localStorage)") == []
    assert visitor.page.evaluate("Object.keys(sessionStorage)") == ["orders-console.refresh-token"]


def test_a_link_opens_in_a_new_tab_and_signing_out_ends_both(visitor: Visitor, customer: str) -> None:
    visitor.sign_in(customer)
    visitor.place_order()
    visitor.go("orders")
    link = visitor.page.locator("[data-order] a")
    with visitor.page.context.expect_page() as opened:
        link.click(modifiers=["Control"])
    tab = opened.value
    expect(tab.locator(".timeline")).to_be_visible()
    visitor.sign_out()
    expect(tab.get_by_role("heading", level=1, name="Sign in")).to_be_visible()


def test_a_tab_after_the_last_one_signs_in(visitor: Visitor, customer: str) -> None:
    visitor.sign_in(customer)
    tab = visitor.page.context.new_page()
    visitor.page.close()
    tab.goto(visitor.site.console)
    expect(tab.get_by_role("heading", level=1, name="Sign in")).to_be_visible()


def test_a_session_that_was_ended_elsewhere_goes_on_where_it_was(
    visitor: Visitor, customer: str, site: Site
) -> None:
    visitor.sign_in(customer)
    visitor.go("new")
    visitor.fill_items(("A-1", "Mug", "2", "9.50"))
    config = site.config()
    pool = cognito(config["cognito_url"])
    tokens = pool.initiate_auth(
        ClientId=config["client_id"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": customer, "PASSWORD": PASSWORD},
    )["AuthenticationResult"]
    pool.global_sign_out(AccessToken=tokens["AccessToken"])

    def refuse(route: Route) -> None:
        route.continue_(headers={**route.request.headers, "authorization": "Bearer expired"})

    visitor.page.route("**/v1/orders", refuse)
    visitor.page.get_by_role("button", name="Place order").click()
    expect(visitor.page.get_by_text("Your session has ended.")).to_be_visible()
    visitor.page.unroute("**/v1/orders")
    visitor.fill_in(customer, PASSWORD)
    expect(visitor.page.get_by_label("Product ID")).to_have_value("A-1")


def test_sign_out_ends_this_session_only(visit: Open, customer: str) -> None:
    here, there = visit(), visit()
    here.sign_in(customer)
    there.sign_in(customer)
    here.sign_out()
    here.page.reload()
    expect(here.heading("Sign in")).to_be_visible()
    there.page.reload()
    expect(there.heading("Orders")).to_be_visible()


def test_sign_out_everywhere_ends_the_others_too(visit: Open, customer: str) -> None:
    here, there = visit(), visit()
    here.sign_in(customer)
    there.sign_in(customer)
    here.sign_out("Sign out everywhere")
    there.page.reload()
    expect(there.heading("Sign in")).to_be_visible()
