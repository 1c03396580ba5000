"""What only the deployed shape has: sign-up in Cognito, quotas of API Gateway, logs in CloudWatch.

The API itself is tested by tests/blackbox, on the deployed shape as on the embedded host.
"""

import json
import uuid
from collections.abc import Iterator

import boto3
import pytest
from tests.blackbox.client import MUGS, ORDERS, Client, problem
from tests.hosts import ANA, PASSWORD, Host, cognito
from tests.hosts.deployed import key_value
from tests.real_parts.tables import REGION

SECRET = "a note that no log may show"


@pytest.fixture(scope="module")
def ana(deployed_host: Host) -> Iterator[Client]:
    client = Client(deployed_host, deployed_host.tokens(ANA)["id"])
    yield client
    client.close()


def test_whoever_signs_up_can_order_once_confirmed(deployed_host: Host) -> None:
    users = cognito(deployed_host.cognito_url)
    email = f"{uuid.uuid4().hex[:12]}@example.com"
    users.sign_up(
        ClientId=deployed_host.client_id,
        Username=email,
        Password=PASSWORD,
        UserAttributes=[{"Name": "email", "Value": email}],
    )
    with pytest.raises(users.exceptions.UserNotConfirmedException):
        deployed_host.tokens(email)
    users.admin_confirm_sign_up(UserPoolId=deployed_host.user_pool_id, Username=email)
    client = Client(deployed_host, deployed_host.tokens(email)["id"])
    assert client.create()["customer_id"] == client.sub
    client.close()


def test_a_plans_quota_runs_out(deployed_host: Host, ana: Client) -> None:
    api = deployed_host.host_header.partition(".")[0]
    headers = {"x-api-key": key_value(api, "quota")}
    statuses = [ana.send("GET", ORDERS, headers=headers).status_code for _ in range(3)]
    assert statuses == [200, 200, 200]
    response = ana.send("GET", ORDERS, headers=headers)
    problem(response, 429, "too-many-requests")
    assert int(response.headers["retry-after"]) > 1


def test_cloudwatch_has_json_lines_without_tokens_or_bodies(
    deployed_host: Host, ministack_endpoint: str, ana: Client
) -> None:
    order = ana.create(MUGS | {"notes": SECRET}, **{"X-Correlation-Id": "the-shop-42"})
    messages = logged(ministack_endpoint)
    documents = [json.loads(message) for message in messages if message.startswith("{")]
    assert [one for one in documents if one.get("correlation_id") == "the-shop-42"]
    assert [one for one in documents if "_aws" in one and "OrdersCreated" in one]
    everything = "\n".join(messages)
    assert SECRET not in everything
    assert order["items"][0]["name"] not in everything
    assert deployed_host.tokens(ANA)["id"].split(".")[0] not in everything


def logged(endpoint: str) -> list[str]:
    """Every message of every log group of the emulator, which this run has to itself."""
    logs = boto3.client(
        "logs",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    pages = [logs.get_paginator("filter_log_events").paginate(logGroupName=group) for group in groups]
    return [event["message"] for page in pages for part in page for event in part["events"]]
