"""The stack a user would otherwise pick for the handler: Powertools with validation, pydantic, boto3.

Written the way the Powertools documentation teaches it, without the tracer (whose SDK would add a third of a
second). The caller comes from the authorizer's claims; one conditional write a create, one read a read.
"""

import os
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from boto3.dynamodb.conditions import Attr, Key
from pydantic import BaseModel, ConfigDict, Field

logger = Logger()
metrics = Metrics()
app = APIGatewayRestResolver(enable_validation=True)
table = boto3.resource("dynamodb", endpoint_url=os.environ.get("DYNAMODB_ENDPOINT_URL")).Table(
    os.environ["DYNAMODB_TABLE"]
)


class OrderStatus(StrEnum):
    PENDING = "PENDING"
    CONFIRMED = "CONFIRMED"
    PROCESSING = "PROCESSING"
    SHIPPED = "SHIPPED"
    DELIVERED = "DELIVERED"
    CANCELLED = "CANCELLED"


class Item(BaseModel):
    product_id: str = Field(min_length=1, max_length=64)
    name: str | None = Field(default=None, max_length=200)
    quantity: int = Field(ge=1, le=10_000)
    unit_price: Decimal = Field(ge=0, le=1_000_000, decimal_places=2)


class OrderInput(BaseModel):
    model_config = ConfigDict(extra="forbid")

    items: list[Item] = Field(min_length=1, max_length=100)
    currency: str = Field(default="EUR", pattern="^[A-Z]{3}$")
    notes: str | None = Field(default=None, max_length=1000)
    metadata: dict[str, str] = Field(default_factory=dict, max_length=20)


class Order(OrderInput):
    order_id: str
    customer_id: str
    status: OrderStatus
    total_amount: Decimal
    version: int
    created_at: str
    updated_at: str


class OrderPage(BaseModel):
    orders: list[Order]
    count: int


@app.post("/v1/orders")
def create_order(order: OrderInput) -> tuple[Order, int]:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    created = Order(
        **order.model_dump(),
        order_id=str(uuid.uuid4()),
        customer_id=caller(),
        status=OrderStatus.PENDING,
        total_amount=sum((item.quantity * item.unit_price for item in order.items), Decimal(0)),
        version=1,
        created_at=now,
        updated_at=now,
    )
    table.put_item(Item=created.model_dump(), ConditionExpression=Attr("order_id").not_exists())
    metrics.add_metric(name="OrdersCreated", unit=MetricUnit.Count, value=1)
    logger.info("Order created", order_id=created.order_id)
    return created, 201


@app.get("/v1/orders/<order_id>")
def get_order(order_id: str) -> Order:
    found = table.get_item(Key={"order_id": order_id}, ConsistentRead=True).get("Item")
    if found is None or found["customer_id"] != caller():
        raise NotFoundError("Order not found")
    metrics.add_metric(name="OrdersRead", unit=MetricUnit.Count, value=1)
    logger.info("Order read", order_id=order_id)
    return Order.model_validate(found)


@app.get("/v1/orders")
def list_orders(
    customer_id: Annotated[str, Query(min_length=1, max_length=64)],
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> OrderPage:
    page = table.query(
        IndexName="CustomerIndex",
        KeyConditionExpression=Key("customer_id").eq(customer_id),
        ScanIndexForward=False,
        Limit=limit,
    )
    orders = [Order.model_validate(item) for item in page["Items"]]
    metrics.add_metric(name="OrdersRead", unit=MetricUnit.Count, value=len(orders))
    logger.info("Orders listed", count=len(orders))
    return OrderPage(orders=orders, count=len(orders))


def caller() -> str:
    claims: dict[str, str] = app.current_event.request_context.authorizer.claims or {}
    return claims["sub"]


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_REST)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return app.resolve(event, context)
