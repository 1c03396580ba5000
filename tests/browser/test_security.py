"""Nothing that anybody typed becomes markup, nothing secret is kept, and the console stays small."""

import gzip
import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.site import CONSOLE, Site
from tests.browser.visitor import Visitor
from tests.hosts import STAFF

MARKUP = '<img src=x onerror="window.owned=1"><script>window.owned=1</script>\'"`${1}{{1}}'
MAX_GZIPPED = 160_000  # bytes of the whole console

SINKS = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment"
    r"|\beval\(|new Function|setHTMLUnsafe|srcdoc|javascript:"
)


@pytest.fixture
def site(embedded_site: Site) -> Site:
    return embedded_site


def test_markup_in_every_field_stays_text(visit: Open, customer: str) -> None:
    visitor, staff = visit(), visit()
    page = visitor.page
    visitor.sign_in(customer, path="new")
    visitor.fill_items((MARKUP[:64], MARKUP, "1", "1"))
    page.get_by_label("Notes").fill(MARKUP)
    page.get_by_role("button", name="Add data").click()
    pair = page.locator("fieldset.pair")
    pair.get_by_label("Name").fill(MARKUP[:40])
    pair.get_by_label("Value").fill(MARKUP)
    page.get_by_role("button", name="Place order").click()
    expect(page.get_by_text(MARKUP).first).to_be_visible()
    order_id = visitor.order_id()

    staff.sign_in(STAFF, path=f"orders?customer={MARKUP[:20]}")
    staff.go(f"orders/{order_id}")
    expect(staff.page.get_by_text(MARKUP).first).to_be_visible()
    for button in ("Confirm order", "Start processing", "Mark as shipped", "Mark as delivered"):
        staff.page.get_by_role("button", name=button).click()
    staff.page.get_by_role("button", name="Return items").click()
    staff.page.get_by_label("Quantity of").fill("1")
    staff.page.get_by_label("Reason").fill(MARKUP)
    staff.page.get_by_role("button", name="Request return").click()
    expect(staff.page.locator(".return .notes")).to_have_text(MARKUP)
    visitor.go("orders")
    expect(page.locator("[data-order]")).to_have_count(1)
    for each in (page, staff.page):
        assert each.evaluate("window.owned") is None
        assert each.locator("main img, main script").count() == 0


def test_markup_in_an_edit_and_its_merge_stays_text(visit: Open, customer: str) -> None:
    one, other = visit(), visit()
    one.sign_in(customer)
    order_id = one.place_order()
    other.sign_in(customer, path=f"orders/{order_id}/edit")
    one.go(f"orders/{order_id}/edit")
    for visitor, suffix in ((one, "1"), (other, "2")):
        visitor.page.get_by_label("Notes").fill(MARKUP + suffix)
        visitor.page.get_by_role("button", name="Save changes").click()
        expect(visitor.page.get_by_text(MARKUP + "1").first).to_be_visible()
    expect(other.page.locator(".merge")).to_be_visible()
    assert other.page.evaluate("window.owned") is None


def test_what_a_server_says_stays_text(visitor: Visitor, customer: str) -> None:
    visitor.sign_in(customer)
    problem = {"type": f"x/{MARKUP}", "title": MARKUP, "status": 500, "detail": MARKUP, "request_id": MARKUP}
    visitor.page.route(
        "**/v1/orders?*",
        lambda route: route.fulfill(
            status=500, body=json.dumps(problem), content_type="application/problem+json"
        ),
    )
    visitor.filter_by_status("SHIPPED")
    expect(visitor.page.get_by_role("alert")).to_contain_text(MARKUP)
    assert visitor.page.evaluate("window.owned") is None


@pytest.mark.parametrize("link", [f"#/orders/{MARKUP}", f"#/{MARKUP}", "#/%", f"#/orders?status={MARKUP}"])
def test_a_crafted_link_does_nothing(visitor: Visitor, customer: str, link: str) -> None:
    visitor.sign_in(customer)
    visitor.page.evaluate("link => { location.hash = link }", link)
    expect(visitor.page.locator("main h1")).to_be_visible()
    assert visitor.page.evaluate("window.owned") is None


def test_the_code_has_no_way_to_make_markup_of_text() -> None:
    code = {path: path.read_text() for path in CONSOLE.rglob("*") if path.suffix in (".js", ".html")}
    assert {path.name: SINKS.findall(text) for path, text in code.items() if SINKS.search(text)} == {}
    for path, text in code.items():
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg|html\.spec\.whatwg\.org)", text), path


def test_pages_refuse_inline_code_frames_and_strangers(visitor: Visitor) -> None:
    for url in (visitor.site.console, visitor.site.docs):
        response = visitor.page.goto(url)
        assert response is not None
        policy = response.headers["content-security-policy"]
        for directive in (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "frame-ancestors 'none'",
        ):
            assert directive in policy
        assert "unsafe" not in policy
        assert visitor.page.locator("meta[http-equiv=Content-Security-Policy]").get_attribute("content") == (
            "require-trusted-types-for 'script'; trusted-types 'none'"
        )


def test_tokens_are_where_the_decision_says(visitor: Visitor, customer: str) -> None:
    visitor.sign_in(customer)
    stored = visitor.page.evaluate("JSON.stringify({...localStorage, ...sessionStorage}) + document.cookie")
    assert "eyJ" not in stored  # a JWT
    assert visitor.page.evaluate("document.cookie") == ""
    visitor.sign_out()
    assert visitor.page.evaluate("sessionStorage.length") == 0


def test_the_whole_console_is_small() -> None:
    files = [path for path in CONSOLE.rglob("*") if path.is_file()]
    assert sum(len(gzip.compress(path.read_bytes())) for path in files) < MAX_GZIPPED
