"""Comments: what staff and customers say of an order, and who may read it."""

from typing import Final

import msgspec
from msgspec.structs import replace

from orders_core.comment_models import Comment, Visibility
from orders_core.models import IllegalState, Order

MAX_COMMENTS: Final = 25
"""Comments of the customer on an order, and as many of all others: neither can take the other's room."""

MAX_BYTES: Final = 24_000
"""The JSON of as many: comments stay on their order, and an item of DynamoDB has at most 400 KB."""


def find(order: Order, comment_id: str) -> Comment | None:
    """The order's comment with this id."""
    return next((each for each in order.comments if each.comment_id == comment_id), None)


def shown(order: Order, *, internal: bool) -> tuple[Comment, ...]:
    """The comments that a reader sees; the internal ones only if `internal`."""
    if internal:
        return order.comments
    return tuple([each for each in order.comments if each.visibility is Visibility.VISIBLE])


def write(order: Order, comment: Comment) -> Order:
    """The order with a new comment, in whatever status it is.

    Raises:
        IllegalState: it has as many, or as long ones, as it may have; or its personal data were erased.
    """
    if order.erased_at:
        raise IllegalState(
            "The personal data of the order were erased, and no comments are taken any more.", order.status
        )
    by_customer = comment.by == order.customer_id
    before = [each for each in order.comments if (each.by == order.customer_id) == by_customer]
    whose = "of its customer" if by_customer else "of staff"
    if len(before) >= MAX_COMMENTS:
        raise IllegalState(f"An order can have at most {MAX_COMMENTS} comments {whose}.", order.status)
    if len(msgspec.json.encode([*before, comment])) > MAX_BYTES:
        raise IllegalState(
            f"The comments {whose} on an order can have at most {MAX_BYTES:,} bytes together;"
            " write a shorter one.",
            order.status,
        )
    return replace(
        order,
        comments=(*order.comments, comment),
        version=order.version + 1,
        updated_at=comment.at,
        updated_by=comment.by,
    )
