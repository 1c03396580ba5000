"""What a table's stream on DynamoDB Local holds, in the form in which Lambda gets it."""

from typing import Any

import boto3
import msgspec
from tests.real_parts.tables import REGION, dynamodb_client

from orders_aws.consumers.table_changes import StreamBatch


def batch_of(endpoint: str, table: str) -> StreamBatch:
    """All records of the stream so far, in one batch."""
    return msgspec.convert({"Records": records_of(endpoint, table)}, StreamBatch)


def records_of(endpoint: str, table: str) -> list[dict[str, Any]]:
    arn = dynamodb_client(endpoint).describe_table(TableName=table)["Table"]["LatestStreamArn"]
    streams: Any = boto3.client(
        "dynamodbstreams",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    records: list[dict[str, Any]] = []
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        iterator = streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while iterator:
            page = streams.get_records(ShardIterator=iterator)
            records += page["Records"]
            iterator = page.get("NextShardIterator") if page["Records"] else None
    for record in records:
        # boto3 makes a datetime of what Lambda hands over as a number.
        moment = record["dynamodb"]["ApproximateCreationDateTime"]
        record["dynamodb"]["ApproximateCreationDateTime"] = moment.timestamp()
    return records
