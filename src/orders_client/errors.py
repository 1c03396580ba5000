"""What can go wrong: one exception for each kind of problem document (RFC 9457) that the API sends."""

from typing import ClassVar

import httpx
import msgspec
from msgspec import Struct


class OrdersError(Exception):
    """The call did not do what was asked. All errors of this package are of this type."""


class Unreachable(OrdersError):
    """No answer came, however often it was tried. The call may have been carried out or not."""


class SignInFailed(OrdersError):
    """The user pool refused; `code` is Cognito's name for the reason, such as NotAuthorizedException."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{message} ({code})")
        self.code = code


class FieldFault(Struct, frozen=True):
    """One fault of a request, and where: a JSON pointer into the body, a parameter or a header."""

    detail: str
    pointer: str | None = None
    parameter: str | None = None
    header: str | None = None


class ProblemDocument(Struct, frozen=True):
    title: str
    status: int
    type: str = "about:blank"
    detail: str = ""
    request_id: str | None = None
    errors: list[FieldFault] = []
    current_version: int | None = None
    current_status: str | None = None
    allowed_statuses: list[str] = []


class Problem(OrdersError):
    """The API refused, or failed; `document` says why."""

    slug: ClassVar[str] = ""

    def __init__(self, document: ProblemDocument) -> None:
        super().__init__(f"{document.status} {document.title}. {document.detail}".rstrip())
        self.document = document


class BadRequest(Problem):
    slug = "bad-request"


class InvalidInput(Problem):
    """`errors` names every fault."""

    slug = "invalid-input"

    @property
    def errors(self) -> list[FieldFault]:
        return self.document.errors


class Unauthorized(Problem):
    slug = "unauthorized"


class Forbidden(Problem):
    slug = "forbidden"


class InvalidApiKey(Problem):
    slug = "invalid-api-key"


class NotFound(Problem):
    slug = "not-found"


class MethodNotAllowed(Problem):
    slug = "method-not-allowed"


class IllegalState(Problem):
    """`document.allowed_statuses` are the statuses that the order, or the return, can be moved to."""

    slug = "illegal-state"


class VersionMismatch(Problem):
    """Somebody changed the order; read it again and repeat your change.

    Where an answer got lost and the call was repeated, that somebody may be the call itself.
    """

    slug = "version-mismatch"


class PayloadTooLarge(Problem):
    slug = "payload-too-large"


class UnsupportedMediaType(Problem):
    slug = "unsupported-media-type"


class IdempotencyKeyReused(Problem):
    slug = "idempotency-key-reused"


class TooManyRequests(Problem):
    slug = "too-many-requests"


class InternalError(Problem):
    slug = "internal-error"


class StoreUnavailable(Problem):
    slug = "store-unavailable"


class ServiceUnavailable(Problem):
    slug = "service-unavailable"


_KINDS = {kind.slug: kind for kind in Problem.__subclasses__()}


def problem_from(response: httpx.Response) -> Problem:
    """The exception for an answer that is no success, problem document or not."""
    try:
        document = msgspec.json.decode(response.content, type=ProblemDocument)
    except msgspec.DecodeError:
        document = ProblemDocument(response.reason_phrase, response.status_code)
    return _KINDS.get(document.type.rpartition("/")[2], Problem)(document)
