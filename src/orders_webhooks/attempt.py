"""One attempt to deliver a message to a webhook, from its URL to what came of it."""

import asyncio
import time
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple

from orders_webhooks import http
from orders_webhooks.addresses import RefusedUrl, Target, check_address, target_of
from orders_webhooks.http import NoReply, Resolver, WebhookResponse
from orders_webhooks.payload import Message
from orders_webhooks.signature import signed_headers
from orders_webhooks.webhook import Webhook

USER_AGENT: Final = "orders-api-webhooks/1"


class DeliveryResult(NamedTuple):
    """The outcome of one attempt.

    `error` is None after a delivery. `retry_after` is in seconds. `gone` disables the webhook.
    """

    error: str | None
    retry_after: float | None = None
    gone: bool = False


async def attempt(webhook: Webhook, message: Message, resolver: Resolver = http.resolve) -> DeliveryResult:
    """Send the message, signed anew; whatever happens is the result, within 15 seconds."""
    try:
        async with asyncio.timeout(http.TOTAL_TIMEOUT_SECONDS):
            reply = await _send(webhook, message, resolver)
    except TimeoutError:
        return DeliveryResult(f"no answer within {http.TOTAL_TIMEOUT_SECONDS:.0f} s")
    except (RefusedUrl, NoReply) as error:
        return DeliveryResult(str(error))
    return _result(reply)


async def _send(webhook: Webhook, message: Message, resolver: Resolver) -> WebhookResponse:
    target = target_of(webhook.url, allow_loopback=webhook.allow_loopback)
    addresses = await _allowed_addresses(target, webhook, resolver)
    now = time.time()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        **signed_headers(message.id, int(now), message.body, webhook.signing_secrets(now)),
    }
    return await http.post(target, addresses, headers, message.body)


async def _allowed_addresses(target: Target, webhook: Webhook, resolver: Resolver) -> list[str]:
    """All of a host's addresses. A name that leads inside by one of them is not trusted at all."""
    try:
        async with asyncio.timeout(http.CONNECT_TIMEOUT_SECONDS):
            addresses = await resolver(target.host, target.port)
    except TimeoutError:
        raise NoReply(f"{target.host} was not found within {http.CONNECT_TIMEOUT_SECONDS:.0f} s") from None
    except OSError as error:
        raise NoReply(f"{target.host} was not found: {error.strerror or error}") from None
    for address in addresses:
        check_address(target, address, allow_loopback=webhook.allow_loopback)
    return addresses


def _result(reply: WebhookResponse) -> DeliveryResult:
    if 200 <= reply.status < 300:
        return DeliveryResult(None)
    if 300 <= reply.status < 400:
        return DeliveryResult(f"it answered {reply.status}: redirects are not followed")
    return DeliveryResult(f"it answered {reply.status}", _retry_after(reply), gone=reply.status == 410)


def _retry_after(reply: WebhookResponse) -> float | None:
    """RFC 9110 §10.2.3: seconds, or a date."""
    text = reply.headers.get("retry-after", "")
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None
