"""What can go wrong: one exception for each kind of problem document (RFC 9457) that the API sends."""

from typing import ClassVar

import httpx
import msgspec
from msgspec import Struct


class OrdersError(Exception):
    """The call did not do what was asked. All errors of this package are of this type."""


class Unreachable(OrdersError):
    """No attempt got a response. The call may or may not have been carried out."""


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
    """The body of a refusal, as RFC 9457 and this API define it."""

    title: str
    status: int
    type: str = "about:blank"
    detail: str = ""
    request_id: str | None = None
    errors: list[FieldFault] = []
    current_version: int | None = None
    current_status: str | None = None
    allowed_statuses: list[str] = []
    needed_permissions: list[str] = []


class Problem(OrdersError):
    """The API refused, or failed; `document` says why."""

    slug: ClassVar[str] = ""

    def __init__(self, document: ProblemDocument) -> None:
        super().__init__(f"{document.status} {document.title}. {document.detail}".rstrip())
        self.document = document


class BadRequest(Problem):
    """400: the request is not valid HTTP, or its body is not valid JSON."""

    slug = "bad-request"


class InvalidInput(Problem):
    """`errors` names every fault."""

    slug = "invalid-input"

    @property
    def errors(self) -> list[FieldFault]:
        """Every fault of the request."""
        return self.document.errors


class Unauthorized(Problem):
    """401: the token is missing, expired or not valid."""

    slug = "unauthorized"


class Forbidden(Problem):
    """403: the caller may not do this."""

    slug = "forbidden"


class InvalidApiKey(Problem):
    """403: the API key is missing or unknown."""

    slug = "invalid-api-key"


class NotFound(Problem):
    """404: the order does not exist, or belongs to another customer."""

    slug = "not-found"


class MethodNotAllowed(Problem):
    """405: the path does not have this method."""

    slug = "method-not-allowed"


class IllegalState(Problem):
    """`document.allowed_statuses` are the statuses that the order, or the return, can be moved to."""

    slug = "illegal-state"


class VersionMismatch(Problem):
    """412: the order has changed since it was read; read it again and repeat your change.

    If a response got lost and the call was repeated, the first attempt may have made the change.
    """

    slug = "version-mismatch"


class PayloadTooLarge(Problem):
    """413: the body is larger than the API accepts."""

    slug = "payload-too-large"


class UnsupportedMediaType(Problem):
    """415: the body is not declared as JSON."""

    slug = "unsupported-media-type"


class IdempotencyKeyReused(Problem):
    """422: the idempotency key was used for another request."""

    slug = "idempotency-key-reused"


class TooManyRequests(Problem):
    """429: the rate limit or the daily quota is exceeded."""

    slug = "too-many-requests"


class InternalError(Problem):
    """500: the API failed; its log has the cause under the request id."""

    slug = "internal-error"


class StoreUnavailable(Problem):
    """503: the store did not answer."""

    slug = "store-unavailable"


class ServiceUnavailable(Problem):
    """503: the API is overloaded or stopping."""

    slug = "service-unavailable"


_KINDS = {kind.slug: kind for kind in Problem.__subclasses__()}


def problem_from(response: httpx.Response) -> Problem:
    """The exception for an answer that is no success, problem document or not."""
    try:
        document = msgspec.json.decode(response.content, type=ProblemDocument)
    except msgspec.DecodeError:
        document = ProblemDocument(response.reason_phrase, response.status_code)
    return _KINDS.get(document.type.rpartition("/")[2], Problem)(document)
