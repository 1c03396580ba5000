"""A DynamoDB client for the five calls we make: JSON over HTTPS, signed by botocore.

A boto3 client loads service models, endpoint rules and parsers for hundreds of operations; that is
most of a cold start and of a warm call (see docs/decisions). The signer, the credentials and the
connection pool are botocore's own.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html
"""

import os
import random
import time
from collections.abc import Callable, Mapping
from typing import Final

import msgspec
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ConnectionError as NoConnection
from botocore.exceptions import HTTPClientError
from botocore.httpsession import URLLib3Session

from orders_api.repository import StoreUnavailable

AttributeValue = Mapping[str, object]
Item = Mapping[str, AttributeValue]

_ATTEMPTS: Final = 3
_BACKOFF_SECONDS: Final = 0.05
_CONNECT_AND_READ_TIMEOUT_SECONDS: Final = (1.0, 3.0)
_THROTTLES: Final = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "LimitExceededException",
        "TransactionConflictException",
    }
)


class ConditionFailed(Exception):
    """The write's condition did not hold; `item` is what is stored (None: nothing).

    `retried` says that an earlier attempt of the same write may have been the one that succeeded.
    """

    def __init__(self, item: Item | None, retried: bool) -> None:
        super().__init__("the condition did not hold")
        self.item = item
        self.retried = retried


class RequestRefused(Exception):
    """DynamoDB refuses the request itself: no such table, no permission, a bad expression."""


class _Reply(msgspec.Struct):
    type_: str = msgspec.field(name="__type", default="")
    message: str = ""
    Item: dict[str, dict[str, object]] | None = None


class DynamoDBClient:
    """Calls one region's DynamoDB, or another endpoint that speaks its protocol."""

    def __init__(self, region: str, endpoint_url: str = "") -> None:
        self._url = endpoint_url or f"https://dynamodb.{region}.amazonaws.com/"
        self._region = region
        self._credentials = _credentials()
        self._http = URLLib3Session(
            timeout=_CONNECT_AND_READ_TIMEOUT_SECONDS,  # type: ignore[arg-type]  # the stubs know no pair
            max_pool_connections=64,
        )

    def call(self, operation: str, request: Mapping[str, object]) -> dict[str, object]:
        """One operation; throttling, server errors and broken connections are tried again.

        Raises:
            ConditionFailed: with the item that is stored.
            StoreUnavailable: after the last attempt.
            RequestRefused: a fault of ours or of the deployment.
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
                return msgspec.json.decode(response.content, type=dict[str, object])
            reason = _judge(response.status_code, response.content, retried=attempt > 0)
        raise StoreUnavailable(f"DynamoDB {operation}: {reason}")

    def _signed(self, operation: str, body: bytes) -> AWSRequest:
        request = AWSRequest(
            method="POST",
            url=self._url,
            data=body,
            headers={
                "Content-Type": "application/x-amz-json-1.0",
                "X-Amz-Target": f"DynamoDB_20120810.{operation}",
            },
        )
        SigV4Auth(self._credentials(), "dynamodb", self._region).add_auth(request)
        return request


def _judge(status: int, content: bytes, retried: bool) -> str:
    """The reason to try again; raises when trying again can't help."""
    try:
        reply = msgspec.json.decode(content, type=_Reply)
    except msgspec.DecodeError:
        reply = _Reply(message=f"HTTP {status}")
    kind = reply.type_.rpartition("#")[2]
    if kind == "ConditionalCheckFailedException":
        raise ConditionFailed(reply.Item, retried)
    if kind in _THROTTLES or status >= 500:
        return kind or f"HTTP {status}"
    raise RequestRefused(f"{kind or status}: {reply.message}")


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
        raise RequestRefused("no AWS credentials found: set AWS_ACCESS_KEY_ID or AWS_PROFILE")
    return lambda: found
