"""Money is decimal text outside and an integer of minor units inside, in every currency's digits."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders_core.money import MAX_UNIT_PRICE, MINOR_DIGITS, InvalidAmount, plain, to_minor, to_text

currencies = st.sampled_from(sorted(MINOR_DIGITS))


@st.composite
def amounts(draw: st.DrawFn) -> tuple[int, str]:
    """Minor units that a price may have, with their currency."""
    currency = draw(currencies)
    return draw(st.integers(0, MAX_UNIT_PRICE * 10 ** MINOR_DIGITS[currency])), currency


@given(amounts())
def test_an_amount_survives_the_way_out_and_in(amount: tuple[int, str]) -> None:
    minor, currency = amount
    assert to_minor(to_text(minor, currency), currency) == minor


@given(amounts())
def test_the_text_has_all_of_the_currencys_digits(amount: tuple[int, str]) -> None:
    minor, currency = amount
    text = to_text(minor, currency)
    assert Decimal(text) == Decimal(minor).scaleb(-MINOR_DIGITS[currency])
    assert len(text.partition(".")[2]) == MINOR_DIGITS[currency]


@given(st.integers(0, 10**15), currencies)
def test_a_total_of_any_size_has_its_text(minor: int, currency: str) -> None:
    assert Decimal(to_text(minor, currency)) == Decimal(minor).scaleb(-MINOR_DIGITS[currency])


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("19.9", "EUR", 1990),
        ("19.90", "EUR", 1990),
        ("0", "EUR", 0),
        ("000.50", "EUR", 50),
        ("100", "JPY", 100),
        ("0.005", "KWD", 5),
        ("0.0001", "CLF", 1),
        ("1000000", "EUR", 100_000_000),
    ],
)
def test_fewer_digits_than_the_currency_has_are_fine(text: str, currency: str, minor: int) -> None:
    assert to_minor(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("19.999", "EUR"),
        ("1.0", "JPY"),
        ("1000000.01", "EUR"),
        ("9" * 18, "EUR"),
        ("-1", "EUR"),
        ("+1", "EUR"),
        ("1e2", "EUR"),
        ("1,50", "EUR"),
        (".5", "EUR"),
        ("5.", "EUR"),
        (" 1", "EUR"),
        ("1\n", "EUR"),
        ("１", "EUR"),
        ("NaN", "EUR"),
        ("", "EUR"),
    ],
)
def test_what_is_no_price_is_refused(text: str, currency: str) -> None:
    with pytest.raises(InvalidAmount):
        to_minor(text, currency)


@pytest.mark.parametrize(
    ("text", "currency", "mend"),
    [
        ("-1", "EUR", 'must be a decimal of 0 or more, such as "19.99"'),
        ("19.999", "EUR", "must have at most 2 decimals in EUR"),
        ("1.0", "JPY", "must have at most 0 decimals in JPY"),
        ("1000000.01", "EUR", "must be at most 1000000"),
    ],
)
def test_a_refusal_says_how_to_mend_it(text: str, currency: str, mend: str) -> None:
    with pytest.raises(InvalidAmount) as refused:
        to_minor(text, currency)
    assert str(refused.value) == mend


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [(0, "EUR", "0.00"), (5, "EUR", "0.05"), (1990, "EUR", "19.90"), (5, "JPY", "5"), (1, "CLF", "0.0001")],
)
def test_a_text_has_no_more_zeros_than_it_needs(minor: int, currency: str, text: str) -> None:
    assert to_text(minor, currency) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("1.5e1", "15"),
        ("15e-1", "1.5"),
        ("1e0", "1"),
        ("5e-1", "0.5"),
        ("5e-3", "0.005"),
        ("12.34E+1", "123.4"),
    ],
)
def test_a_number_in_scientific_notation_is_written_plainly(number: str, text: str) -> None:
    assert plain(number) == text


@given(st.text(), currencies)
def test_any_text_is_an_amount_or_refused(text: str, currency: str) -> None:
    try:
        minor = to_minor(text, currency)
    except InvalidAmount as error:
        assert str(error).startswith("must ")
    else:
        assert Decimal(text) == Decimal(minor).scaleb(-MINOR_DIGITS[currency])


@given(st.integers(0, 10**9), st.integers(0, 999), st.integers(-12, 12))
def test_a_json_number_is_read_as_the_decimal_that_was_written(whole: int, part: int, exponent: int) -> None:
    for number in (f"{whole}.{part:03}e{exponent}", f"{whole}E{exponent:+}"):
        assert Decimal(plain(number)) == Decimal(number)


@given(st.text(max_size=30))
def test_what_is_not_in_scientific_notation_comes_back_unchanged(text: str) -> None:
    assert plain(text) == text or "e" in text.lower()


def test_the_currencies_are_iso_4217s() -> None:
    assert len(MINOR_DIGITS) > 150
    assert all(len(code) == 3 and code.isupper() for code in MINOR_DIGITS)
    assert {code: MINOR_DIGITS[code] for code in ("EUR", "JPY", "KWD", "CLF")} == {
        "EUR": 2,
        "JPY": 0,
        "KWD": 3,
        "CLF": 4,
    }
