"""Money: decimal text outside, an integer of minor units inside, never a float."""

import re
from functools import lru_cache
from typing import Final

# ISO 4217 list one (active currencies), by number of minor digits. Funds and metals without minor
# units ("N.A.") are left out: goods are not priced in them.
_CODES_BY_DIGITS: Final = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: (
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE"
        " CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD"
        " HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK"
        " MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD"
        " RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH"
        " USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG"
    ),
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}

MINOR_DIGITS: Final = {code: digits for digits, codes in _CODES_BY_DIGITS.items() for code in codes.split()}
"""Number of minor digits by currency code (ISO 4217); of withdrawn ones too, whose orders stay readable."""

WITHDRAWN: Final[frozenset[str]] = frozenset()
"""Codes of MINOR_DIGITS that no new order may have. A code is added here and never taken out of the table."""

OFFERED: Final = frozenset(MINOR_DIGITS) - WITHDRAWN
"""The currencies of new orders."""

MAX_UNIT_PRICE: Final = 1_000_000
"""Highest unit price, in major units."""

MAX_AMOUNT: Final = 10_000_000_000
"""Highest discount, tax or charge, in major units: the most that one line can come to."""

MAX_SUM: Final = 100_000_000_000_000
"""Highest sum that a caller can give, in major units: above any that an order can come to."""

_DECIMAL: Final = re.compile(r"([0-9]{1,18})(?:\.([0-9]{1,18}))?")
_SCIENTIFIC: Final = re.compile(r"([0-9]{1,18})(?:\.([0-9]{1,18}))?[eE]([+-]?[0-9]{1,2})")


class InvalidAmount(ValueError):
    """The text is not an amount of the currency; the message says why and what to write instead."""


def to_minor(text: str, currency: str, maximum: int = MAX_UNIT_PRICE) -> int:
    """Minor units of a decimal text: ``to_minor("19.9", "EUR") == 1990``.

    Raises:
        InvalidAmount: not a decimal, negative, above `maximum` (in major units), or with more digits than
            the currency has.
    """
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise InvalidAmount('must be a decimal of 0 or more, such as "19.99"')
    whole, fraction = match[1], match[2] or ""
    digits = MINOR_DIGITS[currency]
    if len(fraction) > digits:
        raise InvalidAmount(f"must have at most {digits} decimals in {currency}")
    minor = int(whole + fraction.ljust(digits, "0"))
    if minor > maximum * 10**digits:
        raise InvalidAmount(f"must be at most {maximum}")
    return minor


def plain(number: str) -> str:
    """A JSON number in plain notation: ``plain("1.5e1") == "15"``; other texts come back unchanged."""
    match = _SCIENTIFIC.fullmatch(number)
    if match is None:
        return number
    digits, point = match[1] + (match[2] or ""), len(match[1]) + int(match[3])
    digits = digits.rjust(len(digits) - point + 1, "0") if point <= 0 else digits.ljust(point, "0")
    point = max(point, 1)
    return f"{digits[:point]}.{digits[point:]}".rstrip(".")


@lru_cache(maxsize=4096)
def to_text(minor: int, currency: str) -> str:
    """Decimal text with all of the currency's minor digits: ``to_text(1990, "EUR") == "19.90"``.

    Remembered, because few amounts are most of what a list shows: prices of a catalogue, and zero.
    """
    digits = MINOR_DIGITS[currency]
    if digits == 0:
        return str(minor)
    padded = str(minor).zfill(digits + 1)
    return f"{padded[:-digits]}.{padded[-digits:]}"
