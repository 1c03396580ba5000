"""Comments as they are sent and as their readers see them."""

from typing import Annotated, Any, Final

from msgspec import UNSET, Meta, Struct, UnsetType

from orders_core import comments
from orders_core.comment_models import Visibility
from orders_core.models import Order
from orders_core.timestamps import Timestamp

_NOTHING: Final[dict[str, Any]] = {}


class CommentInput(Struct, forbid_unknown_fields=True):
    """What is to be said of an order."""

    text: Annotated[str, Meta(min_length=1, max_length=500)]
    visibility: (
        Annotated[
            Visibility,
            Meta(description="Left out: INTERNAL from staff, VISIBLE from customers, who write no others."),
        ]
        | UnsetType
    ) = UNSET


class CommentView(Struct, frozen=True):
    """What its author said of the order. Customers are not shown those that are INTERNAL."""

    comment_id: Annotated[str, Meta(extra_json_schema={"format": "uuid"})]
    at: Timestamp
    by: Annotated[str, Meta(description="The `sub` of its author.")]
    visibility: Visibility
    text: str


def comments_view(order: Order, *, internal: bool) -> dict[str, Any]:
    """`comments` of the order as its reader sees them, where there are any for this reader."""
    if not order.comments:
        return _NOTHING
    shown = comments.shown(order, internal=internal)
    views = [CommentView(each.comment_id, each.at, each.by, each.visibility, each.text) for each in shown]
    return {"comments": views} if views else _NOTHING
