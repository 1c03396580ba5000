"""Problem details (RFC 9457), and which exception becomes which problem."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from orders_core.input_errors import MAX_FAULTS, Fault, InvalidBody, MalformedBody
from orders_core.line_quantities import InvalidLines
from orders_core.models import IllegalState, NotAllowed, OrderNotFound, VersionMismatch
from orders_core.payments import InvalidPayment, PaymentNotFound
from orders_core.returns import InvalidShippingRefund, ReturnNotFound
from orders_core.schemas import MAX_BODY_BYTES
from orders_core.stores import InvalidWebhook, StoreUnavailable, WebhookKeyReused, WebhookNotFound

CONTENT_TYPE: Final = "application/problem+json"
HOME: Final = "https://orders-api.dev"
"""The project's own address, by which it names kinds of problems."""

TYPE_BASE: Final = f"{HOME}/problems/"


class ProblemType(Struct, frozen=True):
    """A kind of problem: the same title and status wherever it happens."""

    slug: str
    status: int
    title: str


BAD_REQUEST: Final = ProblemType("bad-request", 400, "The request is malformed")
INVALID_INPUT: Final = ProblemType("invalid-input", 400, "The request is invalid")
UNAUTHORIZED: Final = ProblemType("unauthorized", 401, "Authentication is required")
FORBIDDEN: Final = ProblemType("forbidden", 403, "You are not allowed to do this")
INVALID_API_KEY: Final = ProblemType("invalid-api-key", 403, "The API key is missing or unknown")
NOT_FOUND: Final = ProblemType("not-found", 404, "There is nothing here")
METHOD_NOT_ALLOWED: Final = ProblemType("method-not-allowed", 405, "The method is not allowed")
ILLEGAL_STATE: Final = ProblemType("illegal-state", 409, "The order's status does not permit this")
VERSION_MISMATCH: Final = ProblemType("version-mismatch", 412, "The order has changed")
PAYLOAD_TOO_LARGE: Final = ProblemType("payload-too-large", 413, "The body is too large")
UNSUPPORTED_MEDIA_TYPE: Final = ProblemType("unsupported-media-type", 415, "The media type is not supported")
IDEMPOTENCY_KEY_REUSED: Final = ProblemType(
    "idempotency-key-reused", 422, "The idempotency key was used before"
)
TOO_MANY_REQUESTS: Final = ProblemType("too-many-requests", 429, "Too many requests")
INTERNAL_ERROR: Final = ProblemType("internal-error", 500, "Something went wrong")
STORE_UNAVAILABLE: Final = ProblemType("store-unavailable", 503, "The order store is unavailable")
SERVICE_UNAVAILABLE: Final = ProblemType("service-unavailable", 503, "The service is unavailable")

KINDS: Final = tuple(value for value in list(globals().values()) if isinstance(value, ProblemType))

Extensions = Mapping[str, object]


class Problem(Exception):
    """A fault that the client is told of: raised where it is known, rendered in one place."""

    def __init__(
        self,
        kind: ProblemType,
        detail: str,
        extensions: Extensions | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.extensions = extensions or {}
        self.headers = headers or {}

    def document(self, request_id: str) -> bytes:
        """The JSON body. `instance` identifies this very occurrence, as RFC 9457 §3.1.5 wants it."""
        return msgspec.json.encode(
            {
                "type": TYPE_BASE + self.kind.slug,
                "title": self.kind.title,
                "status": self.kind.status,
                "detail": self.detail,
                "instance": f"urn:uuid:{request_id}",
                "request_id": request_id,
                **self.extensions,
            }
        )


def invalid_input(faults: list[Fault] | list[dict[str, str]]) -> Problem:
    """A problem that names every fault of the request, up to `MAX_FAULTS`."""
    count = "one fault" if len(faults) == 1 else f"{len(faults)} faults"
    if len(faults) >= MAX_FAULTS:
        count = f"{MAX_FAULTS} faults or more"
    return Problem(INVALID_INPUT, f"The request has {count}; see errors.", {"errors": faults[:MAX_FAULTS]})


def unauthorized(fault: str | None = None) -> Problem:
    """A missing or invalid token; `fault` says what is wrong with it, where that is known."""
    detail = "Send a valid ID token of the user pool as Authorization: Bearer <token>."
    return Problem(UNAUTHORIZED, detail, headers=_challenge(fault))


def token_expired(fault: str | None = None) -> Problem:
    """A token whose time is over."""
    detail = "The token has expired; sign in again or refresh it."
    return Problem(UNAUTHORIZED, detail, headers=_challenge(fault))


def _challenge(fault: str | None) -> dict[str, str]:
    """RFC 6750 §3. Without a token no fault is told; `fault` is ASCII without quotation marks."""
    about = f' error="invalid_token", error_description="{fault}"' if fault else ""
    return {"WWW-Authenticate": f"Bearer{about}"}


def invalid_api_key() -> Problem:
    """A missing or unknown API key."""
    return Problem(INVALID_API_KEY, "Send the key of a usage plan as x-api-key.")


def no_such_resource() -> Problem:
    """A path that the API does not have."""
    return Problem(NOT_FOUND, "There is no such resource; the contract, openapi.yaml, lists them.")


def mistyped_number() -> Problem:
    """An order number whose check digit does not fit."""
    detail = "This is not the number of an order: a character is wrong or two are swapped. Type it again."
    return Problem(NOT_FOUND, detail)


def method_not_allowed(method: str, allowed: Sequence[str]) -> Problem:
    """A method that the resource does not have; `allowed` are those it has."""
    names = ", ".join(allowed)
    return Problem(METHOD_NOT_ALLOWED, f"{method} is not one of {names}.", headers={"Allow": names})


def payload_too_large() -> Problem:
    """A body above `MAX_BODY_BYTES`."""
    return Problem(PAYLOAD_TOO_LARGE, f"A body may have at most {MAX_BODY_BYTES // 1024} KiB.")


def throttled(retry_after: int = 1) -> Problem:
    """`retry_after` in whole seconds."""
    detail = "The rate limit is used up; wait as many seconds as Retry-After says."
    return Problem(TOO_MANY_REQUESTS, detail, headers={"Retry-After": str(retry_after)})


def too_many_connections() -> Problem:
    """All connections that one address, or all addresses together, may have are in use."""
    detail = "Too many requests are being answered at once; close connections, or wait for their answers."
    return Problem(TOO_MANY_REQUESTS, detail, headers={"Retry-After": "1"})


def quota_exceeded(retry_after: int = 60) -> Problem:
    """`retry_after` in whole seconds."""
    detail = "The daily quota of this API key is used up; it starts anew at 00:00 UTC."
    return Problem(TOO_MANY_REQUESTS, detail, headers={"Retry-After": str(retry_after)})


def service_unavailable() -> Problem:
    """A store or a part of the host that does not answer now."""
    detail = "The service can't answer now; try again shortly."
    return Problem(SERVICE_UNAVAILABLE, detail, headers={"Retry-After": "1"})


def internal_error() -> Problem:
    """A fault of the service itself; its details are in the log only."""
    return Problem(INTERNAL_ERROR, "The request failed. Quote the request_id when you report it.")


def problem_from(error: Exception) -> Problem:
    """Return the problem for an exception; an unexpected one becomes `internal_error`, without details."""
    if isinstance(error, Problem):
        return error
    for type_, translate in _TRANSLATIONS:
        if isinstance(error, type_):
            return translate(error)
    return internal_error()


def _malformed(error: MalformedBody) -> Problem:
    return Problem(BAD_REQUEST, f"The body is not JSON: {error}.")


def _invalid(error: InvalidBody) -> Problem:
    return invalid_input(error.faults)


def _not_found(_: OrderNotFound) -> Problem:
    return Problem(NOT_FOUND, "There is no such order.")


def _not_allowed(error: NotAllowed) -> Problem:
    extensions = {"needed_permissions": error.needed} if error.needed else {}
    return Problem(FORBIDDEN, str(error), extensions)


def _version_mismatch(error: VersionMismatch) -> Problem:
    detail = f"The order is at version {error.current_version}; read it again and repeat your change."
    return Problem(VERSION_MISMATCH, detail, {"current_version": error.current_version})


def _illegal_state(error: IllegalState) -> Problem:
    return Problem(
        ILLEGAL_STATE, str(error), {"current_status": error.status, "allowed_statuses": error.allowed}
    )


def _invalid_lines(error: InvalidLines) -> Problem:
    return invalid_input([Fault(f"/lines/{index}", detail) for index, detail in error.faults.items()])


def _invalid_shipping_refund(error: InvalidShippingRefund) -> Problem:
    return invalid_input([Fault("/shipping_refund", str(error))])


def _return_not_found(_: ReturnNotFound) -> Problem:
    return Problem(NOT_FOUND, "The order has no such return.")


def _invalid_payment(error: InvalidPayment) -> Problem:
    return invalid_input([Fault(f"/{error.field}", str(error))])


def _payment_not_found(_: PaymentNotFound) -> Problem:
    return Problem(NOT_FOUND, "The order has no such payment.")


def _invalid_webhook(error: InvalidWebhook) -> Problem:
    return invalid_input([Fault(f"/{error.field}", str(error))])


def _webhook_not_found(_: WebhookNotFound) -> Problem:
    return Problem(NOT_FOUND, "There is no such webhook; GET /v1/webhooks lists those there are.")


def _webhook_key_reused(_: WebhookKeyReused) -> Problem:
    detail = "This Idempotency-Key came with another request before; use a new key for a new webhook."
    return Problem(IDEMPOTENCY_KEY_REUSED, detail)


def _store_unavailable(_: StoreUnavailable) -> Problem:
    detail = "The order store can't answer now. Nothing is known to be written; try again shortly."
    return Problem(STORE_UNAVAILABLE, detail, headers={"Retry-After": "1"})


_TRANSLATIONS: Final[tuple[tuple[type[Exception], Callable[..., Problem]], ...]] = (
    (MalformedBody, _malformed),
    (InvalidBody, _invalid),
    (OrderNotFound, _not_found),
    (NotAllowed, _not_allowed),
    (VersionMismatch, _version_mismatch),
    (IllegalState, _illegal_state),
    (InvalidLines, _invalid_lines),
    (InvalidShippingRefund, _invalid_shipping_refund),
    (ReturnNotFound, _return_not_found),
    (InvalidPayment, _invalid_payment),
    (PaymentNotFound, _payment_not_found),
    (InvalidWebhook, _invalid_webhook),
    (WebhookNotFound, _webhook_not_found),
    (WebhookKeyReused, _webhook_key_reused),
    (StoreUnavailable, _store_unavailable),
)
