"""What an order of the shop's week must come to: a ledger that shares no code with what it checks.

Amounts are whole minor units; shares are exact fractions, by the rules that docs/api.md tells.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from math import floor
from random import Random
from typing import Any

Json = dict[str, Any]

DIGITS = {"EUR": 2, "USD": 2, "JPY": 0}


@dataclass
class Line:
    """A line, and what is left of it to be shipped, to come back and to be paid back."""

    quantity: int
    unit_price: int
    discount: int
    tax: int
    unshipped: int = 0
    pieces: int = 0
    paid: int = 0

    def __post_init__(self) -> None:
        self.unshipped = self.pieces = self.quantity

    @property
    def own(self) -> int:
        return self.quantity * self.unit_price - self.discount


@dataclass
class Account:
    """An order as the ledger has it: what it was placed with, and what was done since."""

    currency: str
    lines: list[Line]
    discounts: list[int]
    taxes: list[int]
    shipping: tuple[int, int] | None
    taxes_included: bool
    reference: str
    status: str = "PENDING"
    writes: int = 1
    authorized: int = 0
    captured: int = 0
    refunded: int = 0
    shipping_left: int = 0
    returns: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        weights = [line.own for line in self.lines]
        discounts, taxes = (shares(sum(each), weights) for each in (self.discounts, self.taxes))
        for line, discount, tax in zip(self.lines, discounts, taxes, strict=True):
            line.paid = line.own - discount + (0 if self.taxes_included else tax + line.tax)
        amount, tax = self.shipping or (0, 0)
        self.shipping_left = amount + (0 if self.taxes_included else tax)

    @property
    def sums(self) -> dict[str, int]:
        amount, shipping_tax = self.shipping or (0, 0)
        subtotal = sum(line.quantity * line.unit_price for line in self.lines)
        discount = sum(line.discount for line in self.lines) + sum(self.discounts)
        tax = sum(line.tax for line in self.lines) + sum(self.taxes) + shipping_tax
        total = subtotal - discount + amount + (0 if self.taxes_included else tax)
        return {
            "subtotal": subtotal,
            "discount_total": discount,
            "shipping_total": amount,
            "tax_total": tax,
            "total_amount": total,
        }

    @property
    def total(self) -> int:
        return self.sums["total_amount"]

    @property
    def payment_status(self) -> str:
        if self.refunded:
            return "REFUNDED" if self.refunded == self.captured else "PARTIALLY_REFUNDED"
        if self.captured:
            return "PAID" if self.captured == self.total else "PARTIALLY_PAID"
        return "AUTHORIZED" if self.authorized else "UNPAID"

    @property
    def fulfilment_status(self) -> str:
        left = sum(line.unshipped for line in self.lines)
        if left == 0:
            return "FULFILLED"
        return "UNFULFILLED" if left == sum(line.quantity for line in self.lines) else "PARTIALLY_FULFILLED"

    def body(self) -> Json:
        """What is sent to place it, with the sums that it must have."""
        text = self.text
        items = [
            {
                "product_id": f"P-{number}",
                "quantity": line.quantity,
                "unit_price": text(line.unit_price),
                "discount": text(line.discount),
                "tax": text(line.tax),
            }
            for number, line in enumerate(self.lines)
        ]
        shipping = {}
        if self.shipping is not None:
            amount, tax = map(text, self.shipping)
            shipping = {"shipping": {"method": "standard", "amount": amount, "tax": tax}}
        return {
            "items": items,
            "currency": self.currency,
            "external_reference": self.reference,
            "customer_id": f"customer-{sum(map(ord, self.reference)) % 40}",
            "discounts": [{"code": "WEEK", "amount": text(amount)} for amount in self.discounts],
            "taxes": [{"name": "VAT", "amount": text(amount)} for amount in self.taxes],
            "taxes_included": self.taxes_included,
            **shipping,
            **{name: text(amount) for name, amount in self.sums.items()},
        }

    def text(self, amount: int) -> str:
        return text_of(amount, self.currency)

    def minor(self, text: str) -> int:
        return int(Decimal(text).scaleb(DIGITS[self.currency]))

    def refund_for(self, line: Line, quantity: int) -> int:
        """Take pieces of a line out of the ledger; returns what is paid back for them."""
        refund = floor(Fraction(line.paid * quantity, line.pieces))
        line.paid -= refund
        line.pieces -= quantity
        return refund


def text_of(amount: int, currency: str) -> str:
    """Minor units as the API writes them."""
    return str(Decimal(amount).scaleb(-DIGITS[currency]))


def new_account(random: Random, number: int, run: str) -> Account:
    """An order as shops have them: one to five lines, now and then with discounts, taxes and shipping."""
    currency = random.choice([*DIGITS])
    lines = []
    for _ in range(random.randint(1, 5)):
        quantity, price = random.randint(1, 6), random.randint(99, 25_000)
        discount = random.randint(0, quantity * price // 2) if random.random() < 0.3 else 0
        tax = (
            (quantity * price - discount) * random.choice([4, 10, 21]) // 100 if random.random() < 0.4 else 0
        )
        lines.append(Line(quantity, price, discount, tax))
    own = sum(line.own for line in lines)
    discounts = [random.randint(1, own // 4)] * random.randint(1, 2) if random.random() < 0.3 else []
    taxes = [(own - sum(discounts)) * 21 // 100] if random.random() < 0.4 else []
    amount = random.randint(0, 1_500)
    shipping = (amount, amount * 21 // 100) if random.random() < 0.7 else None
    return Account(currency, lines, discounts, taxes, shipping, random.random() < 0.3, f"{run}-{number}")


def shares(amount: int, weights: Sequence[int]) -> list[int]:
    """Whole shares in proportion to the weights; what is left over goes to the largest fractions."""
    whole = sum(weights)
    exact = [
        Fraction(amount * weight, whole) if whole else Fraction(amount, len(weights)) for weight in weights
    ]
    floors = [floor(each) for each in exact]
    by_fraction = sorted(range(len(exact)), key=lambda index: floors[index] - exact[index])
    for index in by_fraction[: amount - sum(floors)]:
        floors[index] += 1
    return floors
