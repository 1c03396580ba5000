"""How the amounts of an order hang together: what its sums must be, and what was paid for each line."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Final

from orders_core import money
from orders_core.input_errors import Fault
from orders_core.models import LineItem, OrderContent, Sums

_Text = Callable[[int], str]

_MAX_TERMS: Final = 10
"""How many parts of a sum are written out in a fault."""


def find_faults(content: OrderContent, given: Mapping[str, int]) -> list[Fault]:
    """What is wrong with the amounts, each with its arithmetic.

    Args:
        content: what the order is to be.
        given: the sums that the caller gave, in minor units, by their names in `SUMS`.
    """
    # Most orders have no discount, and the sums are of no use while the discounts are wrong.
    sums = content.sums
    faults = list(_excessive_discounts(content)) if sums.discount_total else []
    return faults or list(_wrong_sums(content, sums, given))


def paid_for_lines(content: OrderContent) -> list[int]:
    """What the customer pays for each line, in minor units.

    Discounts and taxes of the lines together are spread over the lines in proportion to what each comes to
    after its own discount. With `paid_for_shipping` it is the total, to the minor unit.
    """
    amounts = _discounted(content)
    discounts = spread(sum(each.amount for each in content.discounts), amounts)
    paid = [amount - discount for amount, discount in zip(amounts, discounts, strict=True)]
    if content.taxes_included:
        return paid
    taxes = spread(sum(each.amount for each in content.taxes), amounts)
    return [amount + tax + item.tax for amount, tax, item in zip(paid, taxes, content.items, strict=True)]


def paid_for_shipping(content: OrderContent) -> int:
    """What the customer pays for shipping, in minor units."""
    if content.shipping is None:
        return 0
    return content.shipping.amount + (0 if content.taxes_included else content.shipping.tax)


def spread(amount: int, weights: Sequence[int]) -> list[int]:
    """Whole shares of the amount in proportion to the weights, by the largest remainder.

    Their sum is the amount. Equal shares if all weights are 0.
    """
    whole = sum(weights)
    if whole == 0:
        return spread(amount, [1] * len(weights))
    shares, remainders = zip(*(divmod(amount * weight, whole) for weight in weights), strict=True)
    by_remainder = sorted(range(len(weights)), key=lambda index: -remainders[index])
    one_more = set(by_remainder[: amount - sum(shares)])
    return [share + (index in one_more) for index, share in enumerate(shares)]


def _discounted(content: OrderContent) -> list[int]:
    return [item.quantity * item.unit_price - item.discount for item in content.items]


def _excessive_discounts(content: OrderContent) -> Iterator[Fault]:
    text = partial(money.to_text, currency=content.currency)
    left = _discounted(content)
    for index, item in enumerate(content.items):
        if left[index] < 0:
            most = f"{text(item.quantity * item.unit_price)} = {_bought(item, text)}"
            yield Fault(f"/items/{index}/discount", f"must be at most {most}, not {text(item.discount)}")
    amounts = [each.amount for each in content.discounts]
    if sum(amounts) > max(sum(left), 0):
        most = f"{text(max(sum(left), 0))}, what the lines are after their own discounts"
        yield Fault("/discounts", f"must come to at most {most}, not {_sum(map(text, amounts))}")


def _wrong_sums(content: OrderContent, sums: Sums, given: Mapping[str, int]) -> Iterator[Fault]:
    text = partial(money.to_text, currency=content.currency)
    for name, amount in given.items():
        right = getattr(sums, name)
        if amount != right:
            parts = _PARTS[name](content, text)
            yield Fault(f"/{name}", f"must be {text(right)}{parts and ' = '}{parts}, not {text(amount)}")


def _bought(item: LineItem, text: _Text) -> str:
    return f"{item.quantity} × {text(item.unit_price)}"


def _subtotal(content: OrderContent, text: _Text) -> str:
    return _sum(_bought(item, text) for item in content.items)


def _discounts(content: OrderContent, text: _Text) -> str:
    amounts = [*(item.discount for item in content.items), *(each.amount for each in content.discounts)]
    return _sum(text(amount) for amount in amounts if amount)


def _taxes(content: OrderContent, text: _Text) -> str:
    of_shipping = content.shipping.tax if content.shipping else 0
    amounts = [*(item.tax for item in content.items), *(each.amount for each in content.taxes), of_shipping]
    return _sum(text(amount) for amount in amounts if amount)


def _total(content: OrderContent, text: _Text) -> str:
    sums = content.sums
    parts = f"{text(sums.subtotal)} - {text(sums.discount_total)} + {text(sums.shipping_total)}"
    if content.taxes_included:
        return f"{parts} (subtotal - discount_total + shipping_total; prices include the taxes)"
    return f"{parts} + {text(sums.tax_total)} (subtotal - discount_total + shipping_total + tax_total)"


_PARTS: Final[Mapping[str, Callable[[OrderContent, _Text], str]]] = {
    "subtotal": _subtotal,
    "discount_total": _discounts,
    "shipping_total": lambda *_: "",
    "tax_total": _taxes,
    "total_amount": _total,
}
"""How each sum is written out as its parts."""

SUMS: Final = Sums._fields
"""The sums of an order, which a caller may give as well, to have them checked."""


def _sum(terms: Iterable[str]) -> str:
    shown = list(islice(terms, _MAX_TERMS + 1))
    return " + ".join(shown if len(shown) <= _MAX_TERMS else [*shown[:-1], "…"])
