"""`Orders`: the client for code without asyncio. It may be shared by threads."""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from threading import Lock
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


class Orders:
    """The orders that a user of the pool may see, as typed objects.

    Signs in at the first call and stays signed in. Sends a call again when the API is busy or did not answer,
    as `retries` says; that is safe, because every call is idempotent. Methods that are given an `Order`
    change the version they were given and nothing newer.

    Every method may raise `Problem` (the API refused), `SignInFailed` and `Unreachable`.

    Args:
        where: the URL beside which `/config.json` says where everything is (the embedded host's, the
            console's on AWS), or a `Host`.
        api_key: sent as `x-api-key`, where the host wants one.
        mfa_code: gives the code that the user's authenticator app shows now, at each sign-in by password.
        transport: stands in for httpx's own.
    """

    def __init__(
        self,
        where: Host | str,
        email: str,
        password: str,
        *,
        api_key: str | None = None,
        mfa_code: Callable[[], str] | None = None,
        retries: Retries | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._retries = retries or Retries()
        self._session = Session(where, email, password, self._retries, mfa_code=mfa_code)
        self._signing_in = Lock()
        self._api_key = api_key
        self._http = httpx.Client(timeout=TIMEOUT, transport=transport)

    def create(
        self, items: Sequence[NewLineItem], *, idempotency_key: str | None = None, **details: Unpack[Details]
    ) -> Order:
        """Places an order: once for a key, which is a new one for each call unless you give yours."""
        return self.call(calls.create_order(items, idempotency_key, **details))

    def create_all(self, orders: Sequence[NewOrder]) -> BatchResults:
        """Places up to 100 orders; the API refuses some and takes others. Each once for its key."""
        return self.call(calls.create_orders(orders))

    def get(self, order_id: str, *, version: int | None = None, at: datetime | None = None) -> Order:
        """The order as last written, or as it was at a version or at a time (which has an offset)."""
        return self.call(calls.get_order(order_id, version, at))

    def list(self, **filters: Unpack[Filters]) -> Iterator[Order]:
        """Orders, newest first or as `sort` says; asks for a page when the one before is used up."""
        cursor = None
        while True:
            page = self.call(calls.list_orders(cursor, **filters))
            yield from page.orders
            if (cursor := page.next_cursor) is None:
                return

    def replace(self, order: Order, **changes: Unpack[Changes]) -> Order:
        """The order with the changes."""
        return self.call(calls.replace_order(order, **changes))

    def change(self, order: Order, **changes: Unpack[Changes]) -> Order:
        """The order with the changes, of which alone is sent: a member of None is removed."""
        return self.call(calls.change_order(order, **changes))

    def cancel(self, order: Order) -> Order:
        """The order, CANCELLED."""
        return self.replace(order, status=OrderStatus.CANCELLED)

    def delete(self, order: Order) -> None:
        """Deletes an order that is PENDING or CANCELLED."""
        self.call(calls.delete_order(order))

    def request_return(
        self, order: Order, lines: Sequence[ReturnLine], reason: str, *, idempotency_key: str | None = None
    ) -> Order:
        """Asks to send lines of a DELIVERED order back; the answer's last return is the new one."""
        return self.call(calls.request_return(order, lines, reason, idempotency_key))

    def move_return(
        self, order: Order, return_id: str, status: ReturnStatus, *, shipping_refund: Decimal | None = None
    ) -> Order:
        """Moves a return on; for staff."""
        return self.call(calls.move_return(order, return_id, status, shipping_refund))

    def record_payment(self, order: Order, payment: NewPayment) -> Order:
        """Records what a payment provider did; once for a provider's reference. For staff."""
        return self.call(calls.record_payment(order, payment))

    def move_payment(
        self, order: Order, payment_id: str, status: PaymentStatus, *, refunded_amount: Decimal | None = None
    ) -> Order:
        """Moves a payment on; for staff. `refunded_amount` is all that was paid back of it so far."""
        return self.call(calls.move_payment(order, payment_id, status, refunded_amount))

    def record_shipment(self, order: Order, shipment: NewShipment) -> Order:
        """Records what was handed to a carrier; once for its tracking number. For staff."""
        return self.call(calls.record_shipment(order, shipment))

    def write_comment(
        self, order: Order, comment: NewComment, *, idempotency_key: str | None = None
    ) -> Order:
        """Comments on an order; from staff for staff only, unless it says that it is VISIBLE."""
        return self.call(calls.write_comment(order, comment, idempotency_key))

    def events(self, order_id: str) -> Iterator[OrderEvent]:
        """What happened to an order, oldest first."""
        cursor = None
        while True:
            page = self.call(calls.list_order_events(order_id, cursor))
            yield from page.events
            if (cursor := page.next_cursor) is None:
                return

    def statistics(self, first: date | None = None, last: date | None = None) -> Statistics:
        """Orders and revenue of each day (UTC), by default of the last 30; for staff."""
        return self.call(calls.get_statistics(first, last))

    def export_customer(self, customer_id: str) -> Iterator[PersonalData]:
        """All that is held of a customer, a page of orders at a time; for staff."""
        cursor = None
        while True:
            page = self.call(calls.export_customer(customer_id, cursor))
            yield page
            if (cursor := page.next_cursor) is None:
                return

    def erase_customer(self, customer_id: str) -> Iterator[Erasure]:
        """Erases a customer's personal data for good, some orders for each step that is taken; for staff."""
        cursor = None
        while True:
            step = self.call(calls.erase_customer(customer_id, cursor))
            yield step
            if (cursor := step.next_cursor) is None:
                return
            if step.late:
                time.sleep(LATE_SECONDS)

    def webhooks(self) -> Sequence[Webhook]:
        """All webhooks, oldest first; for staff, as is all about webhooks."""
        return self.call(calls.list_webhooks()).webhooks

    def create_webhook(
        self, url: str, events: Sequence[str] = (), *, idempotency_key: str | None = None
    ) -> WebhookWithSecret:
        """Adds an endpoint that is told of these events, or of all; its secret is shown this once."""
        return self.call(calls.create_webhook(url, events, idempotency_key))

    def webhook(self, webhook_id: str) -> Webhook:
        """A webhook, and how it does."""
        return self.call(calls.get_webhook(webhook_id))

    def change_webhook(
        self,
        webhook_id: str,
        *,
        url: str | None = None,
        events: Sequence[str] | None = None,
        enabled: bool | None = None,
    ) -> Webhook:
        """Changes what is given."""
        return self.call(calls.change_webhook(webhook_id, url, events, enabled=enabled))

    def delete_webhook(self, webhook_id: str) -> None:
        """Deletes a webhook with all that it still had to get."""
        self.call(calls.delete_webhook(webhook_id))

    def rotate_webhook_secret(self, webhook_id: str) -> WebhookWithSecret:
        """Makes a new secret; the one before signs beside it for a day."""
        return self.call(calls.rotate_webhook_secret(webhook_id))

    def webhook_deliveries(self, webhook_id: str) -> Deliveries:
        """The latest attempts, and what is still to be delivered."""
        return self.call(calls.list_webhook_deliveries(webhook_id))

    def replay_webhook(
        self, webhook_id: str, *, since: datetime | None = None, order_id: str | None = None
    ) -> Replay:
        """Delivers once more what happened since a time or to an order, or the dead letters."""
        return self.call(calls.replay_webhook(webhook_id, since, order_id))

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(self, call: Call[T]) -> T:
        """The answer of a call of `orders_client.calls`, or of one of your own making."""
        host, token = self._token()
        try:
            return self._run(perform(call, host, token, self._api_key, self._retries))
        except Unauthorized:
            host, token = self._token(instead_of=token)
            return self._run(perform(call, host, token, self._api_key, self._retries))

    def _token(self, instead_of: str | None = None) -> tuple[Host, str]:
        with self._signing_in:
            return self._run(self._session.token(instead_of))

    def _run(self, steps: Steps[T]) -> T:
        try:
            attempt = next(steps)
            while True:
                time.sleep(attempt.wait)
                attempt = steps.send(self._send(attempt.request))
        except StopIteration as done:
            result: T = done.value
            return result

    def _send(self, request: httpx.Request) -> Answer:
        try:
            return self._http.send(request)
        except httpx.TransportError as error:
            return error
