"""`python -m bench.console`: how soon the console paints and how fast it lists, in a real browser."""

import statistics
import tempfile
from pathlib import Path

import click
from playwright.sync_api import Browser, Page, sync_playwright
from tests.real_parts.chromium import HEADLESS, chromium

from bench.environment import cache_dir
from bench.sides import PASSWORD, PRELOADED, READER, OrdersApi

ROUNDS = 7

# Milliseconds from the start of the navigation.
FIRST_PAINT = """() => new Promise(resolve => new PerformanceObserver(list => resolve(
    list.getEntriesByName("first-contentful-paint")[0].startTime
)).observe({type: "paint", buffered: true}))"""

# Milliseconds from the click on "Orders" to the frame after the one in which its rows were laid out.
LIST = """async () => {
    const before = performance.now();
    location.hash = "#/orders?status=PENDING";
    const rows = () => document.querySelectorAll("[data-order]").length >= 50;
    while (!rows()) await new Promise(requestAnimationFrame);
    document.body.getBoundingClientRect();
    await new Promise(requestAnimationFrame);
    return performance.now() - before;
}"""

# Seconds until every order is in the list: each page is asked for as the end comes near.
ALL = """async count => {
    const begun = performance.now();
    while (document.querySelectorAll("[data-order]").length < count) {
        scrollTo(0, document.body.scrollHeight);
        await new Promise(requestAnimationFrame);
    }
    return (performance.now() - begun) / 1000;
}"""

# Milliseconds between frames while one scrolls through the whole list: the median and the longest.
FRAMES = """async () => {
    const frames = [];
    const step = document.body.scrollHeight / 200;
    let last = await new Promise(requestAnimationFrame);
    for (let top = 0; top < 200 * step; top += step) {
        scrollTo(0, top);
        const now = await new Promise(requestAnimationFrame);
        frames.push(now - last);
        last = now;
    }
    frames.sort((one, other) => one - other);
    return [frames[100], frames.at(-1)];
}"""


@click.command()
def main() -> None:
    """Measure the console of the embedded host, with 10,000 orders of one customer."""
    cache_dir().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache_dir()) as scratch:
        side = OrdersApi(Path(scratch))
        side.prepare()
        with side.running(), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium(), args=list(HEADLESS))
            report(browser, f"http://127.0.0.1:{side.port}/console/")
            browser.close()


def report(browser: Browser, url: str) -> None:
    paints = [first_paint(browser, url) for _ in range(ROUNDS)]
    click.echo(f"first contentful paint, nothing cached: {spread(paints)} ms")
    page = signed_in(browser, url)
    click.echo(f"50 orders, from the click to the frame: {spread([listing(page) for _ in range(ROUNDS)])} ms")
    page.evaluate("location.hash = '#/orders'")
    seconds: float = page.evaluate(ALL, PRELOADED)
    median, longest = page.evaluate(FRAMES)
    click.echo(f"{PRELOADED:,} orders, one after the other page: {seconds:.1f} s")
    click.echo(f"frames while scrolling through them: median {median:.1f} ms, longest {longest:.1f} ms")


def first_paint(browser: Browser, url: str) -> float:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(url)
        milliseconds: float = page.evaluate(FIRST_PAINT)
    return milliseconds


def signed_in(browser: Browser, url: str) -> Page:
    page = browser.new_page(locale="en-GB")
    page.goto(url)
    page.get_by_label("E-mail").fill(READER)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.locator("[data-order]").first.wait_for()
    return page


def listing(page: Page) -> float:
    page.evaluate("location.hash = '#/new'")
    page.locator("fieldset.line").wait_for()
    milliseconds: float = page.evaluate(LIST)
    return milliseconds


def spread(figures: list[float]) -> str:
    return f"median {statistics.median(figures):.0f}, longest {max(figures):.0f}"


if __name__ == "__main__":
    main()
