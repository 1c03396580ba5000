"""The events' part of the deployed shape on ministack, as infra/modules/events draws it."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import boto3
from tests.hosts import Host
from tests.real_parts.artefact import THIS_PYTHON
from tests.real_parts.tables import REGION

# boto3's clients have types only where stubs are installed.
Client = Any

RULES = {
    "fulfilment": {"detail-type": ["OrderCreated", "OrderStatusChanged", "OrderDeleted"]},
    "notifications": {"detail-type": ["OrderCreated", "OrderStatusChanged"]},
}
TOLD_TO_CUSTOMERS = {
    "$or": [
        {"detail-type": ["OrderCreated"]},
        {"detail-type": ["OrderStatusChanged"], "detail": {"order": {"status": ["SHIPPED"]}}},
    ]
}
ATTEMPTS = 2


@dataclass
class Queue:
    """A queue, and all that was received from it so far."""

    client: Client
    url: str
    arn: str
    received: list[str] = field(default_factory=list)

    def messages(self) -> list[str]:
        """The bodies of all messages so far, after a look for more that waits a second for one."""
        reply = self.client.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        for each in reply.get("Messages", []):
            self.received.append(each["Body"])
            self.client.delete_message(QueueUrl=self.url, ReceiptHandle=each["ReceiptHandle"])
        return self.received


@dataclass
class EventsDeployment:
    """Queues that nobody else reads: `bus` and `topic` beside the consumers' own, and the dead letters."""

    table: str
    bus: Queue
    topic: Queue
    fulfilment: Queue
    fulfilment_dead: Queue
    unpublished: Queue


def deploy_events(endpoint: str, host: Host, function_zip: Path) -> Iterator[EventsDeployment]:
    """Deploys publisher and fulfilment behind the API's own table; takes the mappings away at the end."""
    client = partial(
        boto3.client,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    name = f"events-{uuid.uuid4().hex[:8]}"
    table = table_of(client("apigateway"), client("lambda"), host)
    sqs, events, sns, functions = client("sqs"), client("events"), client("sns"), client("lambda")
    queue = partial(create_queue, sqs)
    deployment = EventsDeployment(
        table=table,
        bus=queue(f"{name}-bus"),
        topic=queue(f"{name}-topic"),
        fulfilment_dead=(dead := queue(f"{name}-fulfilment-dead")),
        fulfilment=queue(f"{name}-fulfilment", redrive_to=dead),
        unpublished=queue(f"{name}-unpublished"),
    )
    events.create_event_bus(Name=name)
    topic = sns.create_topic(Name=name)["TopicArn"]
    targets = {"fulfilment": [deployment.fulfilment.arn, deployment.bus.arn], "notifications": [topic]}
    for rule, pattern in RULES.items():
        named = {"Rule": f"{name}-{rule}", "EventBusName": name}
        wanted = json.dumps({"source": ["orders-api"], **pattern})
        events.put_rule(Name=named["Rule"], EventBusName=name, EventPattern=wanted)
        events.put_targets(
            **named, Targets=[{"Id": str(n), "Arn": arn} for n, arn in enumerate(targets[rule])]
        )
    sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=deployment.topic.arn,
        Attributes={
            "RawMessageDelivery": "true",
            "FilterPolicyScope": "MessageBody",
            "FilterPolicy": json.dumps(TOLD_TO_CUSTOMERS),
        },
    )
    variables = {
        "DYNAMODB_TABLE": table,
        "ENVIRONMENT": "test",
        "AWS_ENDPOINT_URL": endpoint,
        "EVENT_BUS": name,
        "UNPUBLISHED_QUEUE_URL": deployment.unpublished.url,
    }
    for consumer in ("stream", "fulfilment"):
        functions.create_function(
            FunctionName=f"{name}-{consumer}",
            Runtime=f"python{THIS_PYTHON}",
            Handler=f"orders_aws.consumers.{consumer}.handler",
            Role=f"arn:aws:iam::000000000000:role/{name}",
            Code={"ZipFile": function_zip.read_bytes()},
            Timeout=30,
            Environment={"Variables": variables},
        )
    stream = client("dynamodb").describe_table(TableName=table)["Table"]["LatestStreamArn"]
    sources = {"stream": stream, "fulfilment": deployment.fulfilment.arn}
    mappings = [
        functions.create_event_source_mapping(
            EventSourceArn=arn,
            FunctionName=f"{name}-{consumer}",
            FunctionResponseTypes=["ReportBatchItemFailures"],
            **({"StartingPosition": "LATEST"} if consumer == "stream" else {}),
        )["UUID"]
        for consumer, arn in sources.items()
    ]
    yield deployment
    for mapping in mappings:
        functions.delete_event_source_mapping(UUID=mapping)


def table_of(apigateway: Client, functions: Client, host: Host) -> str:
    """The table behind a deployed API: that of the function behind one of its methods."""
    api = host.host_header.partition(".")[0]
    resources = apigateway.get_resources(restApiId=api, limit=500)["items"]
    orders = next(each["id"] for each in resources if each["path"] == "/v1/orders")
    integration = apigateway.get_integration(restApiId=api, resourceId=orders, httpMethod="GET")
    arn = integration["uri"].partition("/functions/")[2].removesuffix("/invocations")
    configuration = functions.get_function_configuration(FunctionName=arn)
    table: str = configuration["Environment"]["Variables"]["DYNAMODB_TABLE"]
    return table


def create_queue(sqs: Client, name: str, redrive_to: Queue | None = None) -> Queue:
    attributes = {"VisibilityTimeout": "1"} if redrive_to else {}
    if redrive_to:
        policy = {"deadLetterTargetArn": redrive_to.arn, "maxReceiveCount": ATTEMPTS}
        attributes["RedrivePolicy"] = json.dumps(policy)
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    named = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return Queue(sqs, url, named["Attributes"]["QueueArn"])
