"""What the contract says of each operation: a table to be read by people first."""

from typing import Any, Final

from msgspec import Struct

from orders_contract import examples
from orders_core import merge_patch, parameter_table, problems
from orders_core.parameter_table import (
    CURSOR,
    DAYS,
    EXPORT,
    IDEMPOTENCY_KEY,
    IF_MATCH,
    IF_NONE_MATCH,
    LISTING,
    MOMENT,
    PAGING,
    Parameter,
)
from orders_core.parameters import JSON
from orders_core.problems import ProblemType

Fragment = dict[str, Any]


class Described(Struct, frozen=True):
    """An operation's documentation.

    `successes` holds a response object by status; header names in it stand for `components.headers`.
    """

    summary: str
    description: str
    successes: dict[int, Fragment]
    problems: tuple[ProblemType, ...]
    parameters: tuple[Parameter, ...] = ()
    body: Fragment | None = None
    media_types: tuple[str, ...] = (JSON,)


_ALWAYS: Final = (
    problems.INVALID_INPUT,
    problems.UNAUTHORIZED,
    problems.FORBIDDEN,
    problems.INVALID_API_KEY,
    problems.TOO_MANY_REQUESTS,
    problems.INTERNAL_ERROR,
    problems.STORE_UNAVAILABLE,
    problems.SERVICE_UNAVAILABLE,
)
_WITH_BODY: Final = (
    *_ALWAYS,
    problems.BAD_REQUEST,
    problems.PAYLOAD_TOO_LARGE,
    problems.UNSUPPORTED_MEDIA_TYPE,
)
_ON_ONE_ORDER: Final = (problems.NOT_FOUND,)
_ON_WRITE: Final = (problems.NOT_FOUND, problems.ILLEGAL_STATE, problems.VERSION_MISMATCH)
_STRING: Final = {"type": "string"}
_RATE_LIMIT: Final = ("RateLimit-Policy", "RateLimit")


def _json(schema: str, example: object) -> Fragment:
    return {"schema": {"$ref": f"#/components/schemas/{schema}"}, "example": example}


def _success(
    description: str, headers: tuple[str, ...], schema: str = "", example: object = None
) -> Fragment:
    content = {"content": {"application/json": _json(schema, example)}} if schema else {}
    return {"description": description, "headers": [*headers, *_RATE_LIMIT], **content}


CATALOGUE: Final = {
    "create_order": Described(
        summary="Place an order",
        description="The order is PENDING and its sums are computed; those that you give are checked."
        " With an `Idempotency-Key`, the same"
        " request sent again finds the order it made and answers with `Idempotent-Replayed: true`.",
        parameters=(IDEMPOTENCY_KEY,),
        body=_json("OrderInput", examples.ORDER_INPUT),
        successes={
            201: _success("The order.", ("Location", "ETag", "Idempotent-Replayed"), "Order", examples.ORDER)
        },
        problems=(*_WITH_BODY, problems.IDEMPOTENCY_KEY_REUSED),
    ),
    "create_orders": Described(
        summary="Place up to 100 orders at once",
        description="Each by the rules of `POST /v1/orders`, and by itself: one that is refused holds up no"
        " other. The answer is 200 whatever came of them; `results` has what each would have been answered,"
        " in their order. With a key for each order, or an `Idempotency-Key` for the whole batch from which"
        " their keys follow, the same request sent again places none twice and answers with the orders that"
        " it placed. A result of 503 asks to send this order again, with the same key. The body has at most"
        " 256 KiB, as the body of one order has; a batch counts as one request in rates and quotas.",
        parameters=(IDEMPOTENCY_KEY,),
        body=_json("OrderBatch", examples.ORDER_BATCH),
        successes={
            200: _success(
                "What came of each order.",
                (),
                "BatchResults",
                examples.BATCH_RESULTS,
            )
        },
        problems=_WITH_BODY,
    ),
    "list_orders": Described(
        summary="List orders, newest first",
        description="A customer's own orders; for staff those of the customer asked for, or everyone's."
        ' Pages are followed by `next_cursor`, or by the `Link` header with `rel="next"`.',
        parameters=(*LISTING.values(),),
        successes={200: _success("One page.", ("Link",), "OrderPage", examples.ORDER_PAGE)},
        problems=_ALWAYS,
    ),
    "get_order": Described(
        summary="Read an order",
        description="As last written, or as it was at a version or at a time, which is answered for a deleted"
        " order, too. Another customer's order looks as if it did not exist.",
        parameters=(*MOMENT.values(), IF_NONE_MATCH),
        successes={
            200: _success("The order.", ("ETag",), "Order", examples.ORDER),
            304: _success("The client has this version already.", ("ETag",)),
        },
        problems=(*_ALWAYS, *_ON_ONE_ORDER),
    ),
    "replace_order": Described(
        summary="Replace what a client may write of an order, and move it",
        description="A full replacement: a field left out goes back to its default. Items, currency, notes"
        " and metadata change only while the order is PENDING (staff: also while CONFIRMED or PROCESSING);"
        " sending them unchanged is always fine. Customers may set the status to CANCELLED only.",
        parameters=(IF_MATCH,),
        body=_json("OrderReplacement", examples.ORDER_REPLACEMENT),
        successes={200: _success("The order after the change.", ("ETag",), "Order", examples.ORDER)},
        problems=(*_WITH_BODY, *_ON_WRITE),
    ),
    "change_order": Described(
        summary="Change some of an order",
        description="A JSON Merge Patch (RFC 7396): members that are sent replace the order's, `null` removes"
        " one, those left out stay as they are; of an object, such as `contact` or `metadata`, each member by"
        " itself; lists are replaced as a whole. The rules are those of `PUT`. A patch that changes nothing"
        " writes nothing.",
        parameters=(IF_MATCH,),
        body=_json("OrderPatch", examples.ORDER_PATCH),
        media_types=(merge_patch.MEDIA_TYPE, JSON),
        successes={200: _success("The order after the change.", ("ETag",), "Order", examples.ORDER)},
        problems=(*_WITH_BODY, *_ON_WRITE),
    ),
    "delete_order": Described(
        summary="Delete an order that is PENDING or CANCELLED",
        description="It is gone for good; its events remain. An order that has payments is kept.",
        parameters=(IF_MATCH,),
        successes={204: _success("The order is deleted.", ())},
        problems=(*_ALWAYS, *_ON_WRITE),
    ),
    "list_order_events": Described(
        summary="Follow what happened to an order",
        description="Oldest first, also after the order was deleted. On AWS they follow a write by a second"
        " or so.",
        parameters=(*PAGING.values(),),
        successes={200: _success("One page.", ("Link",), "EventPage", examples.EVENT_PAGE)},
        problems=(*_ALWAYS, *_ON_ONE_ORDER),
    ),
    "get_statistics": Described(
        summary="Orders and revenue of each day (staff)",
        description="By the day (UTC) on which orders were placed; days without orders are left out. The"
        " last 30 days unless told otherwise, 366 at most.",
        parameters=(*DAYS.values(),),
        successes={200: _success("The figures.", (), "Statistics", examples.STATISTICS)},
        problems=_ALWAYS,
    ),
    "export_orders": Described(
        summary="Export orders as one stream (staff)",
        description="All orders that a listing with the same filters has, in its order, as NDJSON (each line"
        " an `Order`) or CSV (a row for each line of an order). It is read while it is sent: each order is in"
        " it as it is at that moment. An export that was cut off ends without the end of its body. On AWS it"
        " is refused: follow the cursor of the listing.",
        parameters=(*EXPORT.values(),),
        successes={
            200: {
                "description": "The orders.",
                "headers": [*_RATE_LIMIT],
                "content": {
                    media_type: {"schema": _STRING, "example": example}
                    for media_type, example in examples.EXPORTS.items()
                },
            }
        },
        problems=_ALWAYS,
    ),
    "request_return": Described(
        summary="Ask to return goods of a delivered order",
        description="Any quantity of any line that has not come back yet. The refund is what was paid for it:"
        " less discounts, with taxes. All pieces of a line come to just what the line came to.",
        parameters=(IF_MATCH, IDEMPOTENCY_KEY),
        body=_json("ReturnInput", examples.RETURN_INPUT),
        successes={
            201: _success(
                "The order with its return.",
                ("Location", "ETag", "Idempotent-Replayed"),
                "Order",
                examples.ORDER_WITH_RETURN,
            )
        },
        problems=(*_WITH_BODY, *_ON_WRITE, problems.IDEMPOTENCY_KEY_REUSED),
    ),
    "move_return": Described(
        summary="Decide on a return and follow it up (staff)",
        description="REQUESTED → APPROVED → RECEIVED → REFUNDED, or REQUESTED → REJECTED. With REFUNDED,"
        " `shipping_refund` pays back some of what was paid for shipping, and the refund is taken from the"
        " order's payments, if it has any.",
        parameters=(IF_MATCH,),
        body=_json("ReturnMove", examples.RETURN_MOVE),
        successes={
            200: _success("The order with its return.", ("ETag",), "Order", examples.ORDER_WITH_RETURN)
        },
        problems=(*_WITH_BODY, *_ON_WRITE),
    ),
    "record_payment": Described(
        summary="Record a payment of an order (staff)",
        description="What a payment provider did; nothing is charged. The provider's reference names the"
        " payment: the same request sent again finds it and answers with `Idempotent-Replayed: true`. No more"
        " is authorized and captured than the order's total.",
        parameters=(IF_MATCH,),
        body=_json("PaymentInput", examples.PAYMENT_INPUT),
        successes={
            201: _success(
                "The order with its payment.",
                ("Location", "ETag", "Idempotent-Replayed"),
                "Order",
                examples.ORDER_WITH_PAYMENT,
            )
        },
        problems=(*_WITH_BODY, *_ON_WRITE),
    ),
    "move_payment": Described(
        summary="Follow a payment up (staff)",
        description="AUTHORIZED → CAPTURED → REFUNDED, or AUTHORIZED → FAILED. With REFUNDED,"
        " `refunded_amount` is all that was paid back of it so far. A return that is REFUNDED pays back by"
        " itself, of the first captured payments first.",
        parameters=(IF_MATCH,),
        body=_json("PaymentMove", examples.PAYMENT_MOVE),
        successes={
            200: _success("The order with its payment.", ("ETag",), "Order", examples.ORDER_WITH_PAYMENT)
        },
        problems=(*_WITH_BODY, *_ON_WRITE),
    ),
    "record_shipment": Described(
        summary="Record a shipment of an order (staff)",
        description="What was handed to a carrier. Its tracking number names the shipment: the same request"
        " sent again finds it and answers with `Idempotent-Replayed: true`. No more of a line is shipped than"
        " was ordered. An order that is PROCESSING becomes SHIPPED with its first shipment.",
        parameters=(IF_MATCH,),
        body=_json("ShipmentInput", examples.SHIPMENT_INPUT),
        successes={
            201: _success(
                "The order with its shipment.",
                ("Location", "ETag", "Idempotent-Replayed"),
                "Order",
                examples.ORDER_WITH_SHIPMENT,
            )
        },
        problems=(*_WITH_BODY, *_ON_WRITE),
    ),
    "export_customer": Described(
        summary="Export all that is held of a customer (staff)",
        description="Orders with their events, oldest first, and on the first page what is held besides, such"
        " as the account. Deleted orders come last.",
        parameters=(*CURSOR.values(),),
        successes={200: _success("One page.", ("Link",), "PersonalData", examples.PERSONAL_DATA)},
        problems=_ALWAYS,
    ),
    "erase_customer": Described(
        summary="Erase the personal data of a customer (staff)",
        description="The account is barred at once and goes with the last request. Orders and events lose"
        " contact, addresses, notes, metadata and all other texts that people write; amounts, statuses and"
        " times stay. While there is more to do the answer is 202: send its `next_cursor`. Erasing again does"
        " no harm, so a run that was interrupted starts anew.",
        parameters=(*CURSOR.values(),),
        successes={
            200: _success("All is erased.", (), "Erasure", examples.ERASURE),
            202: _success("There is more to do.", ("Link",), "Erasure", examples.ERASURE_UNDER_WAY),
        },
        problems=_ALWAYS,
    ),
    "write_comment": Described(
        summary="Comment on an order",
        description="What staff writes is for staff only, unless `visibility` is VISIBLE; customers write on"
        " their own orders. Customers are never shown an internal comment. In any status of the order.",
        parameters=(IF_MATCH, IDEMPOTENCY_KEY),
        body=_json("CommentInput", examples.COMMENT_INPUT),
        successes={
            201: _success(
                "The order with its comment.",
                ("Location", "ETag", "Idempotent-Replayed"),
                "Order",
                examples.ORDER_WITH_COMMENT,
            )
        },
        problems=(*_WITH_BODY, *_ON_WRITE, problems.IDEMPOTENCY_KEY_REUSED),
    ),
    "list_webhooks": Described(
        summary="List webhooks and how they do (staff)",
        description="All of them, oldest first; there are 50 at most. Secrets are not shown.",
        successes={200: _success("The webhooks.", (), "WebhookList", examples.WEBHOOK_LIST)},
        problems=_ALWAYS,
    ),
    "create_webhook": Described(
        summary="Add a webhook (staff)",
        description="It is told of every event from now on; on AWS it may miss those of ten seconds. The"
        " secret with which its receiver verifies messages is shown this once. With an"
        " `Idempotency-Key`, the same request sent again finds the webhook it made, without the secret: make"
        " a new one if the answer was lost.",
        parameters=(IDEMPOTENCY_KEY,),
        body=_json("WebhookInput", examples.WEBHOOK_INPUT),
        successes={
            201: _success(
                "The webhook and its secret.",
                ("Location", "Idempotent-Replayed"),
                "WebhookWithSecret",
                examples.WEBHOOK_WITH_SECRET,
            )
        },
        problems=(*_WITH_BODY, problems.IDEMPOTENCY_KEY_REUSED),
    ),
    "get_webhook": Described(
        summary="Read a webhook (staff)",
        description="Its address, its events, and how its deliveries go.",
        successes={200: _success("The webhook.", (), "Webhook", examples.WEBHOOK)},
        problems=(*_ALWAYS, problems.NOT_FOUND),
    ),
    "change_webhook": Described(
        summary="Change, disable or enable a webhook (staff)",
        description="A JSON Merge Patch (RFC 7396). On one machine a webhook that is enabled again gets what"
        " happened meanwhile; on AWS it does not.",
        body=_json("WebhookPatch", examples.WEBHOOK_PATCH),
        media_types=(merge_patch.MEDIA_TYPE, JSON),
        successes={200: _success("The webhook after the change.", (), "Webhook", examples.WEBHOOK)},
        problems=(*_WITH_BODY, problems.NOT_FOUND),
    ),
    "delete_webhook": Described(
        summary="Delete a webhook (staff)",
        description="With all that it still had to get.",
        successes={204: _success("The webhook is deleted.", ())},
        problems=(*_ALWAYS, problems.NOT_FOUND),
    ),
    "rotate_webhook_secret": Described(
        summary="Make a new secret for a webhook (staff)",
        description="It is shown this once. Messages are signed with both for a day.",
        successes={
            200: _success(
                "The webhook and its new secret.", (), "WebhookWithSecret", examples.WEBHOOK_WITH_SECRET
            )
        },
        problems=(*_ALWAYS, problems.NOT_FOUND),
    ),
    "list_webhook_deliveries": Described(
        summary="See how deliveries to a webhook went (staff)",
        description="The latest 50 attempts, of the 100 that are kept, and counts of what is to come. On AWS"
        " only the latest 10 attempts that failed are kept, and the queue does not tell what waits for"
        " one webhook.",
        successes={200: _success("The deliveries.", (), "Deliveries", examples.DELIVERIES)},
        problems=(*_ALWAYS, problems.NOT_FOUND),
    ),
    "replay_webhook": Described(
        summary="Deliver events to a webhook once more (staff)",
        description="The dead letters, or what happened since a time, to one order or to all; 1,000 events at"
        " most: `next_since` says from when on there are more. They have the ids that they had. On AWS it is"
        " refused: replay the archive of the event bus.",
        body=_json("ReplayInput", examples.REPLAY_INPUT),
        successes={202: _success("They are delivered soon.", (), "Replay", examples.REPLAY)},
        problems=(*_WITH_BODY, problems.NOT_FOUND),
    ),
}

_OF_PATHS: Final[dict[str, Fragment]] = {
    "order_id": {"description": "The order's id, or its number.", "schema": _STRING},
    "customer": {"description": "The customer's id.", "schema": _STRING},
    "payment_id": {"description": "The payment's id.", "schema": {"type": "string", "format": "uuid"}},
    "webhook_id": {"description": "The webhook's id.", "schema": _STRING},
    "return_id": {"description": "The return's id.", "schema": {"type": "string", "format": "uuid"}},
}


def _documented(parameter: Parameter) -> Fragment:
    example = {} if parameter.example is None else {"example": parameter.example}
    return {
        "name": parameter.name,
        "in": parameter.where,
        "description": parameter.description,
        "schema": parameter.schema,
        **example,
    }


PARAMETERS: Final = {
    **{
        name: {"name": name, "in": "path", "required": True, **of_path} for name, of_path in _OF_PATHS.items()
    },
    **{
        name: _documented(parameter)
        for table in (DAYS, MOMENT, LISTING, EXPORT, parameter_table.HEADERS)
        for name, parameter in table.items()
    },
}
"""`components.parameters`: what the application reads by, as the contract writes it."""


def _header(description: str, schema: Fragment = _STRING) -> Fragment:
    return {"description": description, "schema": schema}


RESPONSE_HEADERS: Final = {
    "Allow": _header("The methods that the resource has."),
    "ETag": _header("The order's version, in quotes."),
    "Idempotent-Replayed": _header("`true` if the request had been answered before."),
    "Link": _header('The next page, `rel="next"` (RFC 8288).'),
    "Location": _header("Path of what is new."),
    "RateLimit": _header("What is left of each limit (IETF draft); not sent by API Gateway."),
    "RateLimit-Policy": _header("The limits that apply (IETF draft); not sent by API Gateway."),
    "Retry-After": _header("Seconds to wait.", {"type": "integer", "minimum": 1}),
    "WWW-Authenticate": _header(
        "`Bearer` (RFC 6750 §3); where it is known, `error_description` says what is wrong with the token."
    ),
}

PROBLEM_EXAMPLES: Final = examples.PROBLEMS
