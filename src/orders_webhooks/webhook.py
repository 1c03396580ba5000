"""A webhook: its endpoint, the events it subscribed to, and how its deliveries went."""

import uuid
from collections.abc import Callable, Mapping
from typing import Annotated, Final, Protocol

from msgspec import Meta, Struct
from msgspec.structs import replace

from orders_core.stores import WebhookNotFound
from orders_core.webhook_schemas import EventName
from orders_webhooks.addresses import target_of
from orders_webhooks.schedule import pause
from orders_webhooks.signature import new_secret

DOTTED: Final[Mapping[str, str]] = {
    "OrderCreated": EventName.CREATED.value,
    "OrderUpdated": EventName.UPDATED.value,
    "OrderStatusChanged": EventName.STATUS_CHANGED.value,
    "OrderDeleted": EventName.DELETED.value,
    "OrderPersonalDataErased": EventName.PERSONAL_DATA_ERASED.value,
}
"""The names under which subscribers outside know the events."""

OVERLAP_SECONDS: Final = 24 * 3600
"""How long the secret before the newest still signs, so that a receiver can change over."""

DISABLE_AFTER_SECONDS: Final = 5 * 24 * 3600
DISABLE_AFTER_FAILURES: Final = 20
"""An endpoint is disabled when it has failed for so long, and so often, without a success between."""

MAX_FAILED_ATTEMPTS: Final = 10
_MAX_ERROR: Final = 200
"""What is kept of failed attempts must not make each write of a webhook, and each read, cost more."""


class FailedAttempt(Struct, frozen=True):
    """An attempt that failed, where failures are kept with the webhook. `at` is Unix time."""

    message_id: str
    at: float
    error: str


class Secret(Struct, frozen=True):
    """A signing key, `whsec_` and base64; it signs until `expires_at` (Unix time; None: for good)."""

    value: str
    expires_at: float | None = None

    def signs(self, now: float) -> bool:
        """Whether the secret signs messages at `now` (Unix time)."""
        return self.expires_at is None or self.expires_at > now


class Webhook(Struct, frozen=True, kw_only=True):
    """An endpoint and its subscription. `secrets` has the newest first; times are Unix times.

    `allow_loopback` lets it be on this machine, over plain HTTP: for development.
    """

    webhook_id: str
    url: str
    events: Annotated[tuple[str, ...], Meta(description="Dotted types; none means all.")]
    secrets: tuple[Secret, ...]
    created_at: float
    allow_loopback: bool = False
    disabled: str | None = None
    failures: int = 0
    failing_since: float | None = None
    last_failed_at: float | None = None
    last_error: str | None = None
    failed_attempts: tuple[FailedAttempt, ...] = ()
    requested: str = ""
    """What the request asked for that made it; empty if it came without an idempotency key."""

    @property
    def resumes_at(self) -> float:
        """Until then it is left alone, because it failed again and again."""
        return 0.0 if self.last_failed_at is None else self.last_failed_at + pause(self.failures)

    def wants(self, event_type: str) -> bool:
        """Whether the webhook subscribed to events of this type, such as OrderCreated."""
        dotted = DOTTED.get(event_type)
        return dotted is not None and (not self.events or dotted in self.events)

    def signing_secrets(self, now: float) -> list[str]:
        """The secrets that sign at `now` (Unix time), the newest first."""
        return [each.value for each in self.secrets if each.signs(now)]


class NoSuchWebhook(WebhookNotFound, ValueError):
    """There is no webhook with this id, or no longer."""

    def __init__(self, webhook_id: str) -> None:
        super().__init__(f"There is no webhook {webhook_id}; `orders webhook list` shows those there are.")


class Webhooks(Protocol):
    """The store of webhooks, one for each host."""

    def get(self, webhook_id: str) -> Webhook | None:
        """Read one webhook; None if it does not exist."""

    def all(self) -> list[Webhook]:
        """In the order in which they were added."""

    def change(self, webhook_id: str, change: Callable[[Webhook], Webhook]) -> Webhook:
        """Replace a webhook by what `change` makes of it, without losing a concurrent change.

        Raises:
            NoSuchWebhook: it does not exist.
        """

    def remove(self, webhook_id: str) -> None:
        """Delete a webhook.

        Raises:
            NoSuchWebhook: it does not exist.
        """


def subscribe(url: str, events: tuple[str, ...], now: float, *, allow_loopback: bool = False) -> Webhook:
    """A new webhook with a secret of its own.

    Raises:
        ValueError: the URL cannot be used for a webhook, or the type of event does not exist.
    """
    target_of(url, allow_loopback=allow_loopback)
    for name in events:
        if name not in DOTTED.values():
            raise ValueError(f"There is no event {name}: choose from {', '.join(DOTTED.values())}.")
    return Webhook(
        webhook_id=f"wh_{uuid.uuid4().hex[:12]}",
        url=url,
        events=events,
        secrets=(Secret(new_secret()),),
        created_at=now,
        allow_loopback=allow_loopback,
    )


def rotate(webhook: Webhook, now: float) -> Webhook:
    """With a new secret; those before it sign beside it for OVERLAP_SECONDS at most."""
    end = now + OVERLAP_SECONDS
    before = [Secret(each.value, min(each.expires_at or end, end)) for each in webhook.secrets]
    return replace(webhook, secrets=(Secret(new_secret()), *(each for each in before if each.signs(now))))


def succeeded(webhook: Webhook) -> Webhook:
    """Forget the failures of a webhook: a delivery succeeded."""
    return replace(webhook, failures=0, failing_since=None, last_failed_at=None, last_error=None)


def failed(
    webhook: Webhook, error: str, now: float, *, gone: bool = False, message_id: str | None = None
) -> Webhook:
    """After one more failure, perhaps the one that disables it; `gone` is the endpoint's own wish.

    With a `message_id` it is among the latest failed attempts, for hosts that keep no other list of them.
    """
    if message_id is not None:
        latest = FailedAttempt(message_id, now, error[:_MAX_ERROR])
        kept = (latest, *webhook.failed_attempts)[:MAX_FAILED_ATTEMPTS]
        webhook = replace(webhook, failed_attempts=kept)
    since = webhook.failing_since or now
    after = replace(
        webhook, failures=webhook.failures + 1, failing_since=since, last_failed_at=now, last_error=error
    )
    if gone:
        return disabled(after, "The endpoint answered 410 Gone.")
    if after.failures >= DISABLE_AFTER_FAILURES and now - since >= DISABLE_AFTER_SECONDS:
        days = DISABLE_AFTER_SECONDS // 86_400
        return disabled(after, f"No delivery succeeded for {days} days; the last error: {error}")
    return after


def disabled(webhook: Webhook, reason: str) -> Webhook:
    """Stop deliveries to a webhook, for a reason that its owner can read."""
    return replace(webhook, disabled=reason)


def enabled(webhook: Webhook) -> Webhook:
    """Resume deliveries to a webhook and forget its failures."""
    return replace(succeeded(webhook), disabled=None)
