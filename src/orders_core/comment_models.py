"""Comments on an order as it keeps them. Pure types."""

from enum import StrEnum

from msgspec import Struct

from orders_core.personal import Personal


class Visibility(StrEnum):
    """Who reads a comment: staff only, or the customer, too."""

    INTERNAL = "INTERNAL"
    VISIBLE = "VISIBLE"


class Comment(Struct, frozen=True):
    """What a person said of an order; `at` is RFC 3339 UTC with milliseconds, `by` the author's `sub`."""

    comment_id: str
    at: str
    by: str
    visibility: Visibility
    text: Personal[str]
