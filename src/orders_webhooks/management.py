"""Manages webhooks for the API, over the store of either host."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from orders_core import timestamps
from orders_core.stores import InvalidWebhook, WebhookKeyReused
from orders_core.webhook_schemas import (
    MAX_WEBHOOKS,
    Deliveries,
    Replay,
    WebhookInput,
    WebhookPatch,
    WebhookView,
    WebhookWithSecret,
)
from orders_webhooks.addresses import RefusedUrl, target_of
from orders_webhooks.webhook import (
    NoSuchWebhook,
    Webhook,
    Webhooks,
    disabled,
    enabled,
    rotate,
    subscribe,
)

DISABLED_BY_STAFF = "It was disabled by staff."


class WebhookStore(Webhooks, Protocol):
    """A store that new webhooks can be added to."""

    def add(self, webhook: Webhook) -> None:
        """Store a new webhook, which hears of what happens from now on."""


class ManagedWebhooks(ABC):
    """`WebhookRegistry`, except for what each host knows of deliveries."""

    def __init__(self, webhooks: WebhookStore, clock: Callable[[], float] = time.time) -> None:
        self._webhooks = webhooks
        self._clock = clock

    def list_webhooks(self) -> list[WebhookView]:
        """See `WebhookRegistry`."""
        return [_view_of(each) for each in self._webhooks.all()]

    def create(self, webhook: WebhookInput, webhook_id: str | None) -> WebhookWithSecret:
        """See `WebhookRegistry`."""
        requested = msgspec.json.encode(webhook).decode()
        existing = None if webhook_id is None else self._webhooks.get(webhook_id)
        if existing is not None:
            if existing.requested != requested:
                raise WebhookKeyReused
            return WebhookWithSecret(_view_of(existing), None)
        try:
            added = subscribe(webhook.url, tuple(each.value for each in webhook.events), self._clock())
        except RefusedUrl as error:
            raise InvalidWebhook("url", str(error)) from None
        if len(self._webhooks.all()) >= MAX_WEBHOOKS:
            raise InvalidWebhook(
                "url", f"is one too many: there are {MAX_WEBHOOKS} webhooks; delete one first"
            )
        if webhook_id is not None:
            added = replace(added, webhook_id=webhook_id, requested=requested)
        self._webhooks.add(added)
        return _with_secret(added)

    def read(self, webhook_id: str) -> WebhookView:
        """See `WebhookRegistry`."""
        return _view_of(self._existing(webhook_id))

    def modify(self, webhook_id: str, patch: WebhookPatch) -> WebhookView:
        """See `WebhookRegistry`."""
        return _view_of(self._webhooks.change(webhook_id, lambda before: _patched(before, patch)))

    def delete(self, webhook_id: str) -> None:
        """See `WebhookRegistry`."""
        self._webhooks.remove(webhook_id)

    def rotate_secret(self, webhook_id: str) -> WebhookWithSecret:
        """See `WebhookRegistry`."""
        return _with_secret(self._webhooks.change(webhook_id, lambda before: rotate(before, self._clock())))

    @abstractmethod
    def deliveries(self, webhook_id: str) -> Deliveries:
        """See `WebhookRegistry`."""

    @abstractmethod
    def replay(self, webhook_id: str, since: str | None, order_id: str | None) -> Replay:
        """See `WebhookRegistry`."""

    def _existing(self, webhook_id: str) -> Webhook:
        found = self._webhooks.get(webhook_id)
        if found is None:
            raise NoSuchWebhook(webhook_id)
        return found


def time_of(unix_time: float) -> str:
    """A Unix time as the API shows times."""
    return timestamps.to_text(datetime.fromtimestamp(unix_time, UTC))


def _patched(webhook: Webhook, patch: WebhookPatch) -> Webhook:
    if patch.url is not UNSET and patch.url != webhook.url:
        try:
            target_of(patch.url, allow_loopback=False)
        except RefusedUrl as error:
            raise InvalidWebhook("url", str(error)) from None
        # An endpoint on this machine is allowed by the command line only, and for the address that it named.
        webhook = replace(webhook, url=patch.url, allow_loopback=False)
    if patch.events is not UNSET:
        webhook = replace(webhook, events=tuple(each.value for each in patch.events))
    if patch.enabled is True:
        return enabled(webhook)
    if patch.enabled is False and webhook.disabled is None:
        return disabled(webhook, DISABLED_BY_STAFF)
    return webhook


def _with_secret(webhook: Webhook) -> WebhookWithSecret:
    return WebhookWithSecret(_view_of(webhook), webhook.secrets[0].value)


def _view_of(webhook: Webhook) -> WebhookView:
    return WebhookView(
        webhook_id=webhook.webhook_id,
        url=webhook.url,
        events=list(webhook.events),
        enabled=webhook.disabled is None,
        disabled_reason=webhook.disabled,
        failures=webhook.failures,
        failing_since=None if webhook.failing_since is None else time_of(webhook.failing_since),
        last_error=webhook.last_error,
        created_at=time_of(webhook.created_at),
    )
