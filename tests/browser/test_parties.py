"""Who orders and where it goes: typed once, shown, kept by moves, merged, exported, and in no log."""

import csv

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.site import Site
from tests.browser.test_accessibility import assert_clean
from tests.browser.visitor import MUG, Visitor
from tests.hosts import STAFF
from tests.real_parts.process import log_with

CONTACT = {"Contact name": "Ana García", "E-mail": "ana.g@example.com", "Telephone": "0034 911-23 45 67"}
ADDRESS = {"Street and number": "Calle Mayor 1\n2º B", "Postal code": "28013", "City": "Madrid"}


@pytest.fixture
def site(embedded_site: Site) -> Site:
    return embedded_site


def fill(page: Page, fields: dict[str, str]) -> None:
    for label, text in fields.items():
        page.get_by_label(label).first.fill(text)


def unfold(page: Page) -> None:
    page.get_by_text("Contact, addresses and reference").click()


def place_with_parties(visitor: Visitor) -> str:
    """Places an order that says who and where; its page is then open."""
    page = visitor.page
    visitor.go("new")
    visitor.fill_items(MUG)
    expect(page.get_by_label("Contact name")).to_be_hidden()
    unfold(page)
    fill(page, CONTACT | ADDRESS | {"Shop reference": "WEB-10042"})
    page.get_by_label("Country").first.select_option(label="Spain")
    page.get_by_role("button", name="Place order").click()
    expect(page.locator(".timeline")).to_be_visible()
    return visitor.order_id()


def test_an_order_says_who_and_where(visitor: Visitor, customer: str) -> None:
    visitor.sign_in(customer)
    place_with_parties(visitor)
    page = visitor.page
    address = page.locator("address")
    assert address.inner_text().splitlines() == ["Calle Mayor 1", "2º B", "28013 Madrid", "Spain"]
    expect(page.get_by_role("link", name="ana.g@example.com")).to_have_attribute(
        "href", "mailto:ana.g%40example.com"
    )
    expect(page.get_by_role("link", name="+34911234567")).to_have_attribute("href", "tel:+34911234567")
    expect(page.locator(".facts").get_by_text("WEB-10042")).to_be_visible()
    page.locator(".menu summary").click()
    page.get_by_label("Language").select_option("es")
    expect(address).to_contain_text("España")


def test_a_move_and_an_edit_keep_them(visit: Open, customer: str) -> None:
    visitor, staff = visit(), visit()
    visitor.sign_in(customer)
    order_id = place_with_parties(visitor)
    staff.sign_in(STAFF, path=f"orders/{order_id}")
    staff.act("Confirm order", "Confirmed")
    expect(staff.page.locator("address")).to_contain_text("28013 Madrid")
    staff.go(f"orders/{order_id}/edit")
    page = staff.page
    expect(page.get_by_label("Contact name")).to_have_value("Ana García")
    page.get_by_text("The bill goes to another address").click()
    billing = page.get_by_role("group", name="Billing address")
    billing.get_by_label("Street and number").fill("10 Main St")
    billing.get_by_label("City").fill("Springfield")
    billing.get_by_label("Region").fill("IL")
    billing.get_by_label("Postal code").fill("62701")
    billing.get_by_label("Country").select_option("US")
    page.get_by_role("button", name="Save changes").click()
    expect(page.locator("address")).to_have_count(2)
    assert page.locator("address").nth(1).inner_text().splitlines() == [
        "10 Main St",
        "Springfield IL 62701",
        "United States",
    ]
    expect(page.locator(".timeline")).to_contain_text("Changed: billing address")
    expect(page.locator(".timeline .is-change p")).to_have_text(
        "billing address: – → 10 Main St, Springfield IL 62701, United States"
    )


def test_a_contact_that_both_changed_is_chosen(visit: Open, customer: str) -> None:
    one, other = visit(), visit()
    one.sign_in(customer)
    order_id = place_with_parties(one)
    other.sign_in(customer, path=f"orders/{order_id}/edit")
    one.go(f"orders/{order_id}/edit")
    one.page.get_by_label("Contact name").fill("Ana G.")
    other.page.get_by_label("Contact name").fill("A. García")
    one.page.get_by_role("button", name="Save changes").click()
    expect(one.page.locator(".timeline")).to_be_visible()
    other.page.get_by_role("button", name="Save changes").click()
    merge = other.page.locator(".merge")
    expect(merge.get_by_role("group", name="contact")).to_contain_text("Ana G.")
    merge.get_by_label("Yours").check()
    other.page.get_by_role("button", name="Save changes").click()
    expect(other.page.locator(".facts").get_by_text("A. García")).to_be_visible()


def test_faults_unfold_what_they_are_about(visitor: Visitor, customer: str) -> None:
    visitor.sign_in(customer, path="new")
    page = visitor.page
    visitor.fill_items(MUG)
    unfold(page)
    fill(page, {"E-mail": "ana", "Telephone": "911 234 567", "City": "Madrid"})
    unfold(page)
    expect(page.get_by_label("Telephone")).to_be_hidden()
    page.get_by_role("button", name="Place order").click()
    for label, fault in {
        "E-mail": "Enter an e-mail address such as ana@example.com.",
        "Telephone": "Enter the number with its country code, such as +34 911 234 567.",
        "Street and number": "Fill this in.",
        "Country": "Choose a country.",
    }.items():
        expect(page.get_by_label(label).first).to_have_accessible_description(fault)
    expect(page.get_by_label("E-mail")).to_be_focused()
    assert_clean(page)


def test_the_countries_are_those_of_the_world(visitor: Visitor) -> None:
    visitor.open()
    known: list[list[str]] = visitor.page.evaluate(
        "async () => (await import('/console/js/parties.js')).countries()"
    )
    codes = {code for code, _ in known}
    assert {"ES", "GB", "US", "DE", "TW", "AQ"} <= codes
    assert not {"EU", "SU", "DD", "UK", "ZZ"} & codes
    assert 245 <= len(codes) <= 252
    assert len({name for _, name in known}) == len(known)


def test_the_export_has_them_and_the_search_finds_them(visitor: Visitor, customer: str) -> None:
    visitor.sign_in(customer)
    place_with_parties(visitor)
    visitor.place_order()
    visitor.go("orders?q=garcia WEB-10042")
    expect(visitor.page.locator("[data-order]")).to_have_count(1)
    with visitor.page.expect_download() as saved:
        visitor.page.get_by_role("button", name="Export CSV").click()
    (row,) = csv.DictReader(saved.value.path().read_text("utf-8-sig").splitlines())
    assert (row["external_reference"], row["contact_name"]) == ("WEB-10042", "Ana García")
    assert row["contact_phone"] == "'+34911234567"
    assert (row["shipping_lines"], row["shipping_country"]) == ("Calle Mayor 1; 2º B", "ES")
    assert row["billing_city"] == ""


def test_no_log_has_them(visitor: Visitor, customer: str, site: Site) -> None:
    said: list[str] = []
    visitor.page.on("console", lambda message: said.append(message.text))
    addresses: list[str] = []
    visitor.page.on("request", lambda request: addresses.append(request.url))
    visitor.sign_in(customer)
    order_id = place_with_parties(visitor)
    assert site.data is not None
    written = log_with(site.data.with_name("console-host.log"), f"/v1/orders/{order_id}")
    for text in ("García", "ana.g@example.com", "911234567", "Calle Mayor"):
        assert text not in "\n".join([*said, *addresses, written])
