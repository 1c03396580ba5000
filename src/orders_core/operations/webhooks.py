"""Manage webhooks, and see and repeat their deliveries."""

import msgspec
from msgspec import UNSET, Struct

from orders_core import merge_patch, parameters
from orders_core.operations.common import Clock, id_for, read_body
from orders_core.parameter_table import read_time
from orders_core.proxy import Outcome, Request, response
from orders_core.stores import InvalidWebhook, Store, WebhookRegistry
from orders_core.webhook_schemas import (
    ReplayInput,
    WebhookInput,
    WebhookList,
    WebhookPatch,
    WebhookWithSecret,
)


def list_webhooks(request: Request, store: Store, _: Clock) -> Outcome:
    """List all webhooks with how they do."""
    return _answer(200, WebhookList(_webhooks(request, store).list_webhooks()))


def create_webhook(request: Request, store: Store, _: Clock) -> Outcome:
    """Add a webhook: 201 with its secret; without, if the same key made it before."""
    webhooks = _webhooks(request, store)
    key = parameters.idempotency_key(request.headers)
    body = read_body(request, WebhookInput)
    webhook_id = None if key is None else f"wh_{id_for('webhook', request.caller.sub, key)}"
    created = webhooks.create(body, webhook_id)
    location = f"{request.context['path'].rstrip('/')}/{created.webhook.webhook_id}"
    replayed = {"Idempotent-Replayed": "true"} if created.secret is None else {}
    return _answer(201, created, {"Location": location, **replayed})


def get_webhook(request: Request, store: Store, _: Clock) -> Outcome:
    """Return one webhook."""
    return _answer(200, _webhooks(request, store).read(_id_of(request)))


def change_webhook(request: Request, store: Store, _: Clock) -> Outcome:
    """Change a webhook's address or its events, disable or enable it."""
    webhooks = _webhooks(request, store)
    body = read_body(request, WebhookPatch, (merge_patch.MEDIA_TYPE, parameters.JSON))
    return _answer(200, webhooks.modify(_id_of(request), body))


def delete_webhook(request: Request, store: Store, _: Clock) -> Outcome:
    """Remove a webhook, with what it still had to get."""
    _webhooks(request, store).delete(_id_of(request))
    return Outcome(response(204))


def rotate_webhook_secret(request: Request, store: Store, _: Clock) -> Outcome:
    """Sign with a new secret, and for a day with the one before as well."""
    rotated: WebhookWithSecret = _webhooks(request, store).rotate_secret(_id_of(request))
    return _answer(200, rotated)


def list_webhook_deliveries(request: Request, store: Store, _: Clock) -> Outcome:
    """Return the latest attempts, and what is still to be delivered."""
    return _answer(200, _webhooks(request, store).deliveries(_id_of(request)))


def replay_webhook(request: Request, store: Store, _: Clock) -> Outcome:
    """Deliver events once more: 202, they are delivered beside."""
    webhooks = _webhooks(request, store)
    body = read_body(request, ReplayInput)
    order_id = None if body.order_id is UNSET else body.order_id.lower()
    return _answer(202, webhooks.replay(_id_of(request), _since(body), order_id))


def _webhooks(request: Request, store: Store) -> WebhookRegistry:
    """Check what all of these operations check first, and return the webhooks."""
    parameters.reject_query(request.query)
    return store.webhooks


def _id_of(request: Request) -> str:
    return request.path_parameters["webhook_id"]


def _since(body: ReplayInput) -> str | None:
    if body.since is UNSET:
        return None
    try:
        return read_time(body.since)
    except ValueError:
        raise InvalidWebhook("since", "must be an RFC 3339 time such as 2026-01-31T09:30:00Z") from None


def _answer(status: int, body: Struct, headers: dict[str, str] | None = None) -> Outcome:
    return Outcome(response(status, msgspec.json.encode(body), headers))
