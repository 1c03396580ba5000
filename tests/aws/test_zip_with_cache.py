"""The function from the zip with a cache in front of its table, which one setting turns on."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.aws.events import ORDER, ORDERS, Event, proxy_event
from tests.aws.runtime_api import Function, running_function
from tests.real_parts.tables import create_orders_table, dynamodb_client

MUG = {"product_id": "A-1", "quantity": 2, "unit_price": "9.50"}


@pytest.fixture
def table(dynamodb_endpoint: str) -> str:
    return create_orders_table(dynamodb_endpoint)


@pytest.fixture
def cached_function(
    unpacked_zip: Path, dynamodb_endpoint: str, redis_url: str, table: str, tmp_path: Path
) -> Iterator[Function]:
    variables = {
        "DYNAMODB_TABLE": table,
        "DYNAMODB_ENDPOINT_URL": dynamodb_endpoint,
        "ENVIRONMENT": "test",
        "CACHE_URL": redis_url,
    }
    with running_function(unpacked_zip, tmp_path, variables) as started:
        yield started


def test_a_cached_read_costs_no_call_to_dynamodb(
    cached_function: Function, dynamodb_endpoint: str, table: str
) -> None:
    placed = cached_function.invoke(proxy_event("POST", ORDERS, body={"items": [MUG]}))
    read = proxy_event("GET", ORDER, order_id=json.loads(placed["body"])["order_id"])
    read_until(cached_function, read, "hit")
    dynamodb_client(dynamodb_endpoint).delete_table(TableName=table)
    assert read_until(cached_function, read, "hit")["body"] == placed["body"]


def test_hit_rate_and_latency_are_metrics(cached_function: Function) -> None:
    placed = cached_function.invoke(proxy_event("POST", ORDERS, body={"items": [MUG]}))
    read = proxy_event("GET", ORDER, order_id=json.loads(placed["body"])["order_id"])
    for result in ("miss", "hit"):
        read_until(cached_function, read, result)
        metrics = next(line for line in reversed(lines(cached_function)) if "CacheHit" in line)
        assert (metrics["CacheHit"], metrics["CacheBypass"]) == (float(result == "hit"), 0.0)
        assert metrics["CacheLatency"] > 0


def read_until(function: Function, read: Event, result: str) -> dict[str, Any]:
    """The answer to the first read that fares so: on a busy machine the cache may not answer in time."""
    for _ in range(100):
        answer = function.invoke(read)
        logged = [line for line in lines(function) if line.get("message") == "request"]
        if logged[-1].get("cache") == result:
            return answer
    raise AssertionError(f"no read was a {result}")


def lines(function: Function) -> list[dict[str, Any]]:
    return [json.loads(line) for line in function.log().splitlines()]
