"""What the operations share: how they are called, how a body is read, how an order is answered."""

import hashlib
import random
import re
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from orders_core import access, money, order_numbers, parameters, problems
from orders_core.amount_schemas import minor_of
from orders_core.input_errors import Fault, InvalidBody
from orders_core.models import Order, OrderNotFound, VersionMismatch
from orders_core.money import InvalidAmount
from orders_core.proxy import Outcome, ProxyResponse, Request, response
from orders_core.schemas import MAX_BODY_BYTES, MAX_PAGE_BYTES, view_of
from orders_core.stores import Store, StoreUnavailable
from orders_core.validation import Input, decode

Clock = Callable[[], str]
"""Gives the time as RFC 3339 UTC with milliseconds."""

MAX_ID_ATTEMPTS: Final = 5
"""Ids that a new order may try: two orders rarely get one, see docs/decisions/order-numbers.md."""

MAX_REWRITE_SECONDS: Final = 6.0
"""How long a rewrite contends with others for its order before the client is asked to come again."""

_FIRST_PAUSE_SECONDS: Final = 0.01
_MAX_PAUSE_SECONDS: Final = 0.4

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

Element = TypeVar("Element")

Operation = Callable[[Request, Store, Clock], Outcome]


def read_body(request: Request, type_: type[Input], accepted: Sequence[str] = (parameters.JSON,)) -> Input:
    """The body, decoded. `accepted` are the media types it may have.

    Raises:
        Problem: 413 or 415.
        MalformedBody, InvalidBody: 400.
    """
    parameters.require_media_type(request.headers, accepted)
    body = request.body
    if len(body) > MAX_BODY_BYTES:
        raise problems.payload_too_large()
    return decode(body, type_)


def amount_in(body: Struct, name: str, currency: str, maximum: int = money.MAX_AMOUNT) -> int:
    """Minor units of an amount of the body; 0 if it was left out.

    Decoding can't check it: how many digits it may have is known with the order's currency only.

    Raises:
        InvalidBody: it is not an amount of the currency, or above `maximum` (in major units).
    """
    try:
        return minor_of(getattr(body, name), currency, maximum)
    except InvalidAmount as error:
        raise InvalidBody([Fault(f"/{name}", str(error))]) from None


def order_id_of(request: Request) -> str:
    """The id of the order in the path, which names it by its id or by its number.

    Raises:
        OrderNotFound: it is neither, so there is no such order.
        Problem: 404, it is a number with a typing error.
    """
    text = request.path_parameters["order_id"]
    # uuid.UUID takes more than UUIDs, among it line ends, which have no place in a Location header.
    if _UUID.fullmatch(text):
        return text.lower()
    try:
        order_id = order_numbers.id_from(text)
    except order_numbers.InvalidNumber:
        raise problems.mistyped_number() from None
    if order_id is None:
        raise OrderNotFound(text)
    return order_id


def rewrite(request: Request, store: Store, change: Callable[[Order], Order]) -> tuple[Order, Order]:
    """Read the order, change it and write it back if it has the same version still.

    When another write came between, it is tried again after a random pause that doubles, so that many
    at once spread out.

    Returns:
        The order before and after; the same object if nothing was to be written.

    Raises:
        OrderNotFound: or whatever `change` raises.
        StoreUnavailable: others were faster for MAX_REWRITE_SECONDS.
    """
    caller, order_id = request.caller, order_id_of(request)
    until = time.monotonic() + MAX_REWRITE_SECONDS
    pause = _FIRST_PAUSE_SECONDS
    while True:
        order = access.require_visible(store.get(order_id), caller, order_id)
        changed = change(order)
        if changed is order:
            return order, order
        try:
            store.save(changed, order.version)
        except VersionMismatch:
            if time.monotonic() + pause > until:
                raise StoreUnavailable("the order changes too fast") from None
            time.sleep(random.uniform(0, pause))  # noqa: S311
            pause = min(2 * pause, _MAX_PAUSE_SECONDS)
            continue
        return order, changed


def added(request: Request, store: Store, part_id: str, add: Callable[[Order], Order]) -> Outcome:
    """Add a part to the order of the request's path: 201, with where the part is; `add` as for `rewrite`."""
    before, after = rewrite(request, store, add)
    replayed = {"Idempotent-Replayed": "true"} if after is before else {}
    location = f"{request.context['path'].rstrip('/')}/{part_id}"
    return Outcome(order_response(request, 201, after, {"Location": location, **replayed}))


def id_for(*parts: str) -> str:
    """The id that the same caller gets for the same key: a UUIDv8 (RFC 9562 §5.8) of all parts."""
    digest = bytearray(hashlib.sha256("\n".join(parts).encode()).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    return str(uuid.UUID(bytes=bytes(digest)))


def order_response(
    request: Request, status: int, order: Order, headers: dict[str, str] | None = None
) -> ProxyResponse:
    """The order as the caller of the request sees it, with its ETag."""
    tagged = {"ETag": parameters.entity_tag(order.version), **(headers or {})}
    view = view_of(order, internal=request.caller.sees_internal)
    return response(status, msgspec.json.encode(view), tagged)


def within_page(elements: Sequence[Element]) -> list[Element]:
    """As many elements from the first on as a page takes by bytes; the first one always."""
    size = 0
    for number, element in enumerate(elements):
        size += len(msgspec.json.encode(element)) + 1
        if number and size > MAX_PAGE_BYTES:
            return list(elements[:number])
    return list(elements)
