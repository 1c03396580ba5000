"""The orders table on a real or emulated DynamoDB, shaped as the deployment shapes it."""

import uuid
from typing import TYPE_CHECKING, Literal

import boto3

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

REGION = "eu-west-1"
Key = tuple[str, Literal["S", "N"]]


def dynamodb_client(endpoint: str) -> "DynamoDBClient":
    """A client with credentials that only an emulator takes."""
    client: DynamoDBClient = boto3.client(
        "dynamodb",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    return client


def create_orders_table(endpoint: str) -> str:
    """Creates an empty table under a new name, which is returned."""
    name = f"orders-api-test-{uuid.uuid4().hex[:12]}-orders"
    dynamodb_client(endpoint).create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": "order_id", "AttributeType": "S"},
            {"AttributeName": "customer_id", "AttributeType": "S"},
            {"AttributeName": "created_at", "AttributeType": "S"},
            {"AttributeName": "status_shard", "AttributeType": "S"},
            {"AttributeName": "external_reference", "AttributeType": "S"},
            {"AttributeName": "deleted_customer", "AttributeType": "S"},
        ],
        KeySchema=[{"AttributeName": "order_id", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "CustomerIndex",
                "KeySchema": [
                    {"AttributeName": "customer_id", "KeyType": "HASH"},
                    {"AttributeName": "created_at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            },
            {
                "IndexName": "StatusIndex",
                "KeySchema": [
                    {"AttributeName": "status_shard", "KeyType": "HASH"},
                    {"AttributeName": "created_at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            },
            {
                "IndexName": "ReferenceIndex",
                "KeySchema": [
                    {"AttributeName": "external_reference", "KeyType": "HASH"},
                    {"AttributeName": "created_at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            },
            {
                "IndexName": "DeletedIndex",
                "KeySchema": [
                    {"AttributeName": "deleted_customer", "KeyType": "HASH"},
                    {"AttributeName": "order_id", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            },
        ],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    create_tables_beside(endpoint, name)
    return name


def create_tables_beside(endpoint: str, orders_table: str) -> None:
    """Creates the tables that the stream's consumer keeps beside the orders: events, figures and webhooks."""
    stem = orders_table.removesuffix("-orders")
    _create_table(endpoint, f"{stem}-events", ("order_id", "S"), ("version", "N"))
    _create_table(endpoint, f"{stem}-stats", ("day", "S"), ("sk", "S"))
    dynamodb_client(endpoint).create_table(
        TableName=f"{stem}-webhooks",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "webhook_id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "webhook_id", "KeyType": "HASH"}],
    )


def _create_table(endpoint: str, name: str, partition: Key, sort: Key) -> None:
    dynamodb_client(endpoint).create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": key, "AttributeType": kind} for key, kind in (partition, sort)
        ],
        KeySchema=[
            {"AttributeName": partition[0], "KeyType": "HASH"},
            {"AttributeName": sort[0], "KeyType": "RANGE"},
        ],
    )
