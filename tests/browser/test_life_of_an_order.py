"""The whole life of an order, as a customer and as staff live it, at both hosts."""

from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.hosts import ANA, STAFF


def test_from_placement_to_refund(visit: Open) -> None:
    customer, staff = visit(), visit()
    customer.sign_in(ANA)
    order_id = customer.place_order(("A-1", "Mug", "2", "9.50"), ("B-7", "Desk lamp", "1", "49.99"))

    expect(customer.page.locator("tfoot .total")).to_have_text("€68.99")
    assert customer.actions() == ["Cancel order", "Edit", "Delete", "Copy as cURL", "Packing slip", "Invoice"]

    staff.sign_in(STAFF, path=f"orders/{order_id}")
    assert staff.actions() == [
        "Confirm order",
        "Cancel order",
        "Edit",
        "Delete",
        "Copy as cURL",
        "Packing slip",
        "Invoice",
    ]
    staff.act("Confirm order", "Confirmed")
    staff.act("Start processing", "Processing")
    staff.act("Mark as shipped", "Shipped")
    assert staff.actions() == ["Mark as delivered", "Copy as cURL", "Packing slip", "Invoice"]
    staff.act("Mark as delivered", "Delivered")

    # The customer has been looking on: by events, or by looking again where there are none.
    expect(customer.status()).to_have_text("Delivered", timeout=30_000)
    assert customer.actions() == ["Copy as cURL", "Packing slip", "Invoice"]
    steps = customer.page.locator(".timeline .what")
    expect(steps).to_have_text(["Delivered", "Shipped", "Processing", "Confirmed", "Placed"])

    customer.page.get_by_role("button", name="Return items").click()
    customer.page.get_by_label("Quantity of Mug, at most 2").fill("1")
    customer.page.get_by_label("Reason").fill("The handle is broken")
    expect(customer.page.locator(".return-form strong")).to_have_text("€9.50")
    customer.page.get_by_role("button", name="Request return").click()
    expect(customer.page.locator(".return .badge")).to_have_text("Requested")

    expect(staff.page.locator(".return .badge")).to_have_text("Requested", timeout=30_000)
    for button, status in (
        ("Approve", "Approved"),
        ("Mark as received", "Received"),
        ("Mark as refunded", "Refunded"),
    ):
        staff.page.get_by_role("button", name=button).click()
        expect(staff.page.locator(".return .badge")).to_have_text(status)
    expect(customer.page.locator(".return .badge")).to_have_text("Refunded", timeout=30_000)


def test_changed_cancelled_and_deleted_by_its_customer(visit: Open) -> None:
    visitor = visit()
    visitor.sign_in(ANA)
    visitor.place_order()
    visitor.page.get_by_role("link", name="Edit").click()
    visitor.page.get_by_label("Quantity").fill("3")
    visitor.page.get_by_label("Notes").fill("Ring twice")
    visitor.page.get_by_role("button", name="Save changes").click()

    expect(visitor.page.locator("tfoot .total")).to_have_text("€28.50")
    expect(visitor.page.get_by_text("Ring twice", exact=True)).to_be_visible()
    if visitor.site.name == "embedded":  # the emulator's deployment has no stream to tell of changes
        expect(visitor.page.locator(".timeline .what").first).to_have_text("Changed: items, notes")

    visitor.page.get_by_role("button", name="Cancel order").click()
    visitor.page.get_by_role("dialog").get_by_role("button", name="Cancel order").click()
    expect(visitor.status()).to_have_text("Cancelled")
    assert visitor.actions() == ["Delete", "Copy as cURL", "Packing slip", "Invoice"]

    order_id = visitor.order_id()
    visitor.page.get_by_role("button", name="Delete").click()
    visitor.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(visitor.heading("Orders")).to_be_visible()
    visitor.go(f"orders/{order_id}")
    expect(visitor.page.get_by_role("heading", name="There is no such order")).to_be_visible()
