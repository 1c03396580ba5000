"""Calls AWS services that speak JSON over HTTPS, signed by botocore: one small client for all of them.

A boto3 client loads service models, endpoint rules and parsers for hundreds of operations; that is
most of a cold start and of a warm call (see docs/decisions). The signer, the credentials and the
connection pool are botocore's own.
"""

import os
import random
import time
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import msgspec
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ConnectionError as NoConnection
from botocore.exceptions import HTTPClientError
from botocore.httpsession import URLLib3Session


class Service(NamedTuple):
    """`name` goes into the signature, `target` before each operation in X-Amz-Target."""

    name: str
    target: str
    content_type: str


DYNAMODB: Final = Service("dynamodb", "DynamoDB_20120810", "application/x-amz-json-1.0")
EVENTBRIDGE: Final = Service("events", "AWSEvents", "application/x-amz-json-1.1")
SQS: Final = Service("sqs", "AmazonSQS", "application/x-amz-json-1.0")
COGNITO: Final = Service("cognito-idp", "AWSCognitoIdentityProviderService", "application/x-amz-json-1.1")

_ATTEMPTS: Final = 3
_BACKOFF_SECONDS: Final = 0.05
_CONNECT_AND_READ_TIMEOUT_SECONDS: Final = (1.0, 3.0)
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


class NoCredentials(Exception):
    """Nothing to sign with."""


class _Reply(msgspec.Struct, rename={"type_": "__type"}):
    type_: str = ""
    message: str = ""


class AwsClient:
    """Calls one service in one region, or another endpoint that speaks its protocol."""

    def __init__(self, service: Service, region: str, endpoint_url: str = "") -> None:
        """Raises NoCredentials."""
        self._service = service
        self._url = endpoint_url or f"https://{service.name}.{region}.amazonaws.com/"
        self._region = region
        self._credentials = _credentials()
        self._http = URLLib3Session(
            timeout=_CONNECT_AND_READ_TIMEOUT_SECONDS,  # type: ignore[arg-type]  # the stubs know no pair
            max_pool_connections=64,
        )

    def call(self, operation: str, request: Mapping[str, object]) -> dict[str, object]:
        """One operation; throttling, server errors and broken connections are tried again.

        Raises:
            Refused: trying again can't help.
            Unavailable: after the last attempt.
        """
        body = msgspec.json.encode(request)
        reason = ""
        for attempt in range(_ATTEMPTS):
            if attempt:
                time.sleep(random.uniform(0, _BACKOFF_SECONDS * 2**attempt))  # noqa: S311
            try:
                response = self._http.send(self._signed(operation, body).prepare())
            except (HTTPClientError, NoConnection) as error:
                reason = type(error).__name__
                continue
            if response.status_code == 200:
                return msgspec.json.decode(response.content or b"{}", type=dict[str, object])
            reason = _judge(response.status_code, response.content, retried=attempt > 0)
        raise Unavailable(f"{self._service.name} {operation}: {reason}")

    def _signed(self, operation: str, body: bytes) -> AWSRequest:
        request = AWSRequest(
            method="POST",
            url=self._url,
            data=body,
            headers={
                "Content-Type": self._service.content_type,
                "X-Amz-Target": f"{self._service.target}.{operation}",
            },
        )
        SigV4Auth(self._credentials(), self._service.name, self._region).add_auth(request)
        return request


def _judge(status: int, content: bytes, retried: bool) -> str:
    """The reason to try again; raises when trying again can't help."""
    try:
        reply = msgspec.json.decode(content, type=_Reply)
    except msgspec.DecodeError:
        reply = _Reply(message=f"HTTP {status}")
    kind = reply.type_.rpartition("#")[2]
    if kind in _THROTTLES or status >= 500:
        return kind or f"HTTP {status}"
    raise Refused(kind or str(status), reply.message, content, retried)


def _credentials() -> Callable[[], Credentials]:
    """Where to get credentials for each request; they may be renewed behind it."""
    if "AWS_ACCESS_KEY_ID" in os.environ and "AWS_SECRET_ACCESS_KEY" in os.environ:
        fixed = Credentials(
            os.environ["AWS_ACCESS_KEY_ID"],
            os.environ["AWS_SECRET_ACCESS_KEY"],
            os.environ.get("AWS_SESSION_TOKEN"),
        )
        return lambda: fixed
    # Profiles, containers, instances, SnapStart: the whole of botocore's chain, and its price.
    from botocore.session import get_session

    found = get_session().get_credentials()
    if found is None:
        raise NoCredentials("no AWS credentials found: set AWS_ACCESS_KEY_ID or AWS_PROFILE")
    return lambda: found
