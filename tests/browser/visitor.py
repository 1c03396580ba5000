"""Somebody at the console: signs in and does what people do there, by what they see."""

import re
from collections.abc import Sequence

from playwright.sync_api import Locator, Page, expect

from tests.browser.site import Site
from tests.hosts import PASSWORD

Item = tuple[str, str, str, str]
"""Product id, name, quantity and unit price, as they are typed."""

MUG: Item = ("A-1", "Mug", "2", "9.50")


# Banners come and go within a second: what they said is written down.
NOTE_BANNERS = """() => {
    window.banners = "";
    new MutationObserver(() => {
        window.banners += document.querySelector(".banner")?.textContent ?? "";
    }).observe(document.body, {childList: true, subtree: true});
}"""


class Visitor:
    """One browser window at one site."""

    def __init__(self, page: Page, site: Site) -> None:
        self.page = page
        self.site = site

    def open(self, path: str = "") -> None:
        """Opens a page of the console afresh: `orders`, `new`, …"""
        self.page.goto("about:blank")
        self.page.goto(f"{self.site.console}#/{path}")

    def go(self, path: str) -> None:
        """Follows a link to a page of the console."""
        self.page.evaluate("path => { location.hash = '#/' + path }", path)

    def sign_in(self, email: str, password: str = PASSWORD, path: str = "") -> None:
        self.open(path)
        self.fill_in(email, password)
        expect(self.page.locator("summary .initial")).to_be_visible()

    def fill_in(self, email: str, password: str) -> None:
        """Fills in and sends the sign-in form."""
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("main").get_by_role("button", name="Sign in").click()

    def sign_out(self, button: str = "Sign out") -> None:
        self.page.locator(".menu summary").click()
        self.page.get_by_role("button", name=button, exact=True).click()
        expect(self.heading("Sign in")).to_be_visible()

    def heading(self, name: str | re.Pattern[str]) -> Locator:
        return self.page.get_by_role("heading", level=1, name=name)

    def fill_items(self, *items: Item) -> None:
        """Types items into the form of a new order."""
        rows = self.page.locator("fieldset.line:not(.pair)")
        expect(rows.first).to_be_visible()
        while rows.count() < len(items):
            self.page.get_by_role("button", name="Add item").click()
        for index, item in enumerate(items):
            self.fill_row(rows.nth(index), item)

    @staticmethod
    def fill_row(row: Locator, values: Sequence[str]) -> None:
        for label, value in zip(("Product ID", "Name", "Quantity", "Unit price"), values, strict=True):
            row.get_by_label(label).fill(value)

    def place_order(self, *items: Item, customer: str = "", notes: str = "") -> str:
        """Places an order and returns its id; the order's page is then open."""
        self.go("new")
        expect(self.heading("New order")).to_be_visible()
        self.fill_items(*(items or (MUG,)))
        if customer:
            self.page.get_by_label("Customer ID").fill(customer)
        self.page.get_by_label("Notes").fill(notes)
        self.page.get_by_role("button", name="Place order").click()
        expect(self.heading(re.compile("^Order [0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$"))).to_be_visible()
        return self.order_id()

    def order_id(self) -> str:
        """The id in the URL."""
        return self.page.url.rpartition("#/orders/")[2].partition("/")[0]

    def act(self, button: str, status: str) -> None:
        """Presses a button that moves the order, and sees that it has moved."""
        self.page.get_by_role("button", name=button).click()
        expect(self.status()).to_have_text(status)

    def filter_by_status(self, *statuses: str) -> None:
        """Checks these statuses of the list and no others."""
        self.page.locator(".is-status summary").click()
        for box in self.page.locator(".is-status input").all():
            box.set_checked(box.get_attribute("value") in statuses)
        self.page.keyboard.press("Escape")

    def note_banners(self) -> None:
        """From now on, writes down what the page says it waits for."""
        self.page.evaluate(NOTE_BANNERS)

    def was_told(self, text: str) -> None:
        """Waits until a banner has said so, be it there still or not."""
        self.page.wait_for_function("text => window.banners.includes(text)", arg=text)

    def status(self) -> Locator:
        return self.page.locator(".page-head .badge").first

    def actions(self) -> list[str]:
        """What the order's page offers to do."""
        expect(self.status()).to_be_visible()
        return self.page.locator(".actions").locator("button, a").all_inner_texts()
