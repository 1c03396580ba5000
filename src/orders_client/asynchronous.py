"""`AsyncOrders`: the client for asyncio."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Self, Unpack

import httpx

from orders_client import calls
from orders_client.calls import Call, T
from orders_client.errors import Unauthorized
from orders_client.retrying import Answer, Retries, Steps
from orders_client.session import Host, Session
from orders_client.steps import LATE_SECONDS, TIMEOUT, perform
from orders_client.types import (
    BatchResults,
    Changes,
    Deliveries,
    Details,
    Erasure,
    Filters,
    NewComment,
    NewLineItem,
    NewOrder,
    NewPayment,
    NewShipment,
    Order,
    OrderEvent,
    OrderStatus,
    PaymentStatus,
    PersonalData,
    Replay,
    ReturnLine,
    ReturnStatus,
    Statistics,
    Webhook,
    WebhookWithSecret,
)


class AsyncOrders:
    """As `Orders`, with methods to be awaited. It may be shared by the tasks of one event loop."""

    def __init__(
        self,
        where: Host | str,
        email: str,
        password: str,
        *,
        api_key: str | None = None,
        mfa_code: Callable[[], str] | None = None,
        retries: Retries | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._retries = retries or Retries()
        self._session = Session(where, email, password, self._retries, mfa_code=mfa_code)
        self._signing_in = asyncio.Lock()
        self._api_key = api_key
        self._http = httpx.AsyncClient(timeout=TIMEOUT, transport=transport)

    async def create(
        self, items: Sequence[NewLineItem], *, idempotency_key: str | None = None, **details: Unpack[Details]
    ) -> Order:
        """Places an order: once for a key, which is a new one for each call unless you give yours."""
        return await self.call(calls.create_order(items, idempotency_key, **details))

    async def create_all(self, orders: Sequence[NewOrder]) -> BatchResults:
        """Places up to 100 orders; the API refuses some and takes others. Each once for its key."""
        return await self.call(calls.create_orders(orders))

    async def get(self, order_id: str, *, version: int | None = None, at: datetime | None = None) -> Order:
        """The order as last written, or as it was at a version or at a time (which has an offset)."""
        return await self.call(calls.get_order(order_id, version, at))

    async def list(self, **filters: Unpack[Filters]) -> AsyncIterator[Order]:
        """Orders, newest first or as `sort` says; asks for a page when the one before is used up."""
        cursor = None
        while True:
            page = await self.call(calls.list_orders(cursor, **filters))
            for order in page.orders:
                yield order
            if (cursor := page.next_cursor) is None:
                return

    async def replace(self, order: Order, **changes: Unpack[Changes]) -> Order:
        """The order with the changes."""
        return await self.call(calls.replace_order(order, **changes))

    async def change(self, order: Order, **changes: Unpack[Changes]) -> Order:
        """The order with the changes, of which alone is sent: a member of None is removed."""
        return await self.call(calls.change_order(order, **changes))

    async def cancel(self, order: Order) -> Order:
        """The order, CANCELLED."""
        return await self.replace(order, status=OrderStatus.CANCELLED)

    async def delete(self, order: Order) -> None:
        """Deletes an order that is PENDING or CANCELLED."""
        await self.call(calls.delete_order(order))

    async def request_return(
        self, order: Order, lines: Sequence[ReturnLine], reason: str, *, idempotency_key: str | None = None
    ) -> Order:
        """Asks to send lines of a DELIVERED order back; the answer's last return is the new one."""
        return await self.call(calls.request_return(order, lines, reason, idempotency_key))

    async def move_return(
        self, order: Order, return_id: str, status: ReturnStatus, *, shipping_refund: Decimal | None = None
    ) -> Order:
        """Moves a return on; for staff."""
        return await self.call(calls.move_return(order, return_id, status, shipping_refund))

    async def record_payment(self, order: Order, payment: NewPayment) -> Order:
        """Records what a payment provider did; once for a provider's reference. For staff."""
        return await self.call(calls.record_payment(order, payment))

    async def move_payment(
        self, order: Order, payment_id: str, status: PaymentStatus, *, refunded_amount: Decimal | None = None
    ) -> Order:
        """Moves a payment on; for staff. `refunded_amount` is all that was paid back of it so far."""
        return await self.call(calls.move_payment(order, payment_id, status, refunded_amount))

    async def record_shipment(self, order: Order, shipment: NewShipment) -> Order:
        """Records what was handed to a carrier; once for its tracking number. For staff."""
        return await self.call(calls.record_shipment(order, shipment))

    async def write_comment(
        self, order: Order, comment: NewComment, *, idempotency_key: str | None = None
    ) -> Order:
        """Comments on an order; from staff for staff only, unless it says that it is VISIBLE."""
        return await self.call(calls.write_comment(order, comment, idempotency_key))

    async def events(self, order_id: str) -> AsyncIterator[OrderEvent]:
        """What happened to an order, oldest first."""
        cursor = None
        while True:
            page = await self.call(calls.list_order_events(order_id, cursor))
            for event in page.events:
                yield event
            if (cursor := page.next_cursor) is None:
                return

    async def statistics(self, first: date | None = None, last: date | None = None) -> Statistics:
        """Orders and revenue of each day (UTC), by default of the last 30; for staff."""
        return await self.call(calls.get_statistics(first, last))

    async def export_customer(self, customer_id: str) -> AsyncIterator[PersonalData]:
        """All that is held of a customer, a page of orders at a time; for staff."""
        cursor = None
        while True:
            page = await self.call(calls.export_customer(customer_id, cursor))
            yield page
            if (cursor := page.next_cursor) is None:
                return

    async def erase_customer(self, customer_id: str) -> AsyncIterator[Erasure]:
        """Erases a customer's personal data for good, some orders for each step that is taken; for staff."""
        cursor = None
        while True:
            step = await self.call(calls.erase_customer(customer_id, cursor))
            yield step
            if (cursor := step.next_cursor) is None:
                return
            if step.late:
                await asyncio.sleep(LATE_SECONDS)

    async def webhooks(self) -> Sequence[Webhook]:
        """All webhooks, oldest first; for staff, as is all about webhooks."""
        return (await self.call(calls.list_webhooks())).webhooks

    async def create_webhook(
        self, url: str, events: Sequence[str] = (), *, idempotency_key: str | None = None
    ) -> WebhookWithSecret:
        """Adds an endpoint that is told of these events, or of all; its secret is shown this once."""
        return await self.call(calls.create_webhook(url, events, idempotency_key))

    async def webhook(self, webhook_id: str) -> Webhook:
        """A webhook, and how it does."""
        return await self.call(calls.get_webhook(webhook_id))

    async def change_webhook(
        self,
        webhook_id: str,
        *,
        url: str | None = None,
        events: Sequence[str] | None = None,
        enabled: bool | None = None,
    ) -> Webhook:
        """Changes what is given."""
        return await self.call(calls.change_webhook(webhook_id, url, events, enabled=enabled))

    async def delete_webhook(self, webhook_id: str) -> None:
        """Deletes a webhook with all that it still had to get."""
        await self.call(calls.delete_webhook(webhook_id))

    async def rotate_webhook_secret(self, webhook_id: str) -> WebhookWithSecret:
        """Makes a new secret; the one before signs beside it for a day."""
        return await self.call(calls.rotate_webhook_secret(webhook_id))

    async def webhook_deliveries(self, webhook_id: str) -> Deliveries:
        """The latest attempts, and what is still to be delivered."""
        return await self.call(calls.list_webhook_deliveries(webhook_id))

    async def replay_webhook(
        self, webhook_id: str, *, since: datetime | None = None, order_id: str | None = None
    ) -> Replay:
        """Delivers once more what happened since a time or to an order, or the dead letters."""
        return await self.call(calls.replay_webhook(webhook_id, since, order_id))

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def call(self, call: Call[T]) -> T:
        """The answer of a call of `orders_client.calls`, or of one of your own making."""
        host, token = await self._token()
        try:
            return await self._run(perform(call, host, token, self._api_key, self._retries))
        except Unauthorized:
            host, token = await self._token(instead_of=token)
            return await self._run(perform(call, host, token, self._api_key, self._retries))

    async def _token(self, instead_of: str | None = None) -> tuple[Host, str]:
        async with self._signing_in:
            return await self._run(self._session.token(instead_of))

    async def _run(self, steps: Steps[T]) -> T:
        try:
            attempt = next(steps)
            while True:
                await asyncio.sleep(attempt.wait)
                attempt = steps.send(await self._send(attempt.request))
        except StopIteration as done:
            result: T = done.value
            return result

    async def _send(self, request: httpx.Request) -> Answer:
        try:
            return await self._http.send(request)
        except httpx.TransportError as error:
            return error
