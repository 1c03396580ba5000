"""The floor: one bare boto3 `put_item` of an order, with no routing, no validation, no logging."""

import json
import os
import uuid
from typing import Any

import boto3

client = boto3.client("dynamodb", endpoint_url=os.environ.get("DYNAMODB_ENDPOINT_URL"))


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    order = json.loads(event["body"])
    order_id = str(uuid.uuid4())
    client.put_item(
        TableName=os.environ["DYNAMODB_TABLE"],
        Item={
            "order_id": {"S": order_id},
            "customer_id": {"S": event["requestContext"]["authorizer"]["claims"]["sub"]},
            "items": {
                "L": [
                    {
                        "M": {
                            "product_id": {"S": item["product_id"]},
                            "quantity": {"N": str(item["quantity"])},
                            "unit_price": {"S": item["unit_price"]},
                        }
                    }
                    for item in order["items"]
                ]
            },
        },
    )
    return {"statusCode": 201, "body": json.dumps({"order_id": order_id})}
