"""Calls AWS services that speak JSON over HTTPS: one small client for all of them.

An SDK loads service models, endpoint rules and parsers for hundreds of operations; that would be most of
a cold start and of a warm call (see docs/decisions/no-sdk-in-the-function.md).
"""

import random
import time
from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from orders_aws.client import credentials
from orders_aws.client.clock_skew import skew_told_by
from orders_aws.client.connections import AwsReply, BrokenConnection, Connections
from orders_aws.client.deadline import INVOCATION, Deadline
from orders_aws.client.signature import Scope, signed_headers
from orders_aws.tracing import subsegment


class Service(NamedTuple):
    """`name` goes into the signature, `target` before each operation in X-Amz-Target.

    A service that speaks REST has a `path` for the one operation we call, and no target.
    """

    name: str
    target: str
    content_type: str
    host: str = ""
    path: str = "/"


DYNAMODB: Final = Service("dynamodb", "DynamoDB_20120810", "application/x-amz-json-1.0")
EVENTBRIDGE: Final = Service("events", "AWSEvents", "application/x-amz-json-1.1")
SQS: Final = Service("sqs", "AmazonSQS", "application/x-amz-json-1.0")
COGNITO: Final = Service("cognito-idp", "AWSCognitoIdentityProviderService", "application/x-amz-json-1.1")
SES: Final = Service("ses", "", "application/json", "email", "/v2/email/outbound-emails")

MAX_CALL_SECONDS: Final = 9.0
"""Most time for one call with its retries, where the invocation leaves that much."""

_ATTEMPTS: Final = 3
_BACKOFF_SECONDS: Final = 0.05
_THROTTLES: Final = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "TooManyRequestsException",
        "LimitExceededException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)


class Refused(Exception):
    """The service refuses the request: `kind` is its name for why, `reply` its document.

    `retried` says that an earlier attempt of the same request may have been the one that succeeded.
    """

    def __init__(self, kind: str, message: str, reply: bytes, retried: bool) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind
        self.reply = reply
        self.retried = retried


class Unavailable(Exception):
    """The service throttles, fails or can't be reached, after the last attempt too."""


class AnswerLost(Unavailable):
    """The request was sent and no answer came: it may have been carried out."""


class _Refusal(msgspec.Struct, rename={"type_": "__type", "denied": "Message"}):
    """DynamoDB writes `message`; what a policy denies comes from elsewhere, as `Message`."""

    type_: str = ""
    message: str = ""
    denied: str = ""


class AwsClient:
    """Calls one service in one region, or another endpoint that speaks its protocol."""

    def __init__(
        self, service: Service, region: str, endpoint_url: str = "", deadline: Deadline = INVOCATION
    ) -> None:
        """Raises NoCredentials."""
        self._service = service
        self._scope = Scope(region, service.name)
        self._credentials = credentials.find()
        self._connections = Connections(endpoint_url or _endpoint(service, region))
        self._deadline = deadline
        self._clock_skew = 0.0

    def call(self, operation: str, request: Mapping[str, object], *, once: bool = False) -> dict[str, object]:
        """One operation; throttling, server errors, broken connections and garbage are tried again.

        Args:
            operation: Its name in AWS's reference.
            request: Its parameters.
            once: Not to try again what may have been carried out, because it can't be told from a second
                request: such an operation gets a new connection, as one that idled breaks without a reason.

        Raises:
            Refused: trying again can't help.
            Unavailable: after the last attempt, or when the time is over.
            AnswerLost: with `once`, if it may have been carried out.
        """
        what = {"operation": operation, "region": self._scope.region, "table_name": request.get("TableName")}
        with subsegment(self._service.name, what, Refused):
            return self._call(operation, request, once)

    def close(self) -> None:
        """Close the connections."""
        self._connections.close()

    def _call(self, operation: str, request: Mapping[str, object], once: bool) -> dict[str, object]:
        body = msgspec.json.encode(request)
        until = time.monotonic() + min(MAX_CALL_SECONDS, self._deadline.left())
        reason = "no time was left"
        for attempt in range(_ATTEMPTS):
            pause = random.uniform(0, _BACKOFF_SECONDS * 2**attempt) if attempt else 0  # noqa: S311
            left = until - time.monotonic() - pause
            if left <= 0:
                break
            if pause:
                time.sleep(pause)
            if once:
                self.close()
            try:
                headers = self._headers(operation, body)
                reply = self._connections.post(self._service.path, headers, body, left)
                if reply.status == 200:
                    return _document(reply)
            except BrokenConnection as error:
                reason = str(error)
                if once and error.sent:
                    raise AnswerLost(f"{self._service.name} {operation}: {reason}") from error
            else:
                reason = self._judge(reply, retried=attempt > 0)
        raise Unavailable(f"{self._service.name} {operation}: {reason}")

    def _judge(self, reply: AwsReply, retried: bool) -> str:
        """Return the reason to try again; raise when trying again can't help."""
        try:
            refusal = msgspec.json.decode(reply.body, type=_Refusal)
        except msgspec.DecodeError:
            # No service of AWS answers so; something on the way does.
            refusal = _Refusal(message=f"HTTP {reply.status}")
            if not reply.error:
                return refusal.message
        kind = (refusal.type_ or reply.error.partition(":")[0]).rpartition("#")[2]
        if kind in _THROTTLES or reply.status == 429 or reply.status >= 500:
            return kind or f"HTTP {reply.status}"
        skew = skew_told_by(kind, reply.date, self._clock_skew)
        if skew is not None:
            self._clock_skew = skew
            return kind
        raise Refused(kind or str(reply.status), refusal.message or refusal.denied, reply.body, retried)

    def _headers(self, operation: str, body: bytes) -> dict[str, str]:
        headers = {
            "host": self._connections.authority,
            "content-type": self._service.content_type,
        }
        if self._service.target:
            headers["x-amz-target"] = f"{self._service.target}.{operation}"
        now = time.time() + self._clock_skew
        return signed_headers(headers, body, self._credentials(), self._scope, now, self._service.path)


def _document(reply: AwsReply) -> dict[str, object]:
    """Raises BrokenConnection if the reply is garbage: something on the way wrote it."""
    try:
        return msgspec.json.decode(reply.body or b"{}", type=dict[str, object])
    except msgspec.DecodeError as error:
        raise BrokenConnection(f"the reply is garbage: {error}", sent=True) from error


def _endpoint(service: Service, region: str) -> str:
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"https://{service.host or service.name}.{region}.{suffix}/"
