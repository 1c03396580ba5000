"""Webhooks as the API manages them are the same over either host's store."""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.real_parts.tables import REGION, create_orders_table

from orders_aws.consumers.webhook_store import DynamoDBWebhooks
from orders_aws.dynamodb.client import DynamoDBClient
from orders_aws.webhook_registry import QueuedWebhooks
from orders_core.stores import InvalidWebhook, WebhookKeyReused, WebhookNotFound, WebhookRegistry
from orders_core.webhook_schemas import MAX_WEBHOOKS, EventName, WebhookInput, WebhookPatch
from orders_host.relay import Relay
from orders_host.sqlite import SqliteOrderRepository
from orders_webhooks.webhook import MAX_FAILED_ATTEMPTS, failed

URL = "https://shop.example.com/orders"
ORDER = "01890000-0000-8000-8000-000000000001"


@pytest.fixture(params=["relayed", "queued"])
def webhooks(request: pytest.FixtureRequest) -> WebhookRegistry:
    """No webhooks yet."""
    registry: WebhookRegistry = request.getfixturevalue(f"{request.param}_webhooks")
    return registry


@pytest.fixture
def relayed_webhooks(tmp_path: Path) -> Iterator[WebhookRegistry]:
    with closing(SqliteOrderRepository(tmp_path / "orders.db")), closing(Relay(tmp_path)) as relay:
        yield relay.webhooks


@pytest.fixture
def client(dynamodb_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[DynamoDBClient]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with closing(DynamoDBClient(REGION, dynamodb_endpoint)) as client:
        yield client


@pytest.fixture
def orders_table(dynamodb_endpoint: str) -> str:
    return create_orders_table(dynamodb_endpoint)


@pytest.fixture
def queued_webhooks(client: DynamoDBClient, orders_table: str) -> WebhookRegistry:
    return QueuedWebhooks(client, orders_table)


def test_a_webhook_is_added_with_a_secret_that_is_never_shown_again(webhooks: WebhookRegistry) -> None:
    created = webhooks.create(WebhookInput(URL, [EventName.CREATED]), None)
    assert created.secret is not None
    assert created.secret.startswith("whsec_")
    assert (created.webhook.url, created.webhook.events) == (URL, ["order.created"])
    assert (created.webhook.enabled, created.webhook.failures) == (True, 0)
    assert webhooks.read(created.webhook.webhook_id) == created.webhook
    assert webhooks.list_webhooks() == [created.webhook]


def test_the_same_key_adds_one(webhooks: WebhookRegistry) -> None:
    first = webhooks.create(WebhookInput(URL), "wh_of-this-key")
    again = webhooks.create(WebhookInput(URL), "wh_of-this-key")
    assert (again.webhook, again.secret) == (first.webhook, None)
    webhooks.modify("wh_of-this-key", WebhookPatch(url=f"{URL}/new"))
    assert webhooks.create(WebhookInput(URL), "wh_of-this-key").webhook.url == f"{URL}/new"
    with pytest.raises(WebhookKeyReused):
        webhooks.create(WebhookInput(f"{URL}/another"), "wh_of-this-key")
    assert len(webhooks.list_webhooks()) == 1


@pytest.mark.parametrize(
    "url", ["http://shop.example.com/", "https://127.0.0.1/", "https://[::1]/", "https://10.0.0.7/", "shop"]
)
def test_an_address_that_is_not_public_is_refused(webhooks: WebhookRegistry, url: str) -> None:
    with pytest.raises(InvalidWebhook):
        webhooks.create(WebhookInput(url), None)
    webhook = webhooks.create(WebhookInput(URL), None).webhook
    with pytest.raises(InvalidWebhook):
        webhooks.modify(webhook.webhook_id, WebhookPatch(url=url))
    assert webhooks.list_webhooks() == [webhook]


def test_one_too_many_is_refused(webhooks: WebhookRegistry) -> None:
    for _ in range(MAX_WEBHOOKS):
        webhooks.create(WebhookInput(URL), None)
    with pytest.raises(InvalidWebhook, match="delete one"):
        webhooks.create(WebhookInput(URL), None)


def test_a_webhook_is_changed_disabled_and_enabled(webhooks: WebhookRegistry) -> None:
    webhook_id = webhooks.create(WebhookInput(URL), None).webhook.webhook_id
    changed = webhooks.modify(webhook_id, WebhookPatch(events=[EventName.DELETED], enabled=False))
    assert (changed.url, changed.events, changed.enabled) == (URL, ["order.deleted"], False)
    assert changed.disabled_reason == "It was disabled by staff."
    enabled = webhooks.modify(webhook_id, WebhookPatch(enabled=True))
    assert (enabled.enabled, enabled.disabled_reason, enabled.events) == (True, None, ["order.deleted"])


def test_each_new_secret_is_another(webhooks: WebhookRegistry) -> None:
    created = webhooks.create(WebhookInput(URL), None)
    rotated = webhooks.rotate_secret(created.webhook.webhook_id)
    assert rotated.webhook == created.webhook
    assert rotated.secret not in (None, created.secret)


def test_a_deleted_webhook_is_gone(webhooks: WebhookRegistry) -> None:
    webhook_id = webhooks.create(WebhookInput(URL), None).webhook.webhook_id
    webhooks.delete(webhook_id)
    assert webhooks.list_webhooks() == []
    for use in (webhooks.read, webhooks.delete, webhooks.rotate_secret, webhooks.deliveries):
        with pytest.raises(WebhookNotFound):
            use(webhook_id)
    with pytest.raises(WebhookNotFound):
        webhooks.modify(webhook_id, WebhookPatch(enabled=True))
    with pytest.raises(WebhookNotFound):
        webhooks.replay(webhook_id, None, None)


def test_a_new_webhook_has_had_no_deliveries(webhooks: WebhookRegistry) -> None:
    webhook_id = webhooks.create(WebhookInput(URL), None).webhook.webhook_id
    assert webhooks.deliveries(webhook_id).attempts == []


def test_on_aws_the_latest_failures_are_kept_with_the_webhook(
    client: DynamoDBClient, orders_table: str, queued_webhooks: WebhookRegistry
) -> None:
    webhook_id = queued_webhooks.create(WebhookInput(URL), None).webhook.webhook_id
    store = DynamoDBWebhooks(client, f"{orders_table.removesuffix('-orders')}-webhooks")
    for version in range(1, MAX_FAILED_ATTEMPTS + 3):
        store.change(
            webhook_id,
            lambda before, event=f"{ORDER}:{version}": failed(  # type: ignore[misc]
                before, "it answered 503" * 50, time.time(), message_id=event
            ),
        )
    attempts = queued_webhooks.deliveries(webhook_id).attempts
    assert [each.event_id for each in attempts] == [
        f"{ORDER}:{version}" for version in range(MAX_FAILED_ATTEMPTS + 2, 2, -1)
    ]
    assert {each.order_id for each in attempts} == {ORDER}
    assert len(attempts[0].error or "") == 200


def test_on_aws_a_replay_names_what_can_be_done(queued_webhooks: WebhookRegistry) -> None:
    webhook_id = queued_webhooks.create(WebhookInput(URL), None).webhook.webhook_id
    with pytest.raises(InvalidWebhook, match="archive"):
        queued_webhooks.replay(webhook_id, None, ORDER)
