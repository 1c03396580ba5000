"""Record a payment of an order, and move it."""

from msgspec import UNSET

from orders_core import money, parameters, payments
from orders_core.models import Order, check_version
from orders_core.operations.common import (
    Clock,
    added,
    amount_in,
    id_for,
    order_id_of,
    order_response,
    read_body,
    rewrite,
)
from orders_core.payment_models import Payment, PaymentStatus
from orders_core.payment_schemas import PaymentInput, PaymentMove
from orders_core.proxy import Outcome, Request
from orders_core.stores import Store


def record_payment(request: Request, store: Store, clock: Clock) -> Outcome:
    """Add a payment to an order: 201, also if the provider's reference was recorded before."""
    caller = request.caller
    parameters.reject_query(request.query)
    versions = parameters.if_match(request.headers)
    body = read_body(request, PaymentInput)
    payment_id = id_for(order_id_of(request), body.provider, body.reference)

    def add(order: Order) -> Order:
        amount = amount_in(body, "amount", order.content.currency, money.MAX_SUM)
        existing = payments.find(order, payment_id)
        if existing is not None:
            # Before the version is judged: a retry knows the version from before its first attempt.
            _check_same(existing, amount, body.status, order.content.currency)
            return order
        check_version(order, versions)
        return payments.record(
            order,
            payment_id,
            body.provider,
            body.reference,
            amount,
            body.status,
            at=clock(),
            by=caller.sub,
        )

    return added(request, store, payment_id, add)


def move_payment(request: Request, store: Store, clock: Clock) -> Outcome:
    """Move a payment to another status, or tell that more of it was paid back."""
    caller = request.caller
    parameters.reject_query(request.query)
    versions = parameters.if_match(request.headers)
    body = read_body(request, PaymentMove)
    payment_id = request.path_parameters["payment_id"].lower()

    def move(order: Order) -> Order:
        payments.get(order, payment_id)
        check_version(order, versions)
        refunded = amount_in(body, "refunded_amount", order.content.currency, money.MAX_SUM)
        return payments.move(
            order,
            payment_id,
            body.status,
            at=clock(),
            by=caller.sub,
            refunded_amount=None if body.refunded_amount is UNSET else refunded,
        )

    return Outcome(order_response(request, 200, rewrite(request, store, move)[1]))


def _check_same(existing: Payment, amount: int, status: PaymentStatus, currency: str) -> None:
    if (existing.amount, existing.history[0].status) != (amount, status):
        recorded = f"{money.to_text(existing.amount, currency)}, recorded as {existing.history[0].status}"
        raise payments.InvalidPayment(
            "reference",
            f"is that of another payment, of {recorded}; give another reference, or PUT that payment to"
            " move it",
        )
