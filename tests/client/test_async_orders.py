"""The client for asyncio, against the embedded host."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable

import pytest

from orders_client import (
    AsyncOrders,
    NewComment,
    NewPayment,
    NewShipment,
    OrderStatus,
    PaymentStatus,
    ShipmentLine,
)
from orders_client.errors import NotFound, VersionMismatch
from tests.client.conftest import AT_ONCE, MUGS
from tests.client.flaky import Fault, FlakyProxy
from tests.hosts import ANA, PASSWORD, STAFF, Host


def test_an_order_lives_its_life(embedded_host: Host) -> None:
    async def life(orders: AsyncOrders) -> None:
        placed = await orders.create(MUGS, notes="Please wrap it")
        assert await orders.get(placed.order_id) == placed
        changed = await orders.replace(placed, notes=None)
        with pytest.raises(VersionMismatch):
            await orders.cancel(placed)
        cancelled = await orders.cancel(changed)
        assert cancelled.status is OrderStatus.CANCELLED
        await orders.delete(cancelled)
        with pytest.raises(NotFound):
            await orders.get(placed.order_id)

    run(life, embedded_host.origin, ANA, embedded_host)


def test_an_order_is_paid(embedded_host: Host) -> None:
    async def pay(orders: AsyncOrders) -> None:
        placed = await orders.create(MUGS)
        card = NewPayment("stripe", "pi_1", placed.total_amount, PaymentStatus.AUTHORIZED)
        paid = await orders.record_payment(placed, card)
        payment_id = paid.payments[0].payment_id
        captured = await orders.move_payment(paid, payment_id, PaymentStatus.CAPTURED)
        assert captured.payment_status == "PAID"

    run(pay, embedded_host.origin, STAFF, embedded_host)


def test_an_order_is_shipped(embedded_host: Host) -> None:
    async def ship(orders: AsyncOrders) -> None:
        order = await orders.create(MUGS)
        for status in (OrderStatus.CONFIRMED, OrderStatus.PROCESSING):
            order = await orders.replace(order, status=status)
        shipped = await orders.record_shipment(order, NewShipment("dhl", "JD01", [ShipmentLine(1, 2)]))
        assert shipped.fulfilment_status == "FULFILLED"

    run(ship, embedded_host.origin, STAFF, embedded_host)


def test_a_customer_is_exported_and_erased(embedded_host: Host) -> None:
    async def erase(orders: AsyncOrders) -> None:
        customer = f"customer-{uuid.uuid4()}"
        placed = await orders.create(MUGS, customer_id=customer, notes="Ring twice")
        (page,) = [page async for page in orders.export_customer(customer)]
        assert [held.order for held in page.orders] == [placed]
        assert [step.events async for step in orders.erase_customer(customer)] == [1]

    run(erase, embedded_host.origin, STAFF, embedded_host)


def test_an_order_is_commented_on(embedded_host: Host) -> None:
    async def comment(orders: AsyncOrders) -> None:
        commented = await orders.write_comment(await orders.create(MUGS), NewComment("Fragile"))
        assert [each.text for each in commented.comments] == ["Fragile"]

    run(comment, embedded_host.origin, STAFF, embedded_host)


def test_a_webhook_is_managed(embedded_host: Host) -> None:
    async def manage(orders: AsyncOrders) -> None:
        created = await orders.create_webhook("https://shop.example.com/", ["order.deleted"])
        webhook_id = created.webhook.webhook_id
        assert created.webhook in await orders.webhooks()
        assert (await orders.change_webhook(webhook_id, events=[])).events == []
        assert (await orders.webhook(webhook_id)).enabled
        assert (await orders.rotate_webhook_secret(webhook_id)).secret != created.secret
        assert (await orders.webhook_deliveries(webhook_id)).dead_letters == 0
        assert (await orders.replay_webhook(webhook_id)).next_since is None
        await orders.delete_webhook(webhook_id)

    run(manage, embedded_host.origin, STAFF, embedded_host)


def test_a_listing_goes_on_over_pages(embedded_host: Host) -> None:
    customer = f"customer-{uuid.uuid4().hex[:12]}"

    async def listing(orders: AsyncOrders) -> None:
        for _ in range(101):
            await orders.create(MUGS, customer_id=customer)
        assert len([order async for order in orders.list(customer_id=customer)]) == 101

    run(listing, embedded_host.origin, STAFF, embedded_host)


def test_many_calls_at_once_sign_in_once(proxy: FlakyProxy, embedded_host: Host) -> None:
    async def burst(orders: AsyncOrders) -> None:
        placed = await asyncio.gather(*(orders.create(MUGS) for _ in range(10)))
        assert len({order.order_id for order in placed}) == 10

    run(burst, proxy.url, ANA, embedded_host)
    assert proxy.sign_ins() == 1


def test_an_order_whose_answer_was_lost_is_placed_once(proxy: FlakyProxy, embedded_host: Host) -> None:
    async def place(orders: AsyncOrders) -> None:
        proxy.faults.extend([Fault.BUSY, Fault.LOSE_ANSWER])
        placed = await orders.create(MUGS)
        assert [order async for order in orders.list(created_from=placed.created_at)].count(placed) == 1

    run(place, proxy.url, ANA, embedded_host)
    assert proxy.seen.count("POST /v1/orders") == 3


def test_a_batch_whose_answer_was_lost_is_placed_once(proxy: FlakyProxy, embedded_host: Host) -> None:
    async def place(orders: AsyncOrders) -> None:
        proxy.faults.extend([Fault.LOSE_ANSWER])
        told = await orders.create_all([{"items": MUGS}, {"items": MUGS}])
        assert (told.created, told.replayed) == (0, 2)

    run(place, proxy.url, ANA, embedded_host)


def run(scenario: Callable[[AsyncOrders], Awaitable[None]], url: str, email: str, host: Host) -> None:
    async def signed_in() -> None:
        async with AsyncOrders(url, email, PASSWORD, api_key=host.api_key, retries=AT_ONCE) as orders:
            await scenario(orders)

    asyncio.run(signed_in())
