"""Payments of an order as it keeps them: what a provider said of the money, in minor units. Pure types."""

from enum import StrEnum

from msgspec import Struct


class PaymentStatus(StrEnum):
    """Where a payment is on its way; REFUNDED once some or all of it was paid back."""

    AUTHORIZED = "AUTHORIZED"
    CAPTURED = "CAPTURED"
    FAILED = "FAILED"
    REFUNDED = "REFUNDED"


class OrderPaymentStatus(StrEnum):
    """How far an order is paid, by its payments and its total; an order without payments is UNPAID."""

    UNPAID = "UNPAID"
    AUTHORIZED = "AUTHORIZED"
    PARTIALLY_PAID = "PARTIALLY_PAID"
    PAID = "PAID"
    PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED"
    REFUNDED = "REFUNDED"


class PaymentEntry(Struct, frozen=True):
    """One step of a payment's history; `at` is RFC 3339 UTC with milliseconds, `by` the actor's `sub`."""

    status: PaymentStatus
    at: str
    by: str


class Payment(Struct, frozen=True, omit_defaults=True):
    """Money that a provider was to take for an order; `reference` is the provider's own name of it.

    `refunded_amount` is all that was paid back of `amount` so far.
    """

    payment_id: str
    provider: str
    reference: str
    amount: int
    status: PaymentStatus
    history: tuple[PaymentEntry, ...]
    refunded_amount: int = 0
