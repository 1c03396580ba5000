"""The client for code without asyncio, against the embedded host."""

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from orders_client import (
    Discount,
    NewComment,
    NewLineItem,
    NewOrder,
    NewPayment,
    NewShipment,
    Order,
    Orders,
    OrderStatus,
    PaymentStatus,
    ReturnLine,
    ReturnStatus,
    ShipmentLine,
    Shipping,
    Tax,
    Visibility,
)
from orders_client.errors import (
    Forbidden,
    IdempotencyKeyReused,
    IllegalState,
    InvalidApiKey,
    InvalidInput,
    NotFound,
    SignInFailed,
    VersionMismatch,
)
from orders_client.types import FulfilmentStatus, OrderPaymentStatus
from tests.client.conftest import MUGS
from tests.hosts import ANA, PASSWORD, Host

JOURNEY = (OrderStatus.CONFIRMED, OrderStatus.PROCESSING, OrderStatus.SHIPPED, OrderStatus.DELIVERED)


def some_customer() -> str:
    return f"customer-{uuid.uuid4().hex[:12]}"


def move(orders: Orders, order: Order, *statuses: OrderStatus) -> Order:
    """The order after it went through the statuses."""
    for status in statuses:
        order = orders.replace(order, status=status)
    return order


def test_an_order_is_placed_and_read_with_exact_amounts_and_aware_times(ana: Orders) -> None:
    placed = ana.create(MUGS, notes="Please wrap it", metadata={"channel": "phone"})
    assert ana.get(placed.order_id) == placed
    assert placed.status is OrderStatus.PENDING
    assert placed.total_amount == Decimal("19.00")
    assert placed.created_at.utcoffset() == timedelta(0)
    assert (placed.notes, placed.metadata) == ("Please wrap it", {"channel": "phone"})


def test_a_change_sends_only_what_is_changed(ana: Orders) -> None:
    placed = ana.create([NewLineItem("A-1", 2, Decimal("9.50"))], notes="Ring twice", metadata={"a": "1"})
    changed = ana.change(placed, notes=None, metadata={"b": "2"})
    assert (changed.notes, changed.metadata, changed.items) == (None, {"a": "1", "b": "2"}, placed.items)
    with pytest.raises(VersionMismatch):
        ana.change(placed, notes="later")


def test_a_change_keeps_what_it_does_not_name(ana: Orders) -> None:
    placed = ana.create(MUGS, notes="Please wrap it")
    changed = ana.replace(placed, items=[NewLineItem("B-7", 1, Decimal("49.99"))])
    assert (changed.notes, changed.total_amount, changed.version) == ("Please wrap it", Decimal("49.99"), 2)


def test_a_cancelled_order_can_be_deleted_and_is_gone(ana: Orders) -> None:
    cancelled = ana.cancel(ana.create(MUGS))
    assert [entry.status for entry in cancelled.history] == [OrderStatus.PENDING, OrderStatus.CANCELLED]
    ana.delete(cancelled)
    with pytest.raises(NotFound):
        ana.get(cancelled.order_id)


def test_a_listing_goes_on_over_pages(staff: Orders) -> None:
    customer = some_customer()
    placed = [staff.create(MUGS, customer_id=customer).order_id for _ in range(103)]
    assert [order.order_id for order in staff.list(customer_id=customer)] == placed[::-1]


def test_a_listing_is_filtered_by_status_and_time(staff: Orders) -> None:
    customer = some_customer()
    first = staff.create(MUGS, customer_id=customer)
    cancelled = staff.cancel(staff.create(MUGS, customer_id=customer))
    only = staff.list(customer_id=customer, status=OrderStatus.CANCELLED, created_from=first.created_at)
    assert list(only) == [cancelled]
    later = datetime.now(UTC) + timedelta(days=1)
    assert not list(staff.list(customer_id=customer, created_from=later))


def test_a_batch_is_placed_and_each_order_told_apart(ana: Orders) -> None:
    key = str(uuid.uuid4())
    orders: list[NewOrder] = [
        {"items": MUGS, "notes": "first", "idempotency_key": key},
        {"items": []},
        {"items": MUGS, "shipping": Shipping("standard", Decimal("4.90"))},
    ]
    told = ana.create_all(orders)
    first, refused, third = told.results
    assert (told.created, told.replayed, told.refused) == (2, 0, 1)
    assert first.order == ana.get(first.order_id or "")
    assert third.order is not None
    assert third.order.total_amount == Decimal("23.90")
    assert refused.problem is not None
    assert [fault.pointer for fault in refused.problem.errors] == ["/items"]
    again = ana.create_all(orders[:1]).results[0]
    assert (again.order, again.replayed) == (first.order, True)


def test_the_same_key_places_one_order(ana: Orders) -> None:
    key = str(uuid.uuid4())
    placed = ana.create(MUGS, idempotency_key=key)
    assert ana.create(MUGS, idempotency_key=key) == placed
    with pytest.raises(IdempotencyKeyReused):
        ana.create(MUGS, idempotency_key=key, notes="another")


def test_without_a_key_two_equal_orders_are_two(ana: Orders) -> None:
    assert ana.create(MUGS).order_id != ana.create(MUGS).order_id


def test_a_change_of_an_old_version_is_refused_and_says_the_new_one(ana: Orders) -> None:
    placed = ana.create(MUGS)
    ana.replace(placed, notes="first")
    with pytest.raises(VersionMismatch) as refused:
        ana.replace(placed, notes="second")
    assert refused.value.document.current_version == 2


def test_every_fault_of_an_order_is_named(ana: Orders) -> None:
    with pytest.raises(InvalidInput) as refused:
        ana.create([NewLineItem("", 0, Decimal("1.001"))])
    assert {fault.pointer for fault in refused.value.errors} == {
        "/items/0/product_id",
        "/items/0/quantity",
        "/items/0/unit_price",
    }
    assert refused.value.document.request_id


def test_a_move_that_is_not_allowed_says_which_are(staff: Orders) -> None:
    with pytest.raises(IllegalState) as refused:
        staff.replace(staff.create(MUGS), status=OrderStatus.SHIPPED)
    assert refused.value.document.allowed_statuses == [OrderStatus.CONFIRMED, OrderStatus.CANCELLED]


def test_goods_come_back(ana: Orders, staff: Orders) -> None:
    delivered = move(staff, ana.create(MUGS), *JOURNEY)
    key = str(uuid.uuid4())
    asked = ana.request_return(delivered, [ReturnLine(1, 1)], "The handle is broken", idempotency_key=key)
    again = ana.request_return(delivered, [ReturnLine(1, 1)], "The handle is broken", idempotency_key=key)
    assert again == asked
    (requested,) = asked.returns
    assert (requested.status, requested.refund_amount) == (ReturnStatus.REQUESTED, Decimal("9.50"))
    approved = staff.move_return(asked, requested.return_id, ReturnStatus.APPROVED)
    assert [entry.status for entry in approved.returns[0].history] == ["REQUESTED", "APPROVED"]
    with pytest.raises(IllegalState) as refused:
        staff.move_return(approved, requested.return_id, ReturnStatus.REFUNDED)
    assert refused.value.document.allowed_statuses == [ReturnStatus.RECEIVED]


def test_payments_are_recorded_and_moved(ana: Orders, staff: Orders) -> None:
    placed = ana.create(MUGS)
    assert (placed.payments, placed.payment_status) == ([], OrderPaymentStatus.UNPAID)
    cash = NewPayment("cash", "till-1", Decimal("19.00"), PaymentStatus.CAPTURED)
    paid = staff.record_payment(placed, cash)
    assert staff.record_payment(placed, cash) == paid
    (payment,) = paid.payments
    assert (payment.amount, paid.payment_status) == (Decimal("19.00"), OrderPaymentStatus.PAID)
    part = Decimal("0.50")
    moved = staff.move_payment(paid, payment.payment_id, PaymentStatus.REFUNDED, refunded_amount=part)
    assert (moved.payments[0].refunded_amount, moved.payment_status) == (part, "PARTIALLY_REFUNDED")
    with pytest.raises(VersionMismatch):
        staff.move_payment(paid, payment.payment_id, PaymentStatus.REFUNDED)
    with pytest.raises(Forbidden):
        ana.record_payment(placed, cash)


def test_shipments_are_recorded(ana: Orders, staff: Orders) -> None:
    placed = ana.create(MUGS)
    assert (placed.shipments, placed.fulfilment_status) == ([], FulfilmentStatus.UNFULFILLED)
    processed = move(staff, placed, *JOURNEY[:2])
    left = datetime(2026, 2, 2, 15, 30, tzinfo=UTC)
    parcel = NewShipment("dhl", "JD01", [ShipmentLine(1, 1)], "https://www.dhl.com/JD01", left)
    shipped = staff.record_shipment(processed, parcel)
    assert staff.record_shipment(processed, parcel) == shipped
    (shipment,) = shipped.shipments
    assert (shipment.shipped_at, shipment.tracking_url) == (left, parcel.tracking_url)
    assert [(line.line, line.product_id, line.quantity) for line in shipment.lines] == [(1, "A-1", 1)]
    assert (shipped.status, shipped.fulfilment_status) == (OrderStatus.SHIPPED, "PARTIALLY_FULFILLED")
    with pytest.raises(Forbidden):
        ana.record_shipment(placed, NewShipment("dhl", "JD02", [ShipmentLine(1, 1)]))


def test_comments_are_written(ana: Orders, staff: Orders) -> None:
    placed = ana.create(MUGS)
    asked = ana.write_comment(placed, NewComment("Is it sent?"), idempotency_key=placed.order_id)
    assert ana.write_comment(placed, NewComment("Is it sent?"), idempotency_key=placed.order_id) == asked
    staff.write_comment(placed, NewComment("Asks every day"))
    answered = staff.write_comment(placed, NewComment("Tomorrow", Visibility.VISIBLE))
    assert [each.visibility for each in answered.comments] == ["VISIBLE", "INTERNAL", "VISIBLE"]
    assert [each.text for each in ana.get(placed.order_id).comments] == ["Is it sent?", "Tomorrow"]


def test_discounts_shipping_and_taxes_are_kept_and_refunded(ana: Orders, staff: Orders) -> None:
    placed = ana.create(
        [NewLineItem("A-1", 2, Decimal("9.50"), discount=Decimal("1.00"), tax=Decimal("3.78"))],
        discounts=[Discount(Decimal("0.90"), "SPRING")],
        shipping=Shipping("standard", Decimal("4.90"), Decimal("1.03")),
        taxes=[Tax("Eco", Decimal("0.10"))],
    )
    assert placed.total_amount == Decimal("26.91")
    delivered = move(staff, placed, *JOURNEY)
    assert (delivered.items, delivered.discounts) == (placed.items, placed.discounts)
    asked = ana.request_return(delivered, [ReturnLine(1, 2)], "Too big")
    return_id = asked.returns[0].return_id
    for status in (ReturnStatus.APPROVED, ReturnStatus.RECEIVED):
        asked = staff.move_return(asked, return_id, status)
    done = staff.move_return(asked, return_id, ReturnStatus.REFUNDED, shipping_refund=Decimal("5.93"))
    assert done.returns[0].refund_amount == placed.total_amount


def test_what_happened_to_an_order_is_told_from_the_beginning(ana: Orders) -> None:
    placed = ana.create(MUGS)
    cancelled = ana.cancel(ana.replace(placed, notes="Ring twice"))
    ana.delete(cancelled)
    events = list(ana.events(placed.order_id))
    assert [event.type for event in events] == [
        "OrderCreated",
        "OrderUpdated",
        "OrderStatusChanged",
        "OrderDeleted",
    ]
    assert events[0].order == placed
    assert events[1].changed == ["notes"]
    assert events[2].previous_status is OrderStatus.PENDING


def test_staff_sees_the_figures_of_a_day(staff: Orders) -> None:
    today = staff.create(MUGS).created_at.date()
    figures = staff.statistics(today, today)
    assert (figures.from_, figures.to) == (today, today)
    (day,) = figures.days
    assert day.orders == sum(day.by_status.values())
    assert day.revenue["EUR"] >= Decimal("19.00")


def test_staff_exports_and_erases_a_customer(staff: Orders) -> None:
    customer = f"customer-{uuid.uuid4()}"
    placed = [staff.create(MUGS, customer_id=customer, notes="Ring twice") for _ in range(21)]
    pages = list(staff.export_customer(customer))
    assert [len(page.orders) for page in pages] == [20, 1]
    assert pages[0].orders[0].events[0].order == placed[0]
    assert [step.orders for step in staff.erase_customer(customer)] == [20, 1]
    erased = staff.get(placed[0].order_id)
    assert (erased.notes, erased.version, erased.total_amount) == (None, 2, placed[0].total_amount)
    assert erased.erased_at == erased.updated_at
    assert [step.orders for step in staff.erase_customer(customer)] == [0, 0]


def test_staff_manages_webhooks(staff: Orders) -> None:
    key = str(uuid.uuid4())
    created = staff.create_webhook("https://shop.example.com/", ["order.deleted"], idempotency_key=key)
    webhook_id = created.webhook.webhook_id
    again = staff.create_webhook("https://shop.example.com/", ["order.deleted"], idempotency_key=key)
    assert (again.webhook, again.secret) == (created.webhook, None)
    assert created.webhook in staff.webhooks()
    assert not staff.change_webhook(webhook_id, enabled=False).enabled
    assert staff.webhook(webhook_id).disabled_reason
    assert staff.rotate_webhook_secret(webhook_id).secret != created.secret
    assert staff.webhook_deliveries(webhook_id).attempts == []
    assert staff.replay_webhook(webhook_id).events == 0
    staff.delete_webhook(webhook_id)
    assert webhook_id not in [each.webhook_id for each in staff.webhooks()]


def test_what_a_customer_may_not_do_is_forbidden(ana: Orders) -> None:
    with pytest.raises(Forbidden):
        ana.create(MUGS, customer_id="somebody-else")
    with pytest.raises(Forbidden):
        ana.statistics()


def test_an_id_is_sent_as_one_part_of_the_path(ana: Orders) -> None:
    with pytest.raises(NotFound):
        ana.get("../orders?limit=1")


def test_a_missing_api_key_is_told(embedded_host: Host) -> None:
    with Orders(embedded_host.origin, ANA, PASSWORD) as orders, pytest.raises(InvalidApiKey):
        orders.create(MUGS)


def test_a_wrong_password_is_told_in_cognitos_words(embedded_host: Host) -> None:
    unknown = f"{uuid.uuid4().hex}@example.com"
    with Orders(embedded_host.origin, unknown, "wrong") as orders, pytest.raises(SignInFailed) as refused:
        orders.get(str(uuid.uuid4()))
    assert refused.value.code == "NotAuthorizedException"
