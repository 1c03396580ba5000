"""The browser, the sites, and the rule that no page complains or talks to strangers."""

import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from tests.browser.site import Site, deployed_site, site_of, start_console_host
from tests.browser.visitor import Visitor
from tests.hosts import Host
from tests.real_parts.chromium import HEADLESS
from tests.real_parts.shared import shared

Open = Callable[..., Visitor]

DATA = "console-data"

# Chromium notes each refused request; what a refusal means is for the page to say and the test to look at.
REFUSED = re.compile(r"Failed to load resource: (the server responded with a status of [45]\d\d|net::ERR_)")


# For one module: while Playwright runs, no other test in this process could start an event loop.
@pytest.fixture(scope="module")
def browser(chromium_path: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=list(HEADLESS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def embedded_site() -> Site:
    """`orders serve --demo`. Workers share it: make users of your own."""
    server = shared("console-host", lambda log: start_console_host(log.with_name(DATA), log))
    return site_of(server, Path(server.log).with_name(DATA))


@pytest.fixture(scope="session")
def deployed(deployed_host: Host) -> Iterator[Site]:
    with deployed_site(deployed_host, deployed_host.api_key) as site:
        yield site


@pytest.fixture(params=["embedded_site", "deployed"])
def site(request: pytest.FixtureRequest) -> Site:
    """Each host in turn; a module that needs one only overrides this."""
    chosen: Site = request.getfixturevalue(request.param)
    return chosen


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Open]:
    """Opens a window at the site, in English unless told otherwise. At the end no window has complained."""
    windows: list[BrowserContext] = []
    complaints: list[str] = []

    def open_window(at: Site = site, **options: object) -> Visitor:
        settings = {"locale": "en-GB", "viewport": {"width": 1280, "height": 800}, **options}
        context = browser.new_context(**settings)  # type: ignore[arg-type]
        context.set_default_timeout(15_000)
        windows.append(context)
        page = context.new_page()
        page.on("dialog", lambda dialog: dialog.accept())  # "Leave the page?", with a form half filled in
        watch(page, at, complaints)
        return Visitor(page, at)

    yield open_window
    for window in windows:
        window.close()
    assert complaints == []


@pytest.fixture
def visitor(visit: Open) -> Visitor:
    """One window."""
    return visit()


@pytest.fixture
def customer(site: Site) -> str:
    """A new customer's e-mail address."""
    return new_user(site)


def new_user(site: Site, *options: str) -> str:
    email = f"{uuid.uuid4().hex[:12]}@example.com"
    site.add_user(email, *options)
    return email


def watch(page: Page, site: Site, complaints: list[str]) -> None:
    """Notes errors, warnings, and requests to anybody but the site's own origins."""

    def message(said: ConsoleMessage) -> None:
        if said.type in ("error", "warning") and not REFUSED.match(said.text):
            complaints.append(f"{said.type}: {said.text}")

    def request(sent: Request) -> None:
        if not sent.url.startswith((*(f"{origin}/" for origin in site.origins), "data:", "about:", "blob:")):
            complaints.append(f"request to {sent.url}")

    page.on("console", message)
    page.on("pageerror", lambda error: complaints.append(f"uncaught: {error}"))
    page.on("request", request)
