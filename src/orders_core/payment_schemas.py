"""Payments as staff sends them and as clients see them."""

from typing import Annotated, Any, Final

from msgspec import UNSET, Meta, Struct, UnsetType

from orders_core import money, payments
from orders_core.amount_schemas import Amount, PaidAmount
from orders_core.models import Order
from orders_core.payment_models import Payment, PaymentStatus
from orders_core.text_forms import of_form
from orders_core.timestamps import Timestamp

_NOTHING: Final[dict[str, Any]] = {}


class PaymentInput(Struct, forbid_unknown_fields=True):
    """What a payment provider did: AUTHORIZED, CAPTURED or FAILED. Provider and reference name it."""

    provider: Annotated[str, of_form("[a-z0-9_-]{1,64}", "Such as stripe, or cash.")]
    reference: Annotated[str, of_form("[!-~]{1,255}", "The provider's own name of it.")]
    amount: PaidAmount
    status: Annotated[
        PaymentStatus, Meta(extra_json_schema={"enum": [str(each) for each in payments.STARTS]})
    ]


class PaymentMove(Struct, forbid_unknown_fields=True):
    """Where a payment goes next."""

    status: PaymentStatus
    refunded_amount: (
        Annotated[
            PaidAmount,
            Meta(description="All that was paid back of it so far, with REFUNDED; the whole if left out."),
        ]
        | UnsetType
    ) = UNSET


class PaymentEntryView(Struct, frozen=True):
    """One step of a payment's history."""

    status: PaymentStatus
    at: Timestamp
    by: str


class PaymentView(Struct, frozen=True):
    """Money that a provider took, or was to take, for the order."""

    payment_id: Annotated[str, Meta(extra_json_schema={"format": "uuid"})]
    provider: str
    reference: str
    amount: Amount
    status: PaymentStatus
    history: list[PaymentEntryView]
    refunded_amount: Annotated[Amount, Meta(description="All that was paid back so far.")] | UnsetType = UNSET


def payments_view(order: Order) -> dict[str, Any]:
    """`payments` and `payment_status` of the order as clients see them, where there are payments."""
    if not order.payments:
        return _NOTHING
    currency = order.content.currency
    return {
        "payments": [_payment_view(each, currency) for each in order.payments],
        "payment_status": payments.status_of(order),
    }


def _payment_view(payment: Payment, currency: str) -> PaymentView:
    refunded = payment.refunded_amount
    return PaymentView(
        payment_id=payment.payment_id,
        provider=payment.provider,
        reference=payment.reference,
        amount=money.to_text(payment.amount, currency),
        status=payment.status,
        history=[PaymentEntryView(entry.status, entry.at, entry.by) for entry in payment.history],
        refunded_amount=money.to_text(refunded, currency) if refunded else UNSET,
    )
