"""The API reference at /docs: readable, tried out in place, its commands as good as pasted."""

import re
import subprocess

from playwright.sync_api import expect

import orders_contract as contract
from tests.browser.conftest import Open
from tests.browser.site import Site
from tests.browser.visitor import Visitor
from tests.hosts import ANA, PASSWORD


def open_reference(visit: Open) -> Visitor:
    visitor = visit()
    visitor.page.goto(visitor.site.docs)
    expect(visitor.heading(re.compile("^API reference"))).to_be_visible()
    return visitor


def test_every_operation_is_there(visit: Open) -> None:
    visitor = open_reference(visit)
    operations = {
        operation["operationId"]
        for path in contract.build()["paths"].values()
        for method, operation in path.items()
        if method in ("get", "post", "put", "patch", "delete")
    }
    shown = visitor.page.locator("section.operation").evaluate_all("all => all.map(one => one.id)")
    assert set(shown) == operations | {"authentication"}


def test_sign_in_and_try_it(visit: Open) -> None:
    visitor = open_reference(visit)
    page = visitor.page
    visitor.fill_in(ANA, PASSWORD)
    expect(page.get_by_text(f"Signed in as {ANA}.")).to_be_visible()

    create = page.locator("#create_order")
    create.get_by_text("Try it").click()
    create.get_by_role("button", name="Send").click()
    expect(create.locator(".answer")).to_contain_text("201")
    expect(create.locator(".answer")).to_contain_text('"status": "PENDING"')

    get = page.locator("#get_order")
    get.get_by_text("Try it").click()
    expect(get.get_by_label("order_id")).not_to_have_value("")
    get.get_by_role("button", name="Send").click()
    expect(get.locator(".answer")).to_contain_text("200")

    create.get_by_label("Body").fill('{"items": []}')
    create.get_by_role("button", name="Send").click()
    expect(create.locator(".answer")).to_contain_text("/items")


def test_nothing_destructive_is_prepared_for_a_real_order(visit: Open) -> None:
    visitor = open_reference(visit)
    page = visitor.page
    visitor.fill_in(ANA, PASSWORD)
    expect(page.get_by_text(f"Signed in as {ANA}.")).to_be_visible()
    create = page.locator("#create_order")
    create.get_by_text("Try it").click()
    create.get_by_role("button", name="Send").click()
    expect(create.locator(".answer")).to_contain_text("201")
    order_id = re.findall(r'"order_id": "([^"]+)"', create.locator(".answer").inner_text())[0]

    delete = page.locator("#delete_order")
    delete.get_by_text("Try it").click()
    expect(delete.get_by_label("order_id")).to_have_value("")
    delete.get_by_label("order_id").fill(order_id)
    delete.get_by_role("button", name="Send").click()
    expect(page.get_by_role("dialog")).to_contain_text(order_id)
    page.get_by_role("dialog").get_by_role("button", name="Go back").click()
    expect(delete.locator(".answer")).to_have_count(0)


def test_statuses_are_in_the_order_of_an_orders_way(visit: Open) -> None:
    page = open_reference(visit).page
    of_status = page.locator("#list_orders select", has=page.locator('option[value="PENDING"]'))
    assert of_status.locator("option").all_text_contents()[1:] == [
        "PENDING",
        "CONFIRMED",
        "PROCESSING",
        "SHIPPED",
        "DELIVERED",
        "CANCELLED",
    ]


def test_without_a_token_the_answer_is_a_problem(visit: Open) -> None:
    visitor = open_reference(visit)
    listing = visitor.page.locator("#list_orders")
    listing.get_by_text("Try it").click()
    listing.get_by_role("button", name="Send").click()
    expect(listing.locator(".answer")).to_contain_text("401")


def test_its_commands_work_as_pasted(visit: Open) -> None:
    visitor = open_reference(visit)
    page = visitor.page
    token = page.locator("#authentication pre").inner_text().replace("…", PASSWORD)
    page.locator("#create_order").get_by_text("Try it").click()
    create = page.locator("#create_order .command pre").inner_text()
    assert "$TOKEN" in create
    listing = page.locator("#list_orders .command pre").inner_text()
    done = subprocess.run(
        ["sh", "-c", f"{token}\n{create}\n{listing}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        text=True,
    )
    assert '"status":"PENDING"' in done.stdout
    assert '"next_cursor"' in done.stdout


def test_it_is_at_two_addresses_of_the_embedded_host(visit: Open, embedded_site: Site) -> None:
    visitor = visit(embedded_site)
    for url in (f"{embedded_site.origins[0]}/docs", f"{embedded_site.console}docs.html"):
        visitor.page.goto(url)
        expect(visitor.heading(re.compile("^API reference"))).to_be_visible()
        visitor.page.get_by_role("link", name="Open the console").click()
        expect(visitor.heading("Sign in")).to_be_visible()
