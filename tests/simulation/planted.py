"""Bugs that somebody might write, planted one at a time: a simulation that misses one proves little.

Each is a context manager that replaces a piece of the host by a wrong one while it is open.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest import mock

from orders_core import line_quantities, models, order_numbers, payments, returns, shipments
from orders_core.events import OrderEvent
from orders_core.models import Order, OrderChange
from orders_core.payment_models import Payment
from orders_core.stores import OrderQuery, OrderWasDeleted, Page, Position, StoreUnavailable
from orders_host import sqlite_file
from orders_host.invocation import GroupCommit, _Write
from orders_host.relay.feed import Feed
from orders_host.relay.store import EventStore
from orders_host.relay.worker import Worker
from orders_host.sqlite import SqliteOrderRepository
from orders_host.throttling import Buckets, Quotas
from orders_host.user_pool import tokens
from orders_host.user_pool.pool import UserPool
from orders_host.user_pool.tokens import Session, TokenService


@contextmanager
def _commits_that_are_not_synced() -> Iterator[None]:
    real = sqlite_file.connect

    def connect(*args: Any, **kwargs: Any) -> sqlite3.Connection:  # noqa: ANN401
        return real(*args, **{**kwargs, "synchronous": "NORMAL"})

    with mock.patch.object(sqlite_file, "connect", connect):
        yield


@contextmanager
def _answers_before_the_commit() -> Iterator[None]:
    async def together(self: GroupCommit, batch: list[_Write]) -> None:
        try:
            self._store.begin()
            for write in batch:
                write.answer.set_result(self._call(write))
            self._store.seal()
            await asyncio.to_thread(self._store.commit)
            self._committed()
        except StoreUnavailable:
            self._store.rollback()

    with mock.patch.object(GroupCommit, "_together", together):
        yield


@contextmanager
def _events_outside_the_transaction() -> Iterator[None]:
    kept: list[OrderEvent] = []
    publish, commit = SqliteOrderRepository._publish, SqliteOrderRepository.commit
    begin = SqliteOrderRepository.begin

    def begin_anew(self: SqliteOrderRepository) -> None:
        kept.clear()
        begin(self)

    def keep(self: SqliteOrderRepository, event: OrderEvent) -> None:
        kept.append(event)

    def commit_then_publish(self: SqliteOrderRepository) -> None:
        commit(self)
        # Too late for a machine that loses its power here.
        self._writer.execute("BEGIN IMMEDIATE")
        for event in kept:
            publish(self, event)
        kept.clear()
        self._writer.execute("COMMIT")

    commit_then_publish.__name__ = "commit"
    with (
        mock.patch.object(SqliteOrderRepository, "begin", begin_anew),
        mock.patch.object(SqliteOrderRepository, "_publish", keep),
        mock.patch.object(SqliteOrderRepository, "commit", commit_then_publish),
    ):
        yield


@contextmanager
def _a_cursor_that_is_one_off() -> Iterator[None]:
    real = SqliteOrderRepository.list_orders

    def list_orders(
        self: SqliteOrderRepository, query: OrderQuery, limit: int, after: Position | None = None
    ) -> Page:
        page = real(self, query, limit, after)
        if page.next_after is None or limit < 2:
            return page
        return Page(page.orders, query.position_of(page.orders[-2]))

    with mock.patch.object(SqliteOrderRepository, "list_orders", list_orders):
        yield


@contextmanager
def _a_lost_wake_up() -> Iterator[None]:
    """A worker that has nothing to do does not hear of new events."""
    with mock.patch.object(Worker, "wake", lambda _: None):
        yield


@contextmanager
def _a_key_that_places_again() -> Iterator[None]:
    """The id of a new order does not follow from the idempotency key."""
    with mock.patch.object(order_numbers, "id_for", lambda _: order_numbers.new_id()):
        yield


@contextmanager
def _versions_that_are_not_compared() -> Iterator[None]:
    def check_version(order: Order, versions: tuple[int, ...] | None) -> None: ...

    with mock.patch.object(models, "check_version", check_version):
        yield


@contextmanager
def _a_tombstone_that_is_forgotten() -> Iterator[None]:
    real = SqliteOrderRepository.create

    def create(self: SqliteOrderRepository, order: Order) -> None:
        try:
            real(self, order)
        except OrderWasDeleted:
            self._writer.execute("DELETE FROM outbox WHERE order_id = ?", (order.order_id,))
            self._writer.execute("DELETE FROM tombstone WHERE order_id = ?", (order.order_id,))
            real(self, order)

    with mock.patch.object(SqliteOrderRepository, "create", create):
        yield


@contextmanager
def _returns_that_forget_each_other() -> Iterator[None]:
    """What was sent back before counts as not sent back, so that a refund can be had twice."""

    def returnable(order: Order) -> Mapping[int, int]:
        return {number: item.quantity for number, item in enumerate(order.content.items, start=1)}

    with mock.patch.object(returns, "returnable", returnable):
        yield


@contextmanager
def _deliveries_that_overtake() -> Iterator[None]:
    """Every event of an order is due at once, so that a later one may arrive before an earlier one."""
    real = EventStore.take_in

    def take_in(self: EventStore, webhook_id: str, events: Any, cursor: int) -> None:  # noqa: ANN401
        real(self, webhook_id, [(sequence, f"{sequence}") for sequence, _ in events], cursor)

    with mock.patch.object(EventStore, "take_in", take_in):
        yield


@contextmanager
def _a_change_that_is_told_and_not_made() -> Iterator[None]:
    real = SqliteOrderRepository.update

    def update(self: SqliteOrderRepository, change: OrderChange) -> Order:
        order = self.get(change.order_id)
        if order is not None and order.version == 3:
            return models.change(order, change)
        return real(self, change)

    with mock.patch.object(SqliteOrderRepository, "update", update):
        yield


@contextmanager
def _a_feed_that_skips_the_first_of_a_batch() -> Iterator[None]:
    real = Feed._rows

    def rows(self: Feed, after: int, up_to: int, limit: int) -> Any:  # noqa: ANN401
        found = real(self, after, up_to, limit)
        return found[1:] if len(found) > 2 else found

    with mock.patch.object(Feed, "_rows", rows):
        yield


@contextmanager
def _a_session_that_is_remembered() -> Iterator[None]:
    """The gateway asks once for each session, and does not hear of its end."""
    real = TokenService.groups
    remembered: dict[tuple[int, str], frozenset[str]] = {}

    def groups(self: TokenService, session: str) -> frozenset[str] | None:
        if (id(self), session) not in remembered and (found := real(self, session)) is not None:
            remembered[id(self), session] = found
        return remembered.get((id(self), session))

    with mock.patch.object(TokenService, "groups", groups):
        yield


@contextmanager
def _a_sign_out_that_is_told_and_not_kept() -> Iterator[None]:
    """The end of a session lives in memory: it holds until the power is gone."""
    real = TokenService.groups
    ended: set[tuple[int, str]] = set()

    def revoke_all(self: TokenService, sub: str) -> None:
        rows = self._database.rows("SELECT origin_jti FROM session WHERE sub = ?", sub)
        ended.update((id(self), row["origin_jti"]) for row in rows)

    def groups(self: TokenService, session: str) -> frozenset[str] | None:
        return None if (id(self), session) in ended else real(self, session)

    with (
        mock.patch.object(TokenService, "revoke_all", revoke_all),
        mock.patch.object(TokenService, "groups", groups),
    ):
        yield


@contextmanager
def _a_refresh_that_revives() -> Iterator[None]:
    """A refresh token renews a session that was ended, and opens it again."""
    real = TokenService.session

    def session(self: TokenService, refresh_token: str) -> Session:
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE session SET revoked = 0 WHERE refresh_hash = ?", (tokens._digest(refresh_token),)
            )
        return real(self, refresh_token)

    with mock.patch.object(TokenService, "session", session):
        yield


@contextmanager
def _users_that_are_enabled_with_their_sessions() -> Iterator[None]:
    """Disabling a user bars the sessions and does not end them."""

    def disable(self: UserPool, name: str) -> None:
        self.users.set_enabled(self.user(name).sub, False)

    with mock.patch.object(UserPool, "disable", disable):
        yield


@contextmanager
def _a_bucket_that_fills_twice_as_fast() -> Iterator[None]:
    real = Buckets._debt

    def debt(self: Buckets, caller: str, now: int) -> int:
        before, since = self._debts.get(caller, (0, now))
        return max(0, real(self, caller, now) - (now - since) * self._rate) if before else 0

    with mock.patch.object(Buckets, "_debt", debt):
        yield


@contextmanager
def _a_quota_that_is_not_saved() -> Iterator[None]:
    with mock.patch.object(Quotas, "flush", lambda _: None):
        yield


@contextmanager
def _payments_that_forget_each_other() -> Iterator[None]:
    with mock.patch.object(payments, "_check_left_to_pay", lambda order, amount: None):
        yield


@contextmanager
def _a_refund_that_pays_nothing_back() -> Iterator[None]:
    def pay_back(order: Order, amount: int, *, at: str, by: str) -> tuple[Payment, ...]:
        return order.payments

    with mock.patch.object(payments, "pay_back", pay_back):
        yield


@contextmanager
def _shipments_that_forget_each_other() -> Iterator[None]:
    def unshipped(order: Order) -> dict[int, int]:
        return line_quantities.left_of(order, ())

    with mock.patch.object(shipments, "unshipped", unshipped):
        yield


PLANTED: Mapping[str, Callable[[], AbstractContextManager[None]]] = {
    "commits that are not synced": _commits_that_are_not_synced,
    "answers before the commit": _answers_before_the_commit,
    "events outside the transaction": _events_outside_the_transaction,
    "a cursor that is one off": _a_cursor_that_is_one_off,
    "a lost wake-up in the relay": _a_lost_wake_up,
    "a key that places again": _a_key_that_places_again,
    "versions that are not compared": _versions_that_are_not_compared,
    "a tombstone that is forgotten": _a_tombstone_that_is_forgotten,
    "returns that forget each other": _returns_that_forget_each_other,
    "payments that forget each other": _payments_that_forget_each_other,
    "a refund that pays nothing back": _a_refund_that_pays_nothing_back,
    "shipments that forget each other": _shipments_that_forget_each_other,
    "deliveries that overtake": _deliveries_that_overtake,
    "a change that is told and not made": _a_change_that_is_told_and_not_made,
    "a feed that skips an event": _a_feed_that_skips_the_first_of_a_batch,
    "a session that is remembered": _a_session_that_is_remembered,
    "a sign-out that is told and not kept": _a_sign_out_that_is_told_and_not_kept,
    "a refresh that revives": _a_refresh_that_revives,
    "users that are enabled with their sessions": _users_that_are_enabled_with_their_sessions,
    "a bucket that fills twice as fast": _a_bucket_that_fills_twice_as_fast,
    "a quota that is not saved": _a_quota_that_is_not_saved,
}
"""The bugs by name."""
