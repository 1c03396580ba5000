"""Comment on an order."""

import uuid

from msgspec import UNSET

from orders_core import comments, parameters, problems
from orders_core.access import Caller
from orders_core.comment_models import Comment, Visibility
from orders_core.comment_schemas import CommentInput
from orders_core.models import NotAllowed, Order, check_version
from orders_core.operations.common import Clock, added, id_for, order_id_of, read_body
from orders_core.problems import Problem
from orders_core.proxy import Outcome, Request
from orders_core.stores import Store


def write_comment(request: Request, store: Store, clock: Clock) -> Outcome:
    """Add a comment to an order: 201, or the earlier answer if its Idempotency-Key was used."""
    caller = request.caller
    parameters.reject_query(request.query)
    versions = parameters.if_match(request.headers)
    key = parameters.idempotency_key(request.headers)
    body = read_body(request, CommentInput)
    comment_id = id_for(caller.sub, order_id_of(request), "comment", key) if key else str(uuid.uuid4())

    def add(order: Order) -> Order:
        comment = Comment(comment_id, clock(), caller.sub, _visibility(body, caller), body.text)
        existing = comments.find(order, comment_id)
        if existing is not None:
            # Before the version is judged: a retry knows the version from before its first attempt.
            if not order.erased_at:
                _check_same(existing, comment)
            return order
        check_version(order, versions)
        return comments.write(order, comment)

    return added(request, store, comment_id, add)


def _visibility(body: CommentInput, caller: Caller) -> Visibility:
    """Who is to read it. What staff does not say to be visible is not.

    Raises:
        NotAllowed: a customer writes a comment for staff only.
    """
    if body.visibility is UNSET:
        return Visibility.INTERNAL if caller.sees_internal else Visibility.VISIBLE
    if body.visibility is Visibility.INTERNAL and not caller.sees_internal:
        raise NotAllowed("Only staff can write internal comments; leave visibility out.")
    return body.visibility


def _check_same(existing: Comment, comment: Comment) -> None:
    if (existing.text, existing.visibility) != (comment.text, comment.visibility):
        detail = "This Idempotency-Key came with another comment before; use a new key for a new one."
        raise Problem(problems.IDEMPOTENCY_KEY_REUSED, detail)
