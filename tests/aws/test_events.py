"""A change through the deployed API reaches history, queue and topic; poison ends in the dead letters."""

import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.aws.events_deployment import EventsDeployment, deploy_events
from tests.blackbox.client import Client, path_of
from tests.hosts import STAFF, Host
from tests.real_parts.tables import dynamodb_client

PATIENCE_SECONDS = 30


@pytest.fixture(scope="module")
def deployment(
    ministack_endpoint: str, deployed_host: Host, function_zip: Path
) -> Iterator[EventsDeployment]:
    yield from deploy_events(ministack_endpoint, deployed_host, function_zip)


@pytest.fixture
def staff(deployed_host: Host) -> Iterator[Client]:
    client = Client(deployed_host, deployed_host.tokens(STAFF)["id"])
    yield client
    client.close()


def of_order(bodies: list[str], order: dict[str, Any]) -> list[str]:
    """The types of the events of one order, by version."""
    envelopes = [json.loads(body) for body in bodies]
    mine = [each["detail"] for each in envelopes if each["detail"]["order_id"] == order["order_id"]]
    return [event["type"] for event in sorted(mine, key=lambda event: event["version"])]


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether it holds within PATIENCE_SECONDS: the emulator tells nobody when it is done."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


def test_a_change_through_the_api_is_heard_of(
    deployment: EventsDeployment, staff: Client, ministack_endpoint: str
) -> None:
    order = staff.create()
    order = staff.move(order, "CONFIRMED")
    types = ["OrderCreated", "OrderStatusChanged"]
    assert eventually(lambda: of_order(deployment.bus.messages(), order) == types)
    # The topic's subscriber asked for creation and shipping only.
    assert eventually(lambda: of_order(deployment.topic.messages(), order) == ["OrderCreated"])

    history = staff.expect(200, staff.send("GET", f"{path_of(order)}/events"))
    assert [event["type"] for event in history["events"]] == types
    envelope = json.loads(deployment.bus.received[0])
    assert (envelope["source"], envelope["detail-type"]) == ("orders-api", envelope["detail"]["type"])

    assert eventually(lambda: handed_over(deployment, ministack_endpoint, order))


def test_a_poisoned_record_is_set_aside_and_the_others_are_published(
    deployment: EventsDeployment, staff: Client, ministack_endpoint: str
) -> None:
    before = staff.create()
    poison: Any = {"order_id": {"S": "no order"}, "status": {"S": "LOST"}}
    dynamodb_client(ministack_endpoint).put_item(TableName=deployment.table, Item=poison)
    after = staff.create()
    for order in (before, after):
        assert eventually(partial(was_published, deployment, order))
    (message,) = deployment.unpublished.messages()
    assert json.loads(message)["record"]["dynamodb"]["NewImage"] == poison


def test_a_poisoned_message_ends_in_the_dead_letters_and_the_rest_of_its_batch_is_processed(
    deployment: EventsDeployment, staff: Client, ministack_endpoint: str
) -> None:
    queue = deployment.fulfilment
    queue.client.send_message(QueueUrl=queue.url, MessageBody="no event")
    order = staff.move(staff.create(), "CONFIRMED")
    assert eventually(lambda: deployment.fulfilment_dead.messages() == ["no event"])
    assert eventually(lambda: handed_over(deployment, ministack_endpoint, order))


def was_published(deployment: EventsDeployment, order: dict[str, Any]) -> bool:
    return of_order(deployment.bus.messages(), order) == ["OrderCreated"]


def handed_over(deployment: EventsDeployment, endpoint: str, order: dict[str, Any]) -> bool:
    """Whether the fulfilment consumer has noted that it dealt with the order's confirmation."""
    item = dynamodb_client(endpoint).get_item(
        TableName=deployment.table.removesuffix("-orders") + "-events",
        Key={"order_id": {"S": order["order_id"]}, "version": {"N": "0"}},
    )
    return item.get("Item", {}).get("fulfilled") == {"N": "2"}
