"""Customers' accounts in Cognito, exported and erased, and the list of customers who were erased."""

import time
from collections.abc import Callable
from typing import Any

from orders_aws.client.calls import AwsClient, Refused, Unavailable
from orders_aws.dynamodb.client import DynamoDBClient
from orders_core.stores import StoreUnavailable


class CognitoAccounts:
    """`Accounts` in a user pool.

    The key `erased` of the events table lists the customers: a restore of the orders table does not undo it.
    """

    def __init__(
        self,
        users: AwsClient,
        user_pool_id: str,
        dynamodb: DynamoDBClient,
        events_table: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`clock` is Unix time in seconds."""
        self._users = _Users(users, user_pool_id)
        self._dynamodb = dynamodb
        self._events_table = events_table
        self._clock = clock

    def export(self, customer_id: str) -> dict[str, Any]:
        """See `Accounts`."""
        found: Any = self._users.call("AdminGetUser", customer_id)
        if found is None:
            return {"account": None}
        return {
            "account": {
                **{each["Name"]: each["Value"] for each in found["UserAttributes"]},
                "status": found["UserStatus"],
                "enabled": found["Enabled"],
                "created_at": found["UserCreateDate"],
            }
        }

    def begin_erasing(self, customer_id: str) -> None:
        """See `Accounts`. Tokens that were issued before stay valid for their hour."""
        self._dynamodb.call(
            "UpdateItem",
            {
                "TableName": self._events_table,
                "Key": {"order_id": {"S": "erased"}, "version": {"N": str(int(self._clock() * 1000))}},
                "UpdateExpression": "SET customer_id = :customer",
                "ExpressionAttributeValues": {":customer": {"S": customer_id}},
            },
        )
        self._users.call("AdminDisableUser", customer_id)
        self._users.call("AdminUserGlobalSignOut", customer_id)

    def erase(self, customer_id: str) -> None:
        """See `Accounts`."""
        self._users.call("AdminDeleteUser", customer_id)


class _Users:
    """The users of a pool, as its administrator calls them."""

    def __init__(self, client: AwsClient, user_pool_id: str) -> None:
        self._client = client
        self._user_pool_id = user_pool_id

    def call(self, operation: str, customer_id: str) -> dict[str, object] | None:
        """The reply of an operation on a user; None if the customer is not a user of the pool.

        Raises:
            StoreUnavailable: the pool refuses, or is away.
        """
        try:
            return self._client.call(operation, {"UserPoolId": self._user_pool_id, "Username": customer_id})
        except Refused as error:
            if error.kind == "UserNotFoundException":
                return None
            raise StoreUnavailable(f"cognito-idp {operation}: {error.kind}") from error
        except Unavailable as error:
            raise StoreUnavailable(str(error)) from error
