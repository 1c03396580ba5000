"""What a webhook receives: signed as Standard Webhooks has it, small, and plain about what it leaves out."""

import datetime
import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError
from tests.orders import MUGS, an_order

from orders_core.events import EventType, OrderEvent, event_for_delete, event_for_write
from orders_core.models import LineItem, OrderContent
from orders_core.schemas import event_view_of
from orders_webhooks.payload import MAX_BODY_BYTES, message_of, without_large_fields
from orders_webhooks.signature import signed_headers
from orders_webhooks.webhook import (
    DISABLE_AFTER_FAILURES,
    DISABLE_AFTER_SECONDS,
    DOTTED,
    OVERLAP_SECONDS,
    Webhook,
    enabled,
    failed,
    rotate,
    subscribe,
    succeeded,
)

URL = "https://shop.example.com/hook"
NOW = 1_790_000_000.0


@pytest.fixture(autouse=True)
def clock_of_the_other_implementation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let its clock show `NOW`: it takes no message that is more than five minutes old."""

    class Clock(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> "Clock":
            return cls.fromtimestamp(NOW, tz)

    monkeypatch.setattr("standardwebhooks.webhooks.datetime", Clock)


def a_webhook(*events: str) -> Webhook:
    return subscribe(URL, events, NOW)


def headers_of(webhook: Webhook, event: OrderEvent, now: float = NOW) -> tuple[dict[str, str], bytes]:
    message = message_of(event_view_of(event))
    return signed_headers(message.id, int(now), message.body, webhook.signing_secrets(now)), message.body


def test_another_implementation_verifies_the_signature() -> None:
    webhook, event = a_webhook(), event_for_write(None, an_order())
    headers, body = headers_of(webhook, event)
    verified: Any = Verifier(webhook.secrets[0].value).verify(body, headers)
    assert verified["type"] == "order.created"
    assert verified["timestamp"] == event.time
    assert verified["data"]["order"]["total_amount"] == "19.00"
    assert headers["webhook-id"] == event.id


@pytest.mark.parametrize("change", ["body", "webhook-id", "webhook-timestamp", "secret"])
def test_nothing_of_a_message_can_be_changed(change: str) -> None:
    webhook = a_webhook()
    headers, body = headers_of(webhook, event_for_write(None, an_order()))
    secret = webhook.secrets[0].value
    if change == "body":
        body = body.replace(b"19.00", b"91.00")
    elif change == "secret":
        secret = a_webhook().secrets[0].value
    else:
        headers[change] = str(int(NOW) - 1)
    with pytest.raises(WebhookVerificationError):
        Verifier(secret).verify(body, headers)


def test_for_a_day_after_a_rotation_both_secrets_verify() -> None:
    before = a_webhook()
    after = rotate(before, NOW)
    old, new = Verifier(before.secrets[0].value), Verifier(after.secrets[0].value)
    headers, body = headers_of(after, event_for_write(None, an_order()))
    assert len(headers["webhook-signature"].split(" ")) == 2
    old.verify(body, headers)
    new.verify(body, headers)
    assert after.signing_secrets(NOW + OVERLAP_SECONDS) == [after.secrets[0].value]


def test_rotating_twice_within_a_day_cuts_no_receiver_off() -> None:
    first = a_webhook()
    third = rotate(rotate(first, NOW), NOW + 60)
    assert len(third.signing_secrets(NOW + 120)) == 3
    assert first.secrets[0].value not in third.signing_secrets(NOW + OVERLAP_SECONDS)
    assert len(rotate(third, NOW + 3 * OVERLAP_SECONDS).secrets) == 2


def test_every_event_has_a_dotted_type() -> None:
    assert set(DOTTED) == set(get_args(EventType))


def test_a_webhook_hears_of_what_it_asked_for() -> None:
    assert all(a_webhook().wants(name) for name in get_args(EventType))
    assert a_webhook("order.deleted").wants("OrderDeleted")
    assert not a_webhook("order.deleted").wants("OrderCreated")
    assert not a_webhook().wants("SomethingNewer")
    with pytest.raises(ValueError, match=r"order\.created"):
        a_webhook("order.exploded")


words = st.text(max_size=200)
items = st.builds(LineItem, st.text(min_size=1, max_size=64), st.just(3), st.just(950), words)
contents = st.builds(
    OrderContent,
    st.lists(items, min_size=1, max_size=100).map(tuple),
    st.just("EUR"),
    notes=st.text(max_size=1_000),
    metadata=st.dictionaries(st.text(min_size=1, max_size=40), words, max_size=20),
)


@given(contents)
def test_no_body_is_too_large_and_what_is_missing_is_named(content: OrderContent) -> None:
    event = event_view_of(event_for_write(None, an_order(content=content)))
    body = message_of(event).body
    assert len(body) <= MAX_BODY_BYTES
    data = json.loads(body)["data"]
    full = json.loads(json.dumps({"items": len(content.items), "metadata": content.metadata}))
    assert ("items" in data["left_out"]) == (data["order"]["items"] == [])
    assert ("metadata" in data["left_out"]) or data["order"]["metadata"] == full["metadata"]
    assert data["order"]["total_amount"] == event.order.total_amount


def test_the_largest_order_fits_without_its_items() -> None:
    names = tuple(LineItem(f"product-{number}", 1, 100, "ñ" * 200) for number in range(100))
    event = event_view_of(event_for_write(None, an_order(content=replace(MUGS, items=names))))
    data = json.loads(message_of(event).body)["data"]
    assert data["left_out"] == ["items"]
    assert data["order"]["total_amount"] == "100.00"


def test_a_deleted_order_is_told_as_it_was() -> None:
    order = an_order()
    event = event_view_of(event_for_delete(order, order.updated_at, "ana"))
    body = json.loads(message_of(event).body)
    assert body["type"] == "order.deleted"
    assert (body["data"]["version"], body["data"]["order"]["version"]) == (2, 1)


def test_an_endpoint_is_disabled_when_it_fails_long_and_often() -> None:
    often = a_webhook()
    for _ in range(DISABLE_AFTER_FAILURES * 2):
        often = failed(often, "it answered 500", NOW)
    assert often.disabled is None
    seldom = failed(failed(a_webhook(), "e", NOW), "e", NOW + DISABLE_AFTER_SECONDS)
    assert seldom.disabled is None
    both = failed(often, "it answered 500", NOW + DISABLE_AFTER_SECONDS)
    assert both.disabled is not None
    assert "it answered 500" in both.disabled
    assert enabled(both).disabled is None
    assert enabled(both).failures == 0


def test_a_success_starts_the_count_anew() -> None:
    webhook = failed(a_webhook(), "e", NOW)
    for _ in range(DISABLE_AFTER_FAILURES):
        webhook = failed(succeeded(webhook), "e", NOW + DISABLE_AFTER_SECONDS)
    assert webhook.disabled is None


def test_410_disables_at_once() -> None:
    assert (
        failed(a_webhook(), "it answered 410", NOW, gone=True).disabled == "The endpoint answered 410 Gone."
    )


def test_what_the_bus_left_out_is_left_out_of_the_message_too() -> None:
    event = event_view_of(event_for_write(None, an_order(content=replace(MUGS, notes="x" * 2_000))))
    body = json.loads(message_of(without_large_fields(event, 1_500)).body)
    assert body["data"]["left_out"] == [
        "items",
        "returns",
        "payments",
        "shipments",
        "comments",
        "discounts",
        "taxes",
        "metadata",
        "notes",
    ]
    assert json.loads(message_of(event).body)["data"]["left_out"] == []
