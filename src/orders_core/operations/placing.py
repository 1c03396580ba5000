"""Place orders: one, or a batch of them."""

import hashlib
from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec
from msgspec import UNSET, Raw, Struct
from msgspec.structs import replace

from orders_core import access, order_numbers, parameters, problems
from orders_core.access import Caller
from orders_core.input_errors import Fault, InvalidBody, MalformedBody
from orders_core.models import KEY_CHARS, NotAllowed, Order, OrderContent, place
from orders_core.operations.common import (
    MAX_ID_ATTEMPTS,
    Clock,
    order_response,
    read_body,
)
from orders_core.problems import Problem, problem_from
from orders_core.proxy import Outcome, Request, response
from orders_core.schemas import (
    MAX_PAGE_BYTES,
    BatchOrder,
    BatchResult,
    BatchResults,
    OrderBatch,
    OrderInput,
    content_of,
    view_of,
)
from orders_core.stores import CreateRefused, OrderExists, OrderWasDeleted, Store, StoreUnavailable
from orders_core.validation import decode

_MAX_BYTES_WALKED: Final = 64 * 1024
_MAX_FAULTS_TOLD: Final = 1_000
"""Faults of all orders of a batch together: some hundred kilobytes of them."""

_REFUSALS: Final = (Problem, MalformedBody, InvalidBody, NotAllowed)


class Draft(Struct, frozen=True):
    """An order that is to be placed, still without an id, and the key by which retries find it."""

    order: Order
    key: str | None

    def with_id(self, attempt: int) -> Order:
        """The order with the id of this attempt: the same for the same key, by which retries find it."""
        order = self.order
        if self.key is None:
            return replace(order, order_id=order_numbers.new_id())
        parts = (order.updated_by, self.key, *[str(attempt)] * (attempt > 0))
        digest = hashlib.sha256("\n".join(parts).encode()).digest()
        fingerprint = digest.hex()[-KEY_CHARS:] + _fingerprint(order.customer_id, order.content)
        return replace(order, order_id=order_numbers.id_for(digest), fingerprint=fingerprint)


class Placed(NamedTuple):
    """An order that was placed: by this request, or by an earlier one with the same key."""

    order: Order
    is_replay: bool


def create_order(request: Request, store: Store, clock: Clock) -> Outcome:
    """Place an order: 201, or the earlier answer if its Idempotency-Key was used for the same request."""
    caller = request.caller
    parameters.reject_query(request.query)
    key = parameters.idempotency_key(request.headers)
    draft = _draft_of(read_body(request, OrderInput), key, caller, clock())
    for attempt in range(MAX_ID_ATTEMPTS):
        order = draft.with_id(attempt)
        refusal: CreateRefused | None = None
        try:
            store.create(order)
        except (OrderExists, OrderWasDeleted) as error:
            refusal = error
        placed = _placed(draft, order, refusal)
        if placed is not None:
            return _created(request, placed)
    raise _no_free_id()


def create_orders(request: Request, store: Store, clock: Clock) -> Outcome:
    """Place up to 100 orders: 200 with what `create_order` would have answered to each of them.

    An order without a key of its own has one that follows from the request's and from its place, so that
    the same request sent again finds the orders that it made.
    """
    caller = request.caller
    parameters.reject_query(request.query)
    key = parameters.idempotency_key(request.headers)
    given = read_body(request, OrderBatch).orders
    at = clock()
    results: dict[int, Placed | Exception] = {}
    drafts: dict[int, Draft] = {}
    seen: set[str] = set()
    scrutiny = _Scrutiny()
    for index, document in enumerate(given):
        try:
            body = scrutiny.decode(bytes(document))
            drafts[index] = _draft_of(body, _key_of(body, index, key, seen), caller, at)
        except _REFUSALS as error:
            results[index] = error
    results |= _place_all(drafts, store)
    placed = [each for each in results.values() if isinstance(each, Placed)]
    return Outcome(
        response(200, _answer(request, [results[index] for index in range(len(given))])),
        placed=tuple(each.order for each in placed if not each.is_replay),
    )


def _draft_of(body: OrderInput, key: str | None, caller: Caller, at: str) -> Draft:
    """Raises NotAllowed, InvalidBody."""
    customer_id = access.customer_for(caller, None if body.customer_id is UNSET else body.customer_id)
    return Draft(place("", customer_id, content_of(body), at=at, by=caller.sub), key)


class _Scrutiny:
    """Decodes the orders of a batch, and names their faults for as long as that takes neither time nor space.

    A faulty order is walked to tell each of its faults. After so many faults, or bytes of faulty orders, one
    fault stands for all of an order: the host's loop waits meanwhile, and a Lambda's answer has a limit.
    """

    def __init__(self) -> None:
        self._bytes, self._faults = _MAX_BYTES_WALKED, _MAX_FAULTS_TOLD

    def decode(self, document: bytes) -> BatchOrder:
        """Raises MalformedBody, InvalidBody."""
        try:
            return decode(document, BatchOrder, closely=self._bytes > 0 and self._faults > 0)
        except InvalidBody as error:
            self._bytes -= len(document)
            self._faults -= len(error.faults)
            raise


def _key_of(body: BatchOrder, index: int, batch_key: str | None, seen: set[str]) -> str | None:
    """The key of one order of a batch; `seen` are those of the orders before it.

    Raises:
        InvalidBody: one of them has the same.
    """
    if body.idempotency_key is UNSET:
        # No key that a client can give has a line end in it.
        return None if batch_key is None else f"{batch_key}\n#{index}"
    if body.idempotency_key in seen:
        raise InvalidBody([Fault("/idempotency_key", "is that of an order before it in this batch")])
    seen.add(body.idempotency_key)
    return body.idempotency_key


def _place_all(drafts: Mapping[int, Draft], store: Store) -> dict[int, Placed | Exception]:
    """What came of each draft: an order, or what `create_order` would have raised."""
    results: dict[int, Placed | Exception] = {}
    waiting = dict(drafts)
    for attempt in range(MAX_ID_ATTEMPTS):
        orders = {index: draft.with_id(attempt) for index, draft in waiting.items()}
        refusals = store.create_all(list(orders.values())) if orders else []
        for (index, order), refusal in zip(orders.items(), refusals, strict=True):
            try:
                placed = _placed(waiting[index], order, refusal)
            except (Problem, StoreUnavailable) as error:
                results[index] = error
            else:
                if placed is not None:
                    results[index] = placed
        waiting = {index: draft for index, draft in waiting.items() if index not in results}
    return results | dict.fromkeys(waiting, _no_free_id())


def _placed(draft: Draft, order: Order, refusal: CreateRefused | None) -> Placed | None:
    """What came of an attempt; None if its id is another order's by chance, and the next has another id.

    Raises:
        Problem: 422, the key was used for another order, or for one that was deleted.
        StoreUnavailable: the store's refusal.
    """
    match refusal:
        case None:
            return Placed(order, is_replay=False)
        case OrderWasDeleted():
            if draft.key is None:
                return None
            raise _reused("The order that this Idempotency-Key placed was deleted")
        case OrderExists(existing=existing):
            if draft.key is None or not _same_key(existing, order):
                return None
            # Of an erased order nothing is kept that tells what the request had in it.
            if existing.fingerprint != order.fingerprint and not existing.erased_at:
                detail = (
                    "This Idempotency-Key came with another request before; use a new key for a new order."
                )
                raise Problem(problems.IDEMPOTENCY_KEY_REUSED, detail)
            return Placed(existing, is_replay=True)
        case StoreUnavailable():
            raise refusal


def _reused(fact: str) -> Problem:
    return Problem(problems.IDEMPOTENCY_KEY_REUSED, f"{fact}; use a new key for a new order.")


def _no_free_id() -> StoreUnavailable:
    return StoreUnavailable("no free id was found")


def _same_key(existing: Order, order: Order) -> bool:
    """Whether the same caller placed both with the same key."""
    return existing.fingerprint[:KEY_CHARS] == order.fingerprint[:KEY_CHARS]


def _fingerprint(customer_id: str, content: OrderContent) -> str:
    """The same for the same request, however its JSON was written."""
    return hashlib.sha256(customer_id.encode() + b"\n" + content.canonical()).hexdigest()[:32]


def _created(request: Request, placed: Placed) -> Outcome:
    location = f"{request.context['path'].rstrip('/')}/{placed.order.order_id}"
    replayed = {"Idempotent-Replayed": "true"} if placed.is_replay else {}
    answer = order_response(request, 201, placed.order, {"Location": location, **replayed})
    return Outcome(answer, placed=() if placed.is_replay else (placed.order,))


def _answer(request: Request, results: list[Placed | Exception]) -> bytes:
    """The results as their readers see them: orders only as far as an answer takes them by bytes."""
    shown: list[BatchResult] = []
    left = MAX_PAGE_BYTES
    for each in results:
        if isinstance(each, Placed):
            result = _success(each, request.caller)
            left -= len(msgspec.json.encode(result))
            shown.append(result if left >= 0 else replace(result, order=UNSET))
        else:
            problem = problem_from(each)
            shown.append(BatchResult(status=problem.kind.status, problem=Raw(problem.document(request.id))))
    placed = [each for each in results if isinstance(each, Placed)]
    replayed = sum(each.is_replay for each in placed)
    return msgspec.json.encode(
        BatchResults(shown, len(placed) - replayed, replayed, len(results) - len(placed))
    )


def _success(placed: Placed, caller: Caller) -> BatchResult:
    view = view_of(placed.order, internal=caller.sees_internal)
    return BatchResult(
        status=201,
        order_id=view.order_id,
        order_number=view.order_number,
        replayed=placed.is_replay,
        order=view,
    )
