"""DynamoDB as the stores call it: its refusals told apart.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from orders_aws.client.calls import DYNAMODB, AwsClient, Refused, Unavailable
from orders_aws.client.credentials import NoCredentials
from orders_core.stores import StoreUnavailable

AttributeValue = Mapping[str, object]
Item = Mapping[str, AttributeValue]


_DENIED: Final = "AccessDeniedException"


class ConditionFailed(Exception):
    """The write's condition did not hold; `item` is what is stored (None: nothing).

    `retried` says that an earlier attempt of the same write may have been the one that succeeded.
    """

    def __init__(self, item: Item | None, retried: bool) -> None:
        super().__init__("the condition did not hold")
        self.item = item
        self.retried = retried


class RequestRefused(Exception):
    """DynamoDB refuses the request itself: no such table, a bad expression."""


class _Reply(msgspec.Struct):
    Item: dict[str, dict[str, object]] | None = None


class DynamoDBClient:
    """Calls one region's DynamoDB, or another endpoint that speaks its protocol."""

    def __init__(self, region: str, endpoint_url: str = "") -> None:
        try:
            self._client = AwsClient(DYNAMODB, region, endpoint_url)
        except NoCredentials as error:
            raise RequestRefused(str(error)) from error

    def call(self, operation: str, request: Mapping[str, object]) -> dict[str, object]:
        """One operation; throttling, server errors and broken connections are tried again.

        Raises:
            ConditionFailed: with the item that is stored.
            StoreUnavailable: after the last attempt, or while a policy denies the action.
            RequestRefused: a fault of ours or of the deployment.
        """
        try:
            return self._client.call(operation, request)
        except Unavailable as error:
            raise StoreUnavailable(str(error)) from error
        except Refused as error:
            if error.kind == "ConditionalCheckFailedException":
                item = msgspec.json.decode(error.reply, type=_Reply).Item
                raise ConditionFailed(item, error.retried) from None
            if error.kind == _DENIED:
                # A policy or a key is repaired while clients try again; the log says which action it is.
                raise StoreUnavailable(f"dynamodb {operation} is denied: {error}") from error
            raise RequestRefused(str(error)) from error

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
