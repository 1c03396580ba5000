"""The amounts of an order as clients send them and as they see them: decimals, of minor units inside."""

from typing import Annotated, Final

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from orders_core import money
from orders_core.models import Discount, LineItem, Shipping, Tax
from orders_core.text_forms import of_form

AMOUNT_PATTERN: Final = r"^[0-9]{1,18}(\.[0-9]{1,4})?$"

_PERCENTAGE: Final = r"[0-9]{1,3}(\.[0-9]{1,4})?"


def _decimal(maximum: int, description: str) -> Meta:
    return Meta(
        description=description,
        extra={"maximum": maximum},
        extra_json_schema={
            "oneOf": [
                {"type": "string", "pattern": AMOUNT_PATTERN},
                {"type": "number", "minimum": 0, "maximum": maximum},
            ]
        },
    )


Price = Annotated[
    Raw,
    _decimal(
        money.MAX_UNIT_PRICE,
        "0 to 1,000,000, with at most the currency's minor digits. Numbers are read as written.",
    ),
]
Charge = Annotated[
    Raw,
    _decimal(money.MAX_AMOUNT, "0 to 10,000,000,000, with at most the currency's minor digits."),
]
GivenSum = Annotated[
    Raw,
    _decimal(
        money.MAX_SUM, "Checked against its parts, to the minor unit. Leave it out to have it computed."
    ),
]
PaidAmount = Annotated[
    Raw,
    _decimal(money.MAX_SUM, "More than 0, with at most the currency's minor digits."),
]
Amount = Annotated[
    str,
    Meta(pattern=AMOUNT_PATTERN, description="Decimal with the currency's minor digits."),
]
Percentage = Annotated[
    str,
    of_form(_PERCENTAGE, "Percent, such as 21. Nothing is calculated from it."),
]
ProductId = Annotated[str, Meta(min_length=1, max_length=64, description="The shop's id of the product.")]
Quantity = Annotated[int, Meta(ge=1, le=10_000)]
LineNumber = Annotated[int, Meta(ge=1, le=100, description="Number of the line item, from 1.")]
_Name = Annotated[str, Meta(min_length=1, max_length=100)]


class LineItemInput(Struct, forbid_unknown_fields=True):
    """One line of goods. Discount and tax are those of the whole line."""

    product_id: ProductId
    quantity: Quantity
    unit_price: Price
    name: Annotated[str, Meta(max_length=200)] | None = None
    discount: Charge | UnsetType = UNSET
    tax: Charge | UnsetType = UNSET
    tax_rate: Percentage | None = None


class DiscountInput(Struct, forbid_unknown_fields=True):
    """An amount off the lines together."""

    amount: Charge
    code: _Name | None = None
    description: Annotated[str, Meta(min_length=1, max_length=200)] | None = None


class ShippingInput(Struct, forbid_unknown_fields=True):
    """What carrying the goods costs."""

    method: _Name
    amount: Charge
    tax: Charge | UnsetType = UNSET


class TaxInput(Struct, forbid_unknown_fields=True):
    """A tax on the lines together."""

    name: _Name
    amount: Charge
    rate: Percentage | None = None


class LineItemView(Struct, frozen=True):
    """One line of goods, with the price of one piece; discount and tax are those of the whole line."""

    product_id: str
    name: str | None
    quantity: int
    unit_price: Amount
    discount: Amount | UnsetType = UNSET
    tax: Amount | UnsetType = UNSET
    tax_rate: str | UnsetType = UNSET


class DiscountView(Struct, frozen=True, omit_defaults=True):
    """An amount off the lines together."""

    amount: Amount
    code: str | None = None
    description: str | None = None


class ShippingView(Struct, frozen=True):
    """What carrying the goods costs."""

    method: str
    amount: Amount
    tax: Amount | UnsetType = UNSET


class TaxView(Struct, frozen=True, omit_defaults=True):
    """A tax on the lines together."""

    name: str
    amount: Amount
    rate: str | None = None


def price_text(raw: Raw) -> str:
    """The decimal that was written, be it a JSON string or a JSON number."""
    text = str(bytes(raw), "utf-8")
    if text.startswith('"'):
        return text[1:-1] if "\\" not in text else msgspec.json.decode(raw, type=str)
    return money.plain(text)


def minor_of(amount: Raw | UnsetType, currency: str, maximum: int = money.MAX_AMOUNT) -> int:
    """The minor units of an amount as it was sent; 0 if there is none.

    Raises:
        InvalidAmount: as `money.to_minor` does.
    """
    return 0 if amount is UNSET else money.to_minor(price_text(amount), currency, maximum)


def line_of(item: LineItemInput, currency: str) -> LineItem:
    """The line as it is stored; raises as `minor_of` does."""
    return LineItem(
        product_id=item.product_id,
        quantity=item.quantity,
        unit_price=minor_of(item.unit_price, currency, money.MAX_UNIT_PRICE),
        name=item.name,
        discount=minor_of(item.discount, currency),
        tax=minor_of(item.tax, currency),
        tax_rate=item.tax_rate,
    )


def discount_of(discount: DiscountInput, currency: str) -> Discount:
    """The discount as it is stored; raises as `minor_of` does."""
    return Discount(minor_of(discount.amount, currency), discount.code, discount.description)


def shipping_of(shipping: ShippingInput, currency: str) -> Shipping:
    """The shipping as it is stored; raises as `minor_of` does."""
    return Shipping(shipping.method, minor_of(shipping.amount, currency), minor_of(shipping.tax, currency))


def tax_of(tax: TaxInput, currency: str) -> Tax:
    """The tax as it is stored; raises as `minor_of` does."""
    return Tax(tax.name, minor_of(tax.amount, currency), tax.rate)


def line_view(item: LineItem, currency: str) -> LineItemView:
    """The line as clients see it."""
    return LineItemView(
        item.product_id,
        item.name,
        item.quantity,
        money.to_text(item.unit_price, currency),
        money.to_text(item.discount, currency) if item.discount else UNSET,
        money.to_text(item.tax, currency) if item.tax else UNSET,
        item.tax_rate or UNSET,
    )


def discount_view(discount: Discount, currency: str) -> DiscountView:
    """The discount as clients see it."""
    return DiscountView(money.to_text(discount.amount, currency), discount.code, discount.description)


def shipping_view(shipping: Shipping, currency: str) -> ShippingView:
    """The shipping as clients see it."""
    tax = money.to_text(shipping.tax, currency) if shipping.tax else UNSET
    return ShippingView(shipping.method, money.to_text(shipping.amount, currency), tax)


def tax_view(tax: Tax, currency: str) -> TaxView:
    """The tax as clients see it."""
    return TaxView(tax.name, money.to_text(tax.amount, currency), tax.rate)
