"""The consumers behind the bus: fulfilment once, mail to whom it concerns, webhooks on their own time."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from threading import Barrier

import msgspec
import pytest
from click.testing import CliRunner
from msgspec.structs import replace
from standardwebhooks import Webhook as Verifier
from tests.events.conftest import Connect
from tests.events.endpoints import OK, Talk, answer, listening
from tests.events.fake_aws import Call, FakeAws, Json, Refusal, answering
from tests.events.queue_messages import from_bus, message
from tests.orders import LAMPS, a_change, an_order
from tests.real_parts.tables import REGION

from orders_aws.client.calls import COGNITO, SES, SQS
from orders_aws.consumers.batch import QueueMessage, each_alone
from orders_aws.consumers.fulfilment import LEASE_SECONDS, Fulfilment, UnderWay
from orders_aws.consumers.notifications import CLAIM_SECONDS, Notifier, SentMails
from orders_aws.consumers.webhook_store import DynamoDBWebhooks
from orders_aws.consumers.webhooks import LIST_SECONDS, WebhookDispatcher
from orders_aws.dynamodb.client import DynamoDBClient
from orders_aws.dynamodb.store import DynamoDBStore, Tables
from orders_cli.commands import orders
from orders_core.events import OrderEvent, event_for_write
from orders_core.models import Order, OrderStatus, change
from orders_core.schemas import OrderEventView
from orders_core.stores import StoreUnavailable
from orders_webhooks import schedule
from orders_webhooks.attempt import DeliveryResult
from orders_webhooks.payload import Message
from orders_webhooks.webhook import NoSuchWebhook, Webhook, disabled, failed, rotate, subscribe

CONFIRMED, PROCESSING, SHIPPED = OrderStatus.CONFIRMED, OrderStatus.PROCESSING, OrderStatus.SHIPPED


NOON = 1_769_850_000.0


def moved(order: Order, status: OrderStatus) -> tuple[Order, OrderEvent]:
    after = change(order, a_change(order, status=status))
    return after, event_for_write(order, after)


# --- fulfilment ---


class Warehouse:
    """Is handed tasks; breaks down when told to."""

    def __init__(self, client: DynamoDBClient, tables: Tables) -> None:
        self.tasks: list[tuple[str, str]] = []
        self.broken = False
        self.broken_for = ""
        self.now = 1_769_850_000.0
        self.consumer = Fulfilment(client, tables.events, self._take, lambda: self.now)

    def gets(self, *events: OrderEvent) -> int:
        """How many of the messages fail."""
        response = each_alone([from_bus(event) for event in events], self.consumer.consume)
        return len(response["batchItemFailures"])

    def _take(self, task: str, event: OrderEventView) -> None:
        if self.broken or task == self.broken_for:
            raise ConnectionError("the warehouse is on fire")
        self.tasks.append((task, event.id))


@pytest.fixture
def warehouse(dynamodb: DynamoDBClient, tables: Tables) -> Warehouse:
    return Warehouse(dynamodb, tables)


def test_each_task_is_handed_over_once_however_often_it_is_heard_of(warehouse: Warehouse) -> None:
    order = an_order()
    confirmed, event = moved(order, CONFIRMED)
    _, next_event = moved(confirmed, PROCESSING)
    assert warehouse.gets(event_for_write(None, order), event, event, next_event, event, next_event) == 0
    assert warehouse.tasks == [("reserve the goods", event.id), ("pick and pack", next_event.id)]


def test_what_comes_late_is_not_done_after_what_followed_it(warehouse: Warehouse) -> None:
    confirmed, event = moved(an_order(), CONFIRMED)
    _, cancellation = moved(confirmed, OrderStatus.CANCELLED)
    assert warehouse.gets(cancellation, event) == 0
    assert warehouse.tasks == [("put the goods back", cancellation.id)]


def test_an_event_that_overtook_another_makes_up_for_it(warehouse: Warehouse) -> None:
    confirmed, event = moved(an_order(), CONFIRMED)
    _, overtaking = moved(confirmed, PROCESSING)
    assert warehouse.gets(overtaking, event, overtaking) == 0
    assert warehouse.tasks == [("reserve the goods", overtaking.id), ("pick and pack", overtaking.id)]


def test_of_two_tasks_at_once_the_one_that_is_done_is_not_repeated(warehouse: Warehouse) -> None:
    confirmed, _ = moved(an_order(), CONFIRMED)
    _, overtaking = moved(confirmed, PROCESSING)
    warehouse.broken_for = "pick and pack"
    assert warehouse.gets(overtaking) == 1
    warehouse.broken_for = ""
    warehouse.now += LEASE_SECONDS + 1
    assert warehouse.gets(overtaking) == 0
    assert [task for task, _ in warehouse.tasks] == ["reserve the goods", "pick and pack"]


def test_a_task_that_failed_comes_again_when_its_lease_is_over(warehouse: Warehouse) -> None:
    _, event = moved(an_order(), CONFIRMED)
    _, other = moved(an_order(), CONFIRMED)
    warehouse.broken = True
    assert warehouse.gets(event) == 1
    warehouse.broken = False
    assert warehouse.gets(event, other) == 1, "the lease holds, and for one order only"
    warehouse.now += LEASE_SECONDS + 1
    assert warehouse.gets(event) == 0
    assert [event_id for _, event_id in warehouse.tasks] == [other.id, event.id]


def test_two_invocations_never_deal_with_one_order_at_once(dynamodb: DynamoDBClient, tables: Tables) -> None:
    second = Warehouse(dynamodb, tables)
    refused: list[str] = []

    def slow(task: str, event: OrderEventView) -> None:
        """While the first is at it, the second hears of the same, and of what follows."""
        for heard in (confirmation, following):
            with pytest.raises(UnderWay):
                second.consumer.consume(from_bus(heard))
            refused.append(heard.id)

    confirmed, confirmation = moved(an_order(), CONFIRMED)
    _, following = moved(confirmed, PROCESSING)
    Fulfilment(dynamodb, tables.events, slow, lambda: second.now).consume(from_bus(confirmation))
    assert refused == [confirmation.id, following.id]
    assert second.gets(confirmation, following) == 0
    assert second.tasks == [("pick and pack", following.id)]


def test_the_history_shows_nothing_of_it(warehouse: Warehouse, store: DynamoDBStore) -> None:
    _, event = moved(an_order(), CONFIRMED)
    warehouse.gets(event)
    assert store.list_events(event.order_id, 100) == []


def test_a_message_that_is_no_event_fails_alone(warehouse: Warehouse) -> None:
    _, event = moved(an_order(), CONFIRMED)
    poison = message("no JSON")
    response = each_alone([poison, from_bus(event)], warehouse.consumer.consume)
    assert response == {"batchItemFailures": [{"itemIdentifier": poison.messageId}]}
    assert len(warehouse.tasks) == 1


# --- notifications ---


def users_and_mail(call: Call) -> Json | Refusal:
    if call.operation != "AdminGetUser":
        return {"MessageId": "1"}
    if call.request["Username"] == "unknown":
        return Refusal(400, "UserNotFoundException")
    verified = str(call.request["Username"] != "unverified").lower()
    attributes = {"email": "ana@example.com", "email_verified": verified}
    return {"UserAttributes": [{"Name": name, "Value": value} for name, value in attributes.items()]}


@pytest.fixture
def aws() -> Iterator[FakeAws]:
    with answering(users_and_mail) as server:
        yield server


@pytest.fixture
def notify(connect: Connect, aws: FakeAws, dynamodb: DynamoDBClient, tables: Tables) -> Callable[..., int]:
    """Consumes events; returns how many messages fail."""

    def consume(*events: OrderEvent, sender: str | None = "shop@example.com", now: float = NOON) -> int:
        mails = SentMails(dynamodb, tables.events, lambda: now)
        notifier = Notifier(connect(COGNITO, aws.url), "pool", connect(SES, aws.url), sender, mails)
        response = each_alone([from_bus(event) for event in events], notifier.consume)
        return len(response["batchItemFailures"])

    return consume


def sent(aws: FakeAws) -> list[Json]:
    return aws.of("/v2/email/outbound-emails")


def test_customers_are_told_that_the_order_is_placed_and_on_its_way(
    notify: Callable[..., int], aws: FakeAws
) -> None:
    order = an_order(content=LAMPS)
    confirmed, confirmation = moved(order, CONFIRMED)
    processing, _ = moved(confirmed, PROCESSING)
    _, shipping = moved(processing, SHIPPED)
    assert notify(event_for_write(None, order), confirmation, shipping) == 0
    placed, shipped = sent(aws)
    assert placed["Destination"] == {"ToAddresses": ["ana@example.com"]}
    assert placed["FromEmailAddress"] == "shop@example.com"
    assert placed["Content"]["Simple"]["Subject"]["Data"] == "We have your order"
    text = placed["Content"]["Simple"]["Body"]["Text"]["Data"]
    assert "3 × Bulb" in text
    assert "Total: 54.49 EUR" in text
    assert "on its way" in shipped["Content"]["Simple"]["Subject"]["Data"]


@pytest.mark.parametrize("customer", ["unknown", "unverified"])
def test_nobody_is_written_to_without_a_verified_address(
    customer: str, notify: Callable[..., int], aws: FakeAws
) -> None:
    assert notify(event_for_write(None, an_order(customer))) == 0
    assert sent(aws) == []


def test_without_a_sender_nobody_is_looked_up(notify: Callable[..., int], aws: FakeAws) -> None:
    assert notify(event_for_write(None, an_order()), sender=None) == 0
    assert aws.calls == []


def test_what_could_not_be_sent_comes_again(notify: Callable[..., int], aws: FakeAws) -> None:
    def refuses(call: Call) -> Json | Refusal:
        return users_and_mail(call) if call.operation == "AdminGetUser" else Refusal(400, "MessageRejected")

    aws.answer = refuses
    assert notify(event_for_write(None, an_order())) == 1
    aws.answer = lambda _: Refusal(400, "ResourceNotFoundException")
    assert notify(event_for_write(None, an_order())) == 1


def test_an_event_that_comes_again_sends_one_mail(
    notify: Callable[..., int], aws: FakeAws, store: DynamoDBStore
) -> None:
    order = an_order()
    placed = event_for_write(None, order)
    assert notify(placed, placed) == 0
    assert notify(placed, now=NOON + 10 * CLAIM_SECONDS) == 0
    assert len(sent(aws)) == 1
    assert store.list_events(order.order_id, 10) == []


def test_while_a_mail_is_being_sent_it_is_not_sent_again(notify: Callable[..., int], aws: FakeAws) -> None:
    placed = event_for_write(None, an_order())
    meanwhile: list[int] = []

    def slow(call: Call) -> Json | Refusal:
        if call.operation != "AdminGetUser":
            aws.answer = users_and_mail
            meanwhile.append(notify(placed))
        return users_and_mail(call)

    aws.answer = slow
    assert notify(placed) == 0
    assert (meanwhile, len(sent(aws))) == ([1], 1)


def test_a_mail_that_failed_is_sent_when_its_claim_is_over(notify: Callable[..., int], aws: FakeAws) -> None:
    placed = event_for_write(None, an_order())

    def away(call: Call) -> Json | Refusal:
        return users_and_mail(call) if call.operation == "AdminGetUser" else Refusal(500, "InternalFailure")

    aws.answer = away
    assert notify(placed) == 1
    aws.answer = users_and_mail
    assert notify(placed, now=NOON + CLAIM_SECONDS + 1) == 0
    assert notify(placed, now=NOON + 2 * CLAIM_SECONDS + 2) == 0
    assert len(sent(aws)) == 3 + 1


def test_a_mail_service_that_throttles_is_asked_again(notify: Callable[..., int], aws: FakeAws) -> None:
    def busy(call: Call) -> Json | Refusal:
        if call.operation == "AdminGetUser":
            return users_and_mail(call)
        aws.answer = users_and_mail
        return Refusal(429, "")

    aws.answer = busy
    assert notify(event_for_write(None, an_order())) == 0
    assert len(sent(aws)) == 2


def test_a_mail_that_can_t_be_noted_is_not_sent_again(
    notify: Callable[..., int], aws: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise StoreUnavailable("the table is away")

    monkeypatch.setattr(SentMails, "note", away)
    assert notify(event_for_write(None, an_order())) == 0, "the message does not come again"
    assert len(sent(aws)) == 1


def test_no_log_has_a_customers_address(
    notify: Callable[..., int], aws: FakeAws, caplog: pytest.LogCaptureFixture
) -> None:
    def refuses(call: Call) -> Json | Refusal:
        return (
            users_and_mail(call)
            if call.operation == "AdminGetUser"
            else Refusal(400, "MessageRejected", "ana@example.com is on the suppression list")
        )

    aws.answer = refuses
    assert notify(event_for_write(None, an_order())) == 1
    assert "MessageRejected" in caplog.text
    assert "ana@example.com" not in caplog.text


# --- webhooks ---


@pytest.fixture
def webhooks(dynamodb: DynamoDBClient, tables: Tables) -> DynamoDBWebhooks:
    return DynamoDBWebhooks(dynamodb, tables.orders.removesuffix("-orders") + "-webhooks")


@pytest.fixture
def queue() -> Iterator[FakeAws]:
    with answering(lambda _: {}) as server:
        yield server


@pytest.fixture
def courier(connect: Connect, webhooks: DynamoDBWebhooks, queue: FakeAws) -> WebhookDispatcher:
    return WebhookDispatcher(webhooks, connect(SQS, queue.url), "http://sqs/webhooks")


def deliver(courier: WebhookDispatcher, *messages: QueueMessage) -> list[str]:
    """The messages that fail."""
    response = asyncio.run(courier.deliver(messages))
    return [failure["itemIdentifier"] for failure in response["batchItemFailures"]]


def add(webhooks: DynamoDBWebhooks, *events: str, url: str = "https://shop.example.com/") -> Webhook:
    webhook = subscribe(url, events, time.time(), allow_loopback="127.0.0.1" in url)
    webhooks.add(webhook)
    return webhook


def passed_on(queue: FakeAws, received: int = 1) -> list[QueueMessage]:
    """What the courier put into the queue."""
    requests = queue.of("SendMessageBatch")
    return [message(entry["MessageBody"], received) for each in requests for entry in each["Entries"]]


def for_one(webhook: Webhook, received: int = 1) -> QueueMessage:
    body = {"webhook_id": webhook.webhook_id, "message_id": "order:1", "body": {"type": "order.created"}}
    return message(msgspec.json.encode(body).decode(), received)


def test_the_table_keeps_webhooks_and_loses_no_change(webhooks: DynamoDBWebhooks) -> None:
    first, second = add(webhooks), add(webhooks, "order.created")
    assert webhooks.all() == [first, second]

    def meanwhile(before: Webhook) -> Webhook:
        """Somebody else is faster, once."""
        if before.last_error is None:
            webhooks.change(first.webhook_id, lambda other: replace(other, last_error="e"))
        return replace(before, failures=7)

    changed = webhooks.change(first.webhook_id, meanwhile)
    assert (changed.failures, changed.last_error) == (7, "e")
    webhooks.remove(first.webhook_id)
    assert webhooks.get(first.webhook_id) is None
    for missing in (webhooks.remove, lambda one: webhooks.change(one, lambda before: before)):
        with pytest.raises(NoSuchWebhook):
            missing(first.webhook_id)


def test_an_event_becomes_a_message_for_each_that_wants_it(
    courier: WebhookDispatcher, webhooks: DynamoDBWebhooks, queue: FakeAws
) -> None:
    wanting = [add(webhooks, "order.created") for _ in range(12)]
    add(webhooks, "order.deleted")
    webhooks.change(add(webhooks).webhook_id, lambda before: disabled(before, "for a test"))
    assert deliver(courier, from_bus(event_for_write(None, an_order()))) == []
    tasks = [json.loads(each.body) for each in passed_on(queue)]
    assert {task["webhook_id"] for task in tasks} == {each.webhook_id for each in wanting}
    assert len(queue.of("SendMessageBatch")) == 2


def test_the_table_is_not_scanned_for_each_event(
    connect: Connect, webhooks: DynamoDBWebhooks, queue: FakeAws
) -> None:
    now = 0.0
    courier = WebhookDispatcher(webhooks, connect(SQS, queue.url), "http://sqs/webhooks", clock=lambda: now)
    add(webhooks)
    events = [from_bus(event_for_write(None, an_order())) for _ in range(5)]
    assert deliver(courier, *events) == []
    assert len(passed_on(queue)) == 5
    add(webhooks)
    now = LIST_SECONDS - 1
    assert deliver(courier, *events) == []
    assert len(passed_on(queue)) == 10, "the list is used again"
    now = LIST_SECONDS
    assert deliver(courier, *events) == []
    assert len(passed_on(queue)) == 20, "the new webhook is heard of"


def test_a_slow_table_does_not_hold_up_the_other_deliveries(
    connect: Connect, webhooks: DynamoDBWebhooks, queue: FakeAws
) -> None:
    """Each delivery's look at the table ends only when all of them have begun theirs."""
    together = Barrier(4)

    class Slow(DynamoDBWebhooks):
        def get(self, webhook_id: str) -> Webhook | None:
            together.wait(30)
            return None

    slow = Slow(webhooks._client, webhooks._table)
    courier = WebhookDispatcher(slow, connect(SQS, queue.url), "http://sqs/webhooks")
    assert deliver(courier, *[for_one(add(webhooks)) for _ in range(4)]) == []


def test_an_event_that_was_not_passed_on_to_all_comes_again(
    courier: WebhookDispatcher, webhooks: DynamoDBWebhooks, queue: FakeAws
) -> None:
    add(webhooks)
    queue.answer = lambda _: {"Failed": [{"Id": "0", "Code": "InternalError"}]}
    event = from_bus(event_for_write(None, an_order()))
    assert deliver(courier, event) == [event.messageId]


def test_a_message_reaches_its_endpoint_and_verifies(
    courier: WebhookDispatcher, webhooks: DynamoDBWebhooks, queue: FakeAws
) -> None:
    async def run() -> None:
        async with listening(answer(OK)) as endpoint:
            before = add(webhooks, url=endpoint.url())
            after = webhooks.change(before.webhook_id, lambda webhook: rotate(webhook, time.time()))
            event = event_for_write(None, an_order())
            assert (await courier.deliver([from_bus(event)]))["batchItemFailures"] == []
            assert (await courier.deliver(passed_on(queue)))["batchItemFailures"] == []
        (request,) = endpoint.requests
        assert request.headers["webhook-id"] == event.id
        for webhook in (before, after):
            Verifier(webhook.secrets[0].value).verify(request.body, request.headers)

    asyncio.run(run())


def test_a_failed_delivery_is_seen_again_after_its_delay(
    courier: WebhookDispatcher, webhooks: DynamoDBWebhooks, queue: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "JITTER", 0)
    refusing = answer(b"HTTP/1.1 500 No\r\n\r\n")

    async def attempts(talk: Talk, *received: int) -> None:
        async with listening(talk) as endpoint:
            for number in received:
                task = for_one(add(webhooks, url=endpoint.url()), number)
                response = await courier.deliver([task])
                assert response["batchItemFailures"] == [{"itemIdentifier": task.messageId}]
                assert queue.of("ChangeMessageVisibility")[-1]["ReceiptHandle"] == task.receiptHandle

    asyncio.run(attempts(refusing, 1, 2, 9, 12))
    asyncio.run(attempts(answer(b"HTTP/1.1 429 Slow\r\nRetry-After: 900\r\n\r\n"), 1))
    delays = [request["VisibilityTimeout"] for request in queue.of("ChangeMessageVisibility")]
    assert delays == [5, 30, 28_800, 28_800, 900]


def test_a_hanging_endpoint_delays_no_other_of_its_batch(
    webhooks: DynamoDBWebhooks, connect: Connect, queue: FakeAws
) -> None:
    dead, alive = add(webhooks), add(webhooks)

    async def run() -> None:
        delivered = asyncio.Event()

        async def attempt(webhook: Webhook, _: Message) -> DeliveryResult:
            if webhook.webhook_id == dead.webhook_id:
                await delivered.wait()  # the one behind it in the batch
                return DeliveryResult("no answer within 15 s")
            delivered.set()
            return DeliveryResult(None)

        courier = WebhookDispatcher(webhooks, connect(SQS, queue.url), "http://sqs/webhooks", attempt)
        task = for_one(dead)
        response = await courier.deliver([task, for_one(alive)])
        assert response["batchItemFailures"] == [{"itemIdentifier": task.messageId}]

    asyncio.run(run())


def test_an_endpoint_that_fails_again_and_again_is_left_alone(
    webhooks: DynamoDBWebhooks, connect: Connect, queue: FakeAws
) -> None:
    webhook = add(webhooks)
    tried: list[str] = []

    async def attempt(_: Webhook, message: Message) -> DeliveryResult:
        tried.append(message.id)
        return DeliveryResult("it answered 500")

    courier = WebhookDispatcher(webhooks, connect(SQS, queue.url), "http://sqs/webhooks", attempt)
    for _ in range(10):
        assert len(deliver(courier, for_one(webhook))) == 1
    assert len(tried) == schedule.PATIENCE_FAILURES
    stored = webhooks.get(webhook.webhook_id)
    assert stored is not None
    assert stored.failures == schedule.PATIENCE_FAILURES


def test_a_success_is_noted_only_where_there_was_a_failure(
    webhooks: DynamoDBWebhooks, connect: Connect, queue: FakeAws
) -> None:
    webhook = add(webhooks)
    webhooks.change(webhook.webhook_id, lambda before: failed(before, "e", time.time()))

    async def attempt(_: Webhook, __: Message) -> DeliveryResult:
        return DeliveryResult(None)

    courier = WebhookDispatcher(webhooks, connect(SQS, queue.url), "http://sqs/webhooks", attempt)
    assert deliver(courier, for_one(webhook)) == []
    assert webhooks.get(webhook.webhook_id) == webhook


def test_what_is_for_nobody_any_more_is_dropped(
    courier: WebhookDispatcher, webhooks: DynamoDBWebhooks
) -> None:
    removed, off = add(webhooks), add(webhooks)
    webhooks.remove(removed.webhook_id)
    webhooks.change(off.webhook_id, lambda before: disabled(before, "for a test"))
    assert deliver(courier, for_one(removed), for_one(off)) == []


def test_410_disables_on_aws_too(courier: WebhookDispatcher, webhooks: DynamoDBWebhooks) -> None:
    async def run() -> str:
        async with listening(answer(b"HTTP/1.1 410 Gone\r\n\r\n")) as endpoint:
            webhook = add(webhooks, url=endpoint.url())
            await courier.deliver([for_one(webhook)])
            return webhook.webhook_id

    stored = webhooks.get(asyncio.run(run()))
    assert stored is not None
    assert stored.disabled is not None


def test_the_command_manages_webhooks_on_aws(
    webhooks: DynamoDBWebhooks, dynamodb_endpoint: str, tables: Tables
) -> None:
    name = tables.orders.removesuffix("-orders") + "-webhooks"
    store = f"dynamodb://{name}?region={REGION}&endpoint_url={dynamodb_endpoint}"

    def run(*argv: str) -> str:
        result = CliRunner().invoke(orders, ["webhook", *argv, "--store", store], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    added = json.loads(run("add", "https://shop.example.com/", "--json"))
    assert [row["id"] for row in json.loads(run("list", "--json"))] == [added["id"]]
    rotated = json.loads(run("rotate-secret", added["id"], "--json"))
    stored = webhooks.get(added["id"])
    assert stored is not None
    assert [each.value for each in stored.secrets] == [rotated["secret"], added["secret"]]
    run("enable", added["id"])
    run("remove", added["id"])
    assert webhooks.all() == []
