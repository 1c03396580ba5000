"""A run: a shop's changes pass through all consumers under faults, and what must be true in the end."""

import asyncio
import json
import logging
import os
import zlib
from base64 import b64decode
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any, Final
from unittest import mock

from msgspec import Struct

from orders_aws.client import calls
from orders_aws.client.calls import COGNITO, DYNAMODB, EVENTBRIDGE, SES, SQS, AwsClient, Service
from orders_aws.consumers import bus as bus_module
from orders_aws.consumers.batch import BatchResponse, QueueMessage, each_alone
from orders_aws.consumers.fulfilment import Fulfilment
from orders_aws.consumers.history import History
from orders_aws.consumers.notifications import Notifier, SentMails
from orders_aws.consumers.stream import Publisher, QuarantineQueue
from orders_aws.consumers.table_changes import StreamBatch
from orders_aws.consumers.webhook_store import DynamoDBWebhooks
from orders_aws.consumers.webhooks import WebhookDispatcher
from orders_aws.dynamodb.client import DynamoDBClient
from orders_core.models import OrderStatus
from orders_core.schemas import OrderEventView
from orders_webhooks.attempt import DeliveryResult
from orders_webhooks.payload import Message
from orders_webhooks.webhook import Webhook, subscribe
from tests.consumers.clock import Clock, stopped
from tests.consumers.faults import Faults, Odds
from tests.consumers.queues import Bus, Function, Queue
from tests.consumers.services import Services
from tests.consumers.shop import Shop
from tests.consumers.stream import Stream
from tests.consumers.tables import Refused
from tests.real_parts.tables import REGION

STEM: Final = "orders-api-test"
WEBHOOKS: Final = 2

_SECONDS_A_CHANGE: Final = 4.0
_CHANGES_A_STEP: Final = 20
_SPLIT_EVERY: Final = 2_000
_MAX_IDLE_STEPS: Final = 200_000


class Report(Struct):
    """What a run did, which faults there were, and what was not as it must be."""

    changes: int
    hours: float
    splits: int
    faults: dict[str, int]
    calls: int
    repeated: dict[str, int]
    dead_letters: dict[str, int]
    broken: list[str]


class Deployment:
    """The consumers with the doubles of everything that they call."""

    def __init__(self, seed: int, clock: Clock) -> None:
        random = Random(seed)
        self.clock = clock
        self.faults = Faults(random)
        self.services = Services(clock, self.faults)
        self.shop = Shop(random)
        self.queues = {
            name: Queue(name, random, clock, self.faults)
            for name in ("fulfilment", "notifications", "webhooks")
        }
        self.bus = Bus(clock, self.faults, self.queues)
        self.stream = Stream(random, clock, self.faults, self._publish)
        self.services.answers |= {
            "events": self.bus.answer,
            "sqs": self._sqs,
            "cognito-idp": _users,
            "email": self._send,
        }
        self.tasks: defaultdict[str, list[str]] = defaultdict(list)
        self._meanwhile: Callable[[], object] = lambda: None
        self.mails: Counter[str] = Counter()
        self.heard: defaultdict[str, list[str]] = defaultdict(list)

    def start(self) -> None:
        """Make the consumers, and add webhooks."""
        dynamodb = DynamoDBClient(REGION, "http://dynamodb")
        webhooks = DynamoDBWebhooks(dynamodb, f"{STEM}-webhooks")
        for number in range(WEBHOOKS):
            webhooks.add(subscribe(f"https://shop{number}.example.com/", (), self.clock.now))
        sqs = _client(SQS)
        self._publisher = Publisher(
            History(_client(DYNAMODB), f"{STEM}-events", f"{STEM}-stats"),
            bus_module.Bus(_client(EVENTBRIDGE), "bus"),
            QuarantineQueue(sqs, "http://sqs/unpublished"),
        )
        fulfilment = Fulfilment(dynamodb, f"{STEM}-events", self._hand_over, self.clock)
        mails = SentMails(dynamodb, f"{STEM}-events", self.clock)
        notifier = Notifier(_client(COGNITO), "pool", _client(SES), "shop@example.com", mails)
        dispatcher = WebhookDispatcher(webhooks, sqs, "http://sqs/webhooks", self._attempt, self.clock)
        self.queues["fulfilment"].consume = self._killable(self._overlapping(fulfilment.consume))
        self.queues["notifications"].consume = self._overlapping(notifier.consume)
        self.queues["webhooks"].consume = lambda batch: asyncio.run(dispatcher.deliver(batch))

    def step(self) -> None:
        """Let every event source mapping invoke its function."""
        self.stream.run()
        for queue in self.queues.values():
            for _ in range(4):
                queue.run()
        self.clock.sleep(1)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left to be dealt with."""
        return self.stream.is_read and not any(queue.messages for queue in self.queues.values())

    def _publish(self, batch: StreamBatch) -> BatchResponse:
        return self._killable(self._publisher.publish)(batch)

    def _killable(self, function: Callable[[Any], BatchResponse]) -> Callable[[Any], BatchResponse]:
        def invoke(batch: object) -> BatchResponse:
            self.services.killable = True
            try:
                return function(batch)
            finally:
                self.services.killable = False

        return invoke

    def _overlapping(self, work: Callable[[QueueMessage], None]) -> Function:
        """Deals with each message alone; what is under way may be handed to another invocation meanwhile."""

        def one(message: QueueMessage) -> None:
            self._meanwhile = lambda: each_alone([message], work)
            work(message)

        return lambda batch: each_alone(batch, one)

    def _may_overlap(self) -> None:
        if self.faults.happens("overlaps"):
            self._meanwhile()

    def _sqs(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        if operation == "ChangeMessageVisibility":
            self.queues["webhooks"].hide(request["ReceiptHandle"], request["VisibilityTimeout"])
            return {}
        failed = [entry for entry in request["Entries"] if self.faults.happens("entry_refused")]
        for entry in request["Entries"]:
            if entry not in failed:
                self.queues["webhooks"].put(entry["MessageBody"])
        return {
            "Successful": [],
            "Failed": [{"Id": entry["Id"], "Code": "InternalError"} for entry in failed],
        }

    def _send(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        self._may_overlap()
        simple = request["Content"]["Simple"]
        order_id = simple["Body"]["Text"]["Data"].rpartition("Order: ")[2].strip()
        self.mails[f"{order_id} {simple['Subject']['Data']}"] += 1
        return {"MessageId": "1"}

    def _hand_over(self, task: str, event: OrderEventView) -> None:
        if self.faults.away("warehouse", self.clock.now):
            raise ConnectionError("the warehouse is on fire")
        self._may_overlap()
        self.tasks[event.order_id].append(task)

    async def _attempt(self, webhook: Webhook, message: Message) -> DeliveryResult:
        if self.faults.away("endpoint", self.clock.now) or self.faults.happens("endpoint_fails"):
            return DeliveryResult("503")
        self.heard[webhook.webhook_id].append(message.id)
        return DeliveryResult(None)


def run(seed: int, changes: int, odds: Odds | None = None) -> Report:
    """Let so many changes happen, wait until all is quiet, and say what is not as it must be."""
    clock = Clock()
    deployment = Deployment(seed, clock)
    with _surroundings(clock, seed, deployment.services):
        deployment.start()
        deployment.faults.odds = odds or Odds()
        written = 0
        while written < changes:
            for _ in range(min(_CHANGES_A_STEP, changes - written)):
                clock.sleep(_SECONDS_A_CHANGE)
                deployment.stream.append(deployment.shop.changes(clock.now))
                written += 1
                if written % _SPLIT_EVERY == 0:
                    deployment.stream.split()
            deployment.step()
        dead = _come_to_rest(deployment)
    return Report(
        changes,
        round((clock.now - Clock().now) / 3600, 1),
        deployment.stream.splits,
        dict(sorted(deployment.faults.counted.items())),
        deployment.services.calls,
        _repeated(deployment),
        dead,
        list(_broken(deployment)),
    )


def _come_to_rest(deployment: Deployment) -> dict[str, int]:
    """Wait until nothing moves, redrive what was given up, and wait again; returns how much was given up."""
    _wait(deployment)
    dead = {name: len(queue.dead) for name, queue in deployment.queues.items()}
    deployment.faults.end()
    for queue in deployment.queues.values():
        queue.redrive()
    _wait(deployment)
    return dead


def _wait(deployment: Deployment) -> None:
    for _ in range(_MAX_IDLE_STEPS):
        if deployment.is_idle:
            return
        deployment.step()
        deployment.clock.sleep(10)
    raise TimeoutError("the consumers do not come to rest")


def _broken(deployment: Deployment) -> Iterator[str]:
    """What was promised and is not so."""
    shop = deployment.shop
    yield from _events_broken(deployment)
    for webhook_id, heard in deployment.heard.items():
        if missing := shop.events.keys() - set(heard):
            yield f"webhook {webhook_id} did not hear of {len(missing)} events, such as {min(missing)}"
    if len(deployment.heard) != WEBHOOKS:
        yield f"only {len(deployment.heard)} webhooks heard anything"
    yield from _figures_broken(deployment)
    yield from _tasks_broken(deployment)
    yield from _mails_broken(deployment)
    if deployment.stream.given_up:
        yield f"{len(deployment.stream.given_up)} changes were given up by the stream's mapping"


def _events_broken(deployment: Deployment) -> Iterator[str]:
    events = deployment.shop.events
    kept: dict[str, str] = {}
    newest: Counter[str] = Counter()
    # A table of the double has its items in the order in which they were written.
    for item in deployment.services.dynamodb.items("-events"):
        order_id, version = item["order_id"]["S"], int(item["version"]["N"])
        if not version:
            continue
        kept[f"{order_id}:{version}"] = json.loads(zlib.decompress(b64decode(item["event"]["B"])))["id"]
        if version != newest[order_id] + 1:
            yield f"the history had {order_id}:{version} before the one before it"
        newest[order_id] = version
    if kept != {each: each for each in events}:
        yield f"the history has {len(kept)} events of {len(events)}"
    if missing := events.keys() - set(deployment.bus.taken):
        yield f"the bus did not hear of {len(missing)} events, such as {min(missing)}"


def _figures_broken(deployment: Deployment) -> Iterator[str]:
    counted: Counter[tuple[str, str]] = Counter()
    amounts: Counter[tuple[str, str]] = Counter()
    for item in deployment.services.dynamodb.items("-stats"):
        key = item["day"]["S"], item["sk"]["S"]
        counted[key], amounts[key] = int(item["orders"]["N"]), int(item["amount"]["N"])
    if +counted != deployment.shop.figures() or -counted:
        yield "the numbers of orders by day and status are wrong"
    if +amounts != +deployment.shop.amounts() or -amounts:
        yield "the amounts by day and status are wrong"


def _tasks_broken(deployment: Deployment) -> Iterator[str]:
    entered: defaultdict[str, list[OrderStatus]] = defaultdict(list)
    for event in deployment.shop.events.values():
        if event.type == "OrderStatusChanged":
            entered[event.order_id].append(event.order.status)
    for order_id, statuses in entered.items():
        tasks = list(dict.fromkeys(deployment.tasks[order_id]))
        needed = [
            task
            for status, task in (
                (OrderStatus.CONFIRMED, "reserve the goods"),
                (OrderStatus.PROCESSING, "pick and pack"),
                (OrderStatus.CANCELLED, "put the goods back"),
            )
            if status in statuses
        ]
        if OrderStatus.CANCELLED in statuses:
            if not tasks or tasks[-1] != needed[-1]:
                yield f"the warehouse was told {tasks} of the cancelled order {order_id}"
        elif tasks != needed:
            yield f"the warehouse was told {tasks} instead of {needed} of order {order_id}"


def _mails_broken(deployment: Deployment) -> Iterator[str]:
    expected: Counter[str] = Counter()
    for event in deployment.shop.events.values():
        if event.order.customer_id in ("ana", "bo"):
            if event.type == "OrderCreated":
                expected[f"{event.order_id} We have your order"] = 1
            elif event.type == "OrderStatusChanged" and event.order.status is OrderStatus.SHIPPED:
                expected[f"{event.order_id} Your order is on its way"] = 1
    if doubled := deployment.mails - expected:
        yield f"{len(doubled)} mails were sent twice, such as {min(doubled)}"
    if missing := expected - deployment.mails:
        yield f"{len(missing)} mails were not sent, such as {min(missing)}"


def _repeated(deployment: Deployment) -> dict[str, int]:
    """How often a promise of at least once was kept more than once."""
    heard = deployment.heard.values()
    tasks = deployment.tasks.values()
    return {
        "bus": len(deployment.bus.taken) - len(set(deployment.bus.taken)),
        "webhooks": sum(len(each) - len(set(each)) for each in heard),
        "warehouse": sum(len(each) - len(set(each)) for each in tasks),
    }


def _users(operation: str, request: dict[str, Any]) -> dict[str, Any]:
    name = request["Username"]
    if name == "unknown":
        raise Refused("UserNotFoundException")
    attributes = {"email": f"{name}@example.com", "email_verified": str(name != "unverified").lower()}
    return {"UserAttributes": [{"Name": key, "Value": value} for key, value in attributes.items()]}


def _client(service: Service) -> AwsClient:
    return AwsClient(service, REGION, f"http://{service.host or service.name}")


@contextmanager
def _surroundings(clock: Clock, seed: int, services: Services) -> Iterator[None]:
    """Time, credentials and connections of a run. Nothing is logged: almost all of it was made to fail."""
    credentials = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    logging.disable(logging.CRITICAL)
    try:
        with (
            mock.patch.dict(os.environ, credentials),
            mock.patch.object(calls, "Connections", services.connections),
            stopped(clock, seed),
        ):
            yield
    finally:
        logging.disable(logging.NOTSET)
