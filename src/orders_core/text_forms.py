"""Texts of a fixed form, as clients send them."""

import re
from typing import Final

from msgspec import Meta

JSON_STRING: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')

_END: Final = r"\Z"


def of_form(form: str, description: str, max_length: int | None = None) -> Meta:
    r"""A text that is of the form from its first to its last character.

    In Python `$` also stands before a newline that ends the text; in JSON Schema (ECMA-262) it does not. So
    texts are compared up to `\Z`, and the contract says `$` (`as_told`).
    """
    return Meta(pattern=f"^{form}{_END}", max_length=max_length, description=description)


def as_told(pattern: str) -> str:
    """A pattern as the contract writes it."""
    return f"{pattern.removesuffix(_END)}$" if pattern.endswith(_END) else pattern
