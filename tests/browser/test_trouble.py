"""A slow, a busy and a failing server: the console says what it waits for, and goes on by itself."""

from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Open
from tests.browser.site import Site, deployed_site, own_site, start_console_host
from tests.browser.visitor import Visitor
from tests.hosts import ANA, Host
from tests.real_parts.process import stop


@pytest.fixture
def site(embedded_site: Site) -> Site:
    return embedded_site


def test_a_restart_of_the_server_is_lived_through(visit: Open, tmp_path: Path) -> None:
    with own_site(tmp_path) as (site, server):
        visitor = visit(site)
        visitor.sign_in(ANA)
        order_id = visitor.place_order()
        stop(server)
        visitor.go("orders?status=PENDING")
        expect(visitor.page.locator(".banner")).to_contain_text("No connection to the server.")

        again = start_console_host(tmp_path / "data", tmp_path / "host.log", port=server.port)
        try:
            expect(visitor.page.locator(f'[data-order="{order_id}"]')).to_be_visible(timeout=30_000)
            expect(visitor.page.locator(".banner")).to_have_count(0)
        finally:
            stop(again)


def test_what_was_typed_survives_a_server_that_is_away(visit: Open, tmp_path: Path) -> None:
    with own_site(tmp_path) as (site, server):
        visitor = visit(site)
        visitor.sign_in(ANA)
        visitor.go("new")
        visitor.fill_items(("A-1", "Mug", "2", "9.50"))
        stop(server)
        visitor.page.get_by_role("button", name="Place order").click()
        expect(visitor.page.get_by_role("alert")).to_contain_text("Nothing is lost")

        again = start_console_host(tmp_path / "data", tmp_path / "host.log", port=server.port)
        try:
            visitor.page.get_by_role("button", name="Place order").click()
            expect(visitor.page.locator("tfoot .total")).to_have_text("€19.00")
        finally:
            stop(again)


def test_a_busy_server_is_given_the_time_it_asks_for(visit: Open, tmp_path: Path) -> None:
    with own_site(tmp_path, "--rate-limit", "1", "--burst", "2") as (site, _):
        visitor = visit(site)
        visitor.sign_in(ANA)
        visitor.note_banners()
        refused: list[int] = []
        visitor.page.on("response", lambda answer: refused.append(answer.status))
        for status in ("PENDING", "SHIPPED", "DELIVERED"):
            visitor.filter_by_status(status)
        visitor.was_told("The server is busy.")
        expect(visitor.page.locator("[data-order] .is-delivered").first).to_be_visible()
        assert 429 in refused


def test_a_usage_plan_that_is_used_up_is_waited_for(visit: Open, deployed_host: Host) -> None:
    with deployed_site(deployed_host, deployed_host.tight_api_key) as site:
        visitor = visit(site)
        refused: list[int] = []
        visitor.page.on("response", lambda answer: refused.append(answer.status))
        visitor.sign_in(ANA)
        visitor.note_banners()
        for status in ("PENDING", "SHIPPED", "DELIVERED"):
            visitor.filter_by_status(status)
        visitor.was_told("The server is busy.")
        expect(visitor.page.get_by_role("status").filter(has_text="Loading")).to_have_count(0, timeout=30_000)
        expect(visitor.page.get_by_role("alert")).to_have_count(0)
        assert 429 in refused


def test_a_store_that_is_away_is_waited_for(visitor: Visitor, customer: str) -> None:
    visitor.sign_in(customer)
    visitor.note_banners()
    answers = 0

    def away_once(route: Route) -> None:
        nonlocal answers
        answers += 1
        if answers > 1:
            route.fallback()
            return
        problem = '{"type": "https://orders-api.dev/problems/store-unavailable", "status": 503}'
        headers = {"Retry-After": "1", "Content-Type": "application/problem+json"}
        route.fulfill(status=503, body=problem, headers=headers)

    visitor.page.route("**/v1/orders?*", away_once)
    visitor.filter_by_status("SHIPPED")
    visitor.was_told("The order store is not available.")
    expect(visitor.page.get_by_role("heading", name="No order matches")).to_be_visible()


def test_a_slow_server_shows_that_something_is_on_its_way(visitor: Visitor, customer: str) -> None:
    visitor.sign_in(customer)
    held: list[Route] = []
    visitor.page.route("**/v1/orders?*", lambda route: held.append(route))
    visitor.filter_by_status("SHIPPED")
    expect(visitor.page.get_by_role("status").filter(has_text="Loading")).to_be_attached()
    visitor.page.unroute("**/v1/orders?*")
    for route in held:
        route.fallback()
    expect(visitor.page.get_by_role("heading", name="No order matches")).to_be_visible()


def test_a_fault_of_the_server_can_be_reported_and_tried_again(visitor: Visitor, customer: str) -> None:
    visitor.sign_in(customer)
    problem = (
        '{"type": "https://orders-api.dev/problems/internal-error", "title": "Something went wrong",'
        ' "status": 500, "detail": "Quote the request_id when you report it.", "request_id": "r-1"}'
    )
    visitor.page.route(
        "**/v1/orders?*",
        lambda route: route.fulfill(status=500, body=problem, content_type="application/problem+json"),
    )
    visitor.filter_by_status("SHIPPED")
    expect(visitor.page.get_by_role("alert")).to_contain_text("r-1")
    visitor.page.unroute("**/v1/orders?*")
    visitor.page.get_by_role("button", name="Try again").click()
    expect(visitor.page.get_by_role("heading", name="No order matches")).to_be_visible()
