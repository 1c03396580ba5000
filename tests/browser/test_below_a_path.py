"""The console and the reference below a path of a site with TLS: nothing is asked for outside of it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open, new_user
from tests.browser.site import Site, start_console_host
from tests.real_parts.certificate import certificate
from tests.real_parts.process import free_port, stop
from tests.real_parts.proxies import RECIPES, Place, nginx

BELOW = (RECIPES / "nginx.conf").read_text().replace("location / {", "location /shop/ {")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """nginx, as its recipe says, before a host of its own."""
    folder: Path = tmp_path_factory.mktemp("below")
    data, port = folder / "data", free_port()
    url = f"https://127.0.0.1:{port}/shop"
    options = ("--public-url", url, "--trusted-proxies", "127.0.0.1")
    server = start_console_host(data, folder / "host.log", *options)
    try:
        with nginx(Place(folder, port, certificate(folder), f"127.0.0.1:{server.port}"), BELOW):
            yield Site("below a path", f"{url}/console/", f"{url}/docs", (url,), data)
    finally:
        stop(server)


def test_an_order_is_placed_and_seen_in_another_window_at_once(visit: Open, site: Site) -> None:
    looking, acting = visit(ignore_https_errors=True), visit(ignore_https_errors=True)
    customer = new_user(site)
    looking.sign_in(customer)
    expect(looking.page.locator(".live.is-live")).to_be_visible()
    acting.sign_in(customer)
    order = acting.place_order()
    expect(looking.page.locator(f'[data-order="{order}"]')).to_be_visible()


def test_the_site_leads_to_the_console(visit: Open, site: Site) -> None:
    page = visit(ignore_https_errors=True).page
    page.goto(f"{site.origins[0]}/")
    expect(page).to_have_url(re.compile(re.escape(site.console)))
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_the_reference_shows_where_the_api_is(visit: Open, site: Site) -> None:
    page = visit(ignore_https_errors=True).page
    page.goto(site.docs)
    expect(page.get_by_role("main").get_by_text(site.origins[0], exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="openapi.json")).to_have_attribute(
        "href", "/shop/console/openapi.json"
    )
