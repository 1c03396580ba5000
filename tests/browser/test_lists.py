"""Lists: a customer's own, filters that the URL keeps, pages that follow as one scrolls, live changes."""

import json
import re
import urllib.request

import pytest
from playwright.sync_api import expect

from orders_core.order_numbers import number_of
from tests.browser.conftest import Open, new_user
from tests.browser.site import Site
from tests.browser.visitor import Visitor
from tests.hosts import PASSWORD, cognito


@pytest.fixture
def site(embedded_site: Site) -> Site:
    return embedded_site


def place_orders(site: Site, email: str, count: int) -> list[str]:
    """Places orders over HTTP; returns their ids, oldest first, as listings sort those of one millisecond."""
    config = site.config()
    body = json.dumps({"items": [{"product_id": "A-1", "quantity": 1, "unit_price": "1"}]}).encode()
    headers = {"Authorization": f"Bearer {id_token(site, email)}", "Content-Type": "application/json"}
    placed = []
    for _ in range(count):
        request = urllib.request.Request(f"{config['api_url']}/v1/orders", body, headers)
        with urllib.request.urlopen(request) as response:
            order = json.load(response)
        placed.append((order["created_at"], order["order_id"]))
    return [order_id for _, order_id in sorted(placed)]


def id_token(site: Site, email: str) -> str:
    """An ID token of a user with the usual password."""
    config = site.config()
    return cognito(config["cognito_url"]).initiate_auth(
        ClientId=config["client_id"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": email, "PASSWORD": PASSWORD},
    )["AuthenticationResult"]["IdToken"]


def shown(visitor: Visitor) -> list[str]:
    ids: list[str] = visitor.page.evaluate(
        "[...document.querySelectorAll('[data-order]')].map(row => row.dataset.order)"
    )
    return ids


def test_a_customer_sees_its_own_orders_newest_first(visitor: Visitor, site: Site, customer: str) -> None:
    ids = place_orders(site, customer, 3)
    visitor.sign_in(customer)
    expect(visitor.page.get_by_text("3 orders")).to_be_visible()
    assert shown(visitor) == ids[::-1]
    expect(visitor.page.get_by_label("Customer ID")).to_have_count(0)


def test_more_pages_follow_as_one_scrolls(visitor: Visitor, site: Site, customer: str) -> None:
    ids = place_orders(site, customer, 120)
    visitor.sign_in(customer)
    expect(visitor.page.get_by_text("120 orders", exact=True)).to_be_visible()
    visitor.page.wait_for_function(
        """() => {
            scrollTo(0, document.body.scrollHeight);
            return document.querySelectorAll("[data-order]").length === 120;
        }"""
    )
    expect(visitor.page.get_by_text("120 orders", exact=True)).to_be_attached()
    assert shown(visitor) == ids[::-1]


def test_going_back_finds_the_list_as_it_was(visitor: Visitor, site: Site, customer: str) -> None:
    place_orders(site, customer, 60)
    visitor.sign_in(customer)
    visitor.page.locator("[data-order] a").nth(45).scroll_into_view_if_needed()
    expect(visitor.page.get_by_text("60 orders", exact=True)).to_be_attached()
    visitor.page.locator("[data-order] a").nth(55).click()
    expect(visitor.heading(re.compile("^Order "))).to_be_visible()
    visitor.page.go_back()
    expect(visitor.page.locator("[data-order]")).to_have_count(60)
    visitor.page.wait_for_function("() => scrollY > 1000")


def test_filters_are_kept_in_the_url(visitor: Visitor) -> None:
    visitor.sign_in("staff@example.com")
    visitor.filter_by_status("DELIVERED")
    visitor.page.get_by_label("Customer ID").fill("corner-shop")
    visitor.page.get_by_label("From").fill("2026-01-01")
    expect(visitor.page.locator(".badge.is-delivered").first).to_be_visible()
    expect(visitor.page.locator("[data-order] .c-status .badge:not(.is-delivered)")).to_have_count(0)
    expect(visitor.page.locator(".c-customer [title]:not([title='corner-shop'])")).to_have_count(0)
    assert visitor.page.url.endswith("#/orders?customer=corner-shop&status=DELIVERED&from=2026-01-01")

    visitor.page.reload()
    expect(visitor.page.get_by_label("Customer ID")).to_have_value("corner-shop")
    expect(visitor.page.locator(".badge.is-delivered").first).to_be_visible()
    visitor.page.get_by_role("button", name="Clear filters").click()
    expect(visitor.page.locator(".badge:not(.is-delivered)").first).to_be_visible()
    assert visitor.page.url.endswith("#/orders")


def test_days_that_can_not_be_are_told(visitor: Visitor, customer: str) -> None:
    visitor.sign_in(customer)
    visitor.page.get_by_label("From").fill("2026-02-01")
    visitor.page.get_by_label("To", exact=True).fill("2026-01-01")
    visitor.page.get_by_label("To", exact=True).blur()
    expect(visitor.page.get_by_label("To", exact=True)).to_have_accessible_description(
        "The first day must not be after the last."
    )


def test_staff_open_an_order_by_its_whole_number(visitor: Visitor, site: Site, customer: str) -> None:
    (order_id,) = place_orders(site, customer, 1)
    visitor.sign_in("staff@example.com")
    visitor.page.get_by_label("Search", exact=True).fill(order_id)
    visitor.page.keyboard.press("Enter")
    expect(visitor.heading(f"Order {number_of(order_id)}")).to_be_visible()


def test_the_list_follows_what_happens(visit: Open, site: Site, customer: str) -> None:
    looking, acting = visit(), visit()
    looking.sign_in(customer)
    expect(looking.page.locator(".live.is-live")).to_be_visible()
    acting.sign_in(customer)
    order_id = acting.place_order()
    row = looking.page.locator(f'[data-order="{order_id}"]')
    expect(row.locator(".badge")).to_have_text("Pending")
    acting.page.get_by_role("button", name="Cancel order").click()
    acting.page.get_by_role("dialog").get_by_role("button", name="Cancel order").click()
    expect(row.locator(".badge")).to_have_text("Cancelled")
    acting.page.get_by_role("button", name="Delete").click()
    acting.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(looking.page.get_by_role("heading", name="No orders yet")).to_be_visible()


def test_an_order_that_is_deleted_keeps_its_place(visit: Open, site: Site, customer: str) -> None:
    first, second = place_orders(site, customer, 2)
    looking, acting = visit(), visit()
    looking.sign_in(customer)
    expect(looking.page.locator(".live.is-live")).to_be_visible()
    acting.sign_in(customer, path=f"orders/{second}")
    acting.page.get_by_role("button", name="Delete").click()
    acting.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(looking.page.locator(f'[data-order="{second}"] .badge')).to_have_text("Deleted")
    assert shown(looking) == [second, first]
    expect(looking.page.get_by_text("1 order", exact=True)).to_be_visible()


def test_nobody_else_sees_an_order(visit: Open, site: Site, customer: str) -> None:
    (order_id,) = place_orders(site, customer, 1)
    stranger = visit()
    stranger.sign_in(new_user(site), path=f"orders/{order_id}")
    expect(stranger.page.get_by_role("heading", name="There is no such order")).to_be_visible()


def test_the_overview_sums_up(visitor: Visitor, site: Site, customer: str) -> None:
    place_orders(site, customer, 4)
    visitor.sign_in(customer)
    visitor.place_order(("B-1", "Teapot", "1", "16"))
    visitor.go("overview")
    facts = visitor.page.locator(".fact dd")
    expect(facts).to_have_text(["5", "€20.00", "€4.00", "5"])
    table = visitor.page.get_by_role("table", name="Orders per day")
    expect(table.get_by_role("row").last).to_contain_text("5")


def test_staff_see_the_shop_at_a_glance(visitor: Visitor) -> None:
    visitor.sign_in("staff@example.com", path="overview")
    expect(visitor.page.locator(".figure svg")).to_have_count(4)
    expect(visitor.page.get_by_role("table", name="Revenue per day").get_by_role("row")).to_have_count(30)
    visitor.page.get_by_label("Period").select_option("7")
    expect(visitor.page.get_by_role("table", name="Revenue per day").get_by_role("row")).to_have_count(7)
    assert visitor.page.url.endswith("#/overview?days=7")
