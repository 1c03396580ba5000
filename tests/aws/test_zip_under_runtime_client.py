"""The zip, unpacked, does every operation under AWS's own runtime client, with nothing else importable."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.aws.events import ORDER, ORDERS, TOKEN, proxy_event
from tests.aws.runtime_api import Function, running_function

MUG = {"product_id": "A-1", "name": "Mug", "quantity": 2, "unit_price": "9.50"}
SECRET = "a note that no log may show"


def place(function: Function, sub: str, **more: object) -> dict[str, Any]:
    response = function.invoke(proxy_event("POST", ORDERS, sub=sub, body={"items": [MUG], **more}))
    assert response["statusCode"] == 201, response
    return body_of(response)


def body_of(response: Mapping[str, str]) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(response["body"])
    return document


def test_an_order_lives_and_dies(function: Function) -> None:
    order = place(function, "zip-life", notes=SECRET)
    assert order["total_amount"] == "19.00"
    order_id = order["order_id"]

    read = function.invoke(proxy_event("GET", ORDER, sub="zip-life", order_id=order_id))
    assert (read["statusCode"], body_of(read)) == (200, order)

    query = {"customer_id": "zip-life"}
    listed = function.invoke(proxy_event("GET", ORDERS, sub="zip-life", query=query))
    assert body_of(listed) == {"orders": [order], "count": 1, "next_cursor": None}

    change = {"items": [MUG], "status": "CANCELLED", "notes": SECRET}
    changed = function.invoke(
        proxy_event("PUT", ORDER, sub="zip-life", order_id=order_id, body=change, headers={"If-Match": '"1"'})
    )
    assert (changed["statusCode"], body_of(changed)["version"]) == (200, 2)

    deleted = function.invoke(proxy_event("DELETE", ORDER, sub="zip-life", order_id=order_id))
    assert deleted["statusCode"] == 204
    gone = function.invoke(proxy_event("GET", ORDER, sub="zip-life", order_id=order_id))
    assert gone["statusCode"] == 404


def test_staff_is_recognised_in_the_form_that_api_gateway_writes(function: Function) -> None:
    order = place(function, "zip-staff")
    body = {"items": [MUG], "status": "CONFIRMED"}
    for groups, status in (("[customers]", 404), ("[staff admins]", 200)):
        event = proxy_event("PUT", ORDER, sub="boss", groups=groups, order_id=order["order_id"], body=body)
        assert function.invoke(event)["statusCode"] == status


def test_every_fault_is_a_problem_document(function: Function) -> None:
    response = function.invoke(
        proxy_event("POST", ORDERS, body={"items": [{"quantity": 0}], "colour": "red"})
    )
    assert response["statusCode"] == 400
    assert response["headers"]["Content-Type"] == "application/problem+json"
    assert len(body_of(response)["errors"]) >= 3


def test_log_lines_are_json_and_keep_secrets(function: Function) -> None:
    place(function, "zip-log", notes=SECRET)
    lines = function.log().splitlines()
    assert all(isinstance(json.loads(line), dict) for line in lines)
    assert TOKEN not in function.log()
    assert SECRET not in function.log()


def test_metric_lines_are_valid_embedded_metrics(function: Function) -> None:
    place(function, "zip-metrics")
    documents = [json.loads(line) for line in function.log().splitlines()]
    embedded = [document for document in documents if "_aws" in document]
    for document in embedded:
        assert_embedded_metrics(document)
    names = {metric["Name"] for one in embedded for metric in one["_aws"]["CloudWatchMetrics"][0]["Metrics"]}
    assert {"OrdersCreated", "OrderValue", "StoreLatency"} <= names


def assert_embedded_metrics(document: dict[str, Any]) -> None:
    """The rules of the embedded metric format.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """
    assert isinstance(document["_aws"]["Timestamp"], int)
    for directive in document["_aws"]["CloudWatchMetrics"]:
        assert directive["Namespace"] == "OrdersApi"
        for dimensions in directive["Dimensions"]:
            assert {"environment", "operation"} <= set(dimensions)
            assert len(dimensions) <= 30
            assert all(isinstance(document[name], str) and document[name] for name in dimensions)
        assert 1 <= len(directive["Metrics"]) <= 100
        for metric in directive["Metrics"]:
            values = document[metric["Name"]]
            assert all(
                isinstance(value, int | float) for value in (values if isinstance(values, list) else [values])
            )


def test_bad_settings_are_reported_as_a_failed_start(unpacked_zip: Path, tmp_path: Path) -> None:
    with running_function(unpacked_zip, tmp_path, {"ENVIRONMENT": "test", "LOG_LEVEL": "LOUD"}) as function:
        outcome = function.outcome()
    assert outcome.kind == "init/error"
    assert outcome.document["errorType"] == "InvalidSettings"
    assert "DYNAMODB_TABLE is missing" in outcome.document["errorMessage"]
    assert "LOG_LEVEL is 'LOUD'" in outcome.document["errorMessage"]


def test_a_store_that_is_away_is_503(unpacked_zip: Path, tmp_path: Path) -> None:
    variables = {
        "DYNAMODB_TABLE": "orders",
        "ENVIRONMENT": "test",
        "DYNAMODB_ENDPOINT_URL": "http://127.0.0.1:9",
    }
    with running_function(unpacked_zip, tmp_path, variables) as function:
        response = function.invoke(proxy_event("POST", ORDERS, body={"items": [MUG]}))
    assert response["statusCode"] == 503
    assert response["headers"]["Retry-After"] == "1"
