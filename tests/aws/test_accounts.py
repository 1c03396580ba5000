"""A customer's account in Cognito is exported and erased with its orders."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.events.fake_aws import Call, FakeAws, Json, Refusal, answering
from tests.real_parts.tables import REGION, create_orders_table, dynamodb_client

from orders_aws.accounts import CognitoAccounts
from orders_aws.client.calls import COGNITO, AwsClient
from orders_aws.dynamodb.client import DynamoDBClient
from orders_aws.dynamodb.store import Tables
from orders_core.stores import StoreUnavailable

POOL = "eu-west-1_abc"
ANA: Json = {
    "Username": "ana",
    "UserAttributes": [{"Name": "sub", "Value": "ana"}, {"Name": "email", "Value": "ana@example.com"}],
    "UserStatus": "CONFIRMED",
    "Enabled": True,
    "UserCreateDate": 1_769_850_000,
}


@pytest.fixture
def cognito(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    """A user pool in which there is one user, ana."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")

    def answer(call: Call) -> Json | Refusal:
        assert call.request["UserPoolId"] == POOL
        if call.request["Username"] != "ana":
            return Refusal(400, "UserNotFoundException")
        return ANA if call.operation == "AdminGetUser" else {}

    with answering(answer) as server:
        yield server


@pytest.fixture
def tables(dynamodb_endpoint: str) -> Tables:
    return Tables.beside(create_orders_table(dynamodb_endpoint))


@pytest.fixture
def accounts(cognito: FakeAws, dynamodb_endpoint: str, tables: Tables) -> Iterator[CognitoAccounts]:
    users, dynamodb = AwsClient(COGNITO, REGION, cognito.url), DynamoDBClient(REGION, dynamodb_endpoint)
    yield CognitoAccounts(users, POOL, dynamodb, tables.events, lambda: 1_769_850_000.5)
    users.close()
    dynamodb.close()


def test_it_exports_what_the_pool_has(accounts: CognitoAccounts) -> None:
    exported: Any = accounts.export("ana")
    assert (exported["account"]["email"], exported["account"]["enabled"]) == ("ana@example.com", True)
    assert accounts.export("luis") == {"account": None}


def test_the_account_is_barred_first_and_deleted_last(
    accounts: CognitoAccounts, cognito: FakeAws, dynamodb_endpoint: str, tables: Tables
) -> None:
    accounts.begin_erasing("ana")
    accounts.erase("ana")
    operations = [call.operation for call in cognito.calls]
    assert operations == ["AdminDisableUser", "AdminUserGlobalSignOut", "AdminDeleteUser"]
    noted = dynamodb_client(dynamodb_endpoint).query(
        TableName=tables.events,
        KeyConditionExpression="order_id = :erased",
        ExpressionAttributeValues={":erased": {"S": "erased"}},
    )["Items"]
    assert [item["customer_id"]["S"] for item in noted] == ["ana"]


def test_erasing_again_or_who_has_no_account_is_no_fault(accounts: CognitoAccounts) -> None:
    accounts.begin_erasing("luis")
    accounts.erase("luis")


def test_a_pool_that_refuses_is_told_without_its_words(accounts: CognitoAccounts, cognito: FakeAws) -> None:
    cognito.answer = lambda _: Refusal(400, "NotAuthorizedException", "ana@example.com")
    with pytest.raises(StoreUnavailable, match=r"AdminDeleteUser: NotAuthorizedException$"):
        accounts.erase("ana")
