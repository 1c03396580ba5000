"""Judges a history against what the store holds in the end: every law that it breaks is named.

A write is known by its tag, which the order carries in its metadata (or a return in its reason), so that each
version of an order says which request made it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orders_host.throttling import Plan
from tests.simulation import goods_and_money
from tests.simulation.history import History, Operation

Json = dict[str, Any]


@dataclass(frozen=True)
class Final:
    """What is durable in the end: each order as it is read, each order's events, everybody's listing."""

    orders: Mapping[str, Json | None]
    events: Mapping[str, list[Json]]
    listed: list[str]


FORGOTTEN_SECONDS = 2.0
"""Before a power cut, in which a daily quota may forget requests: it saves them every second."""


def violations(
    history: History,
    final: Final,
    *,
    subscribers: tuple[str, ...] = (),
    limits: Mapping[str, Plan] = {},
) -> list[str]:
    """Every law that was broken; an empty list if all held."""
    return [
        *_events_are_the_versions(final),
        *_acknowledged_writes_are_there(history, final),
        *_refused_writes_are_not(history, final),
        *_conditional_writes_followed_their_version(history),
        *_reads_never_go_back(history),
        *_keys_place_one_order(history, final),
        *goods_and_money.broken_laws(final.events),
        *_listings_are_complete(history, final),
        *_webhooks_arrive_in_order(history, final, subscribers),
        *_revoked_sessions_stay_revoked(history),
        *_disabled_users_do_not_sign_in(history),
        *_limits_are_kept(history, limits),
    ]


def _events_are_the_versions(final: Final) -> Iterator[str]:
    for order_id, events in final.events.items():
        versions = [event["version"] for event in events]
        if versions != list(range(1, len(versions) + 1)):
            yield f"order {order_id}: its events have the versions {versions}"
        order = final.orders[order_id]
        deleted = bool(events) and events[-1]["type"] == "OrderDeleted"
        if deleted != (order is None):
            yield f"order {order_id}: deleted by its events: {deleted}, gone: {order is None}"
        if order is not None and (not events or events[-1]["order"] != order):
            yield f"order {order_id}: its last event does not show it as it is"


def _tags(events: list[Json]) -> list[str]:
    """The tag of the write behind each event; the same as before where a write carried none."""
    return [_tag(event["order"]) for event in events]


def _tag(order: Json) -> str:
    return str(order["metadata"].get("op", ""))


def _acknowledged_writes_are_there(history: History, final: Final) -> Iterator[str]:
    for op in history.operations:
        if not op.succeeded or op.name in ("get", "list"):
            continue
        order_id = op.order_id or op.told["order_id"]
        events = final.events.get(order_id, [])
        if op.name == "delete":
            if not events or events[-1]["type"] != "OrderDeleted":
                yield f"{op.tag}: the deletion of {order_id} was acknowledged and is lost"
            continue
        version = op.told["version"]
        if len(events) < version:
            yield f"{op.tag}: version {version} of {order_id} was acknowledged and is lost"
        elif events[version - 1]["order"] != op.told:
            yield f"{op.tag}: version {version} of {order_id} is not what was acknowledged"


def _refused_writes_are_not(history: History, final: Final) -> Iterator[str]:
    refused = {op.tag for op in history.operations if op.refused and op.name in ("replace", "create")}
    known = {op.tag for op in history.operations if not op.refused}
    for order_id, events in final.events.items():
        for tag in refused - known:
            if tag in _tags(events):
                yield f"{tag}: it was refused, and yet order {order_id} has it"


def _conditional_writes_followed_their_version(history: History) -> Iterator[str]:
    made: defaultdict[tuple[str, int], set[str]] = defaultdict(set)
    for op in history.operations:
        if not op.succeeded or op.name not in ("replace", "move", "return"):
            continue
        expected = op.asked.get("if_match")
        if expected is not None and op.told["version"] != expected + 1:
            yield f"{op.tag}: it was for version {expected} and made version {op.told['version']}"
        if op.order_id is not None:
            made[op.order_id, op.told["version"]].add(op.tag)
    for (order_id, version), tags in made.items():
        if len(tags) > 1:
            yield f"order {order_id}: version {version} was acknowledged to {sorted(tags)}"


def _reads_never_go_back(history: History) -> Iterator[str]:
    """What ended before another operation began is seen by it: real-time order, per order."""
    for order_id, operations in _by_order(history).items():
        moments = sorted(
            [(op.ended, "end", op) for op in operations if op.ended is not None]
            + [(op.started, "start", op) for op in operations],
            key=lambda moment: moment[0],
        )
        latest = 0
        seen_at_start: dict[int, int] = {}
        for _, kind, op in moments:
            if kind == "start":
                seen_at_start[id(op)] = latest
            elif op.succeeded and "version" in op.told:
                version = op.told["version"]
                if version < seen_at_start[id(op)] and not op.replayed:
                    yield f"{op.tag}: order {order_id} went back from {seen_at_start[id(op)]} to {version}"
                latest = max(latest, version)


def _by_order(history: History) -> dict[str, list[Operation]]:
    found: defaultdict[str, list[Operation]] = defaultdict(list)
    for op in history.operations:
        if op.order_id is not None and op.name != "list":
            found[op.order_id].append(op)
    return found


def _keys_place_one_order(history: History, final: Final) -> Iterator[str]:
    placed: defaultdict[str, set[str]] = defaultdict(set)
    for op in history.operations:
        if op.name == "create" and op.succeeded:
            placed[op.tag].add(op.told["order_id"])
    for tag, ids in placed.items():
        if len(ids) > 1:
            yield f"{tag}: one idempotency key placed {len(ids)} orders"
    created = Counter(_tag(events[0]["order"]) for events in final.events.values() if events)
    for tag, count in created.items():
        if count > 1:
            yield f"{tag}: {count} orders were created by it"


def _listings_are_complete(history: History, final: Final) -> Iterator[str]:
    there = {order_id for order_id, order in final.orders.items() if order is not None}
    counted = Counter(final.listed)
    for order_id in there - set(final.listed):
        yield f"order {order_id} is there and is not listed in the end"
    for order_id, count in counted.items():
        if count > 1 or order_id not in there:
            yield f"order {order_id} is listed {count} times in the end, and is there: {order_id in there}"
    placed = {
        op.told["order_id"]: op
        for op in reversed(history.operations)
        if op.name == "create" and op.succeeded and not op.replayed
    }
    deletions = {op.order_id: op for op in reversed(history.operations) if op.name == "delete"}
    for op in history.operations:
        if op.name != "list" or not op.succeeded:
            continue
        shown: Counter[str] = Counter(op.told["ids"])
        for order_id, creation in placed.items():
            deletion = deletions.get(order_id)
            had_to = (
                creation.client == op.client and creation.ended is not None and creation.ended < op.started
            )
            may_be_gone = deletion is not None and op.ended is not None and deletion.started < op.ended
            if had_to and not may_be_gone and not shown[order_id]:
                yield f"{op.tag}: order {order_id} was there all the time and was not listed"
        for order_id, count in shown.items():
            if count > 1:
                yield f"{op.tag}: order {order_id} was listed {count} times"


def _webhooks_arrive_in_order(history: History, final: Final, subscribers: tuple[str, ...]) -> Iterator[str]:
    received: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for subscriber, order_id, version in history.delivered:
        if version not in received[subscriber, order_id]:
            received[subscriber, order_id].append(version)
    for subscriber in subscribers:
        for order_id, events in final.events.items():
            versions = received[subscriber, order_id]
            if versions != sorted(versions):
                yield f"{subscriber}: order {order_id} was delivered as {versions}"
            if len(versions) < len(events):
                yield f"{subscriber}: of {len(events)} events of {order_id} only {versions} arrived"


def _revoked_sessions_stay_revoked(history: History) -> Iterator[str]:
    """What begins after the end of a session was acknowledged is not done under it."""
    opened = [op for op in history.of_accounts if op.name == "sign in" and op.succeeded]
    ended: dict[str, int] = {}
    for op in history.of_accounts:
        if op.name not in ("revoke", "disable") or op.ended is None or not op.succeeded:
            continue
        for sign_in in opened:
            assert sign_in.session is not None
            before = sign_in.ended is not None and sign_in.ended < op.started
            of_user = before and op.asked.get("user") == sign_in.client
            if of_user or op.asked.get("session") == sign_in.session:
                ended[sign_in.session] = min(op.ended, ended.get(sign_in.session, op.ended))
    for op in history.operations + history.of_accounts:
        if op.succeeded and op.session in ended and op.started > ended[op.session]:
            yield f"{op.client}: {op.name} {op.tag} was done in a session that had ended"


def _disabled_users_do_not_sign_in(history: History) -> Iterator[str]:
    for disabled in history.of_accounts:
        if disabled.name != "disable" or disabled.ended is None:
            continue
        user = disabled.asked["user"]
        enabled = min(
            (
                op.started
                for op in history.of_accounts
                if op.name == "enable" and op.asked["user"] == user and op.started > disabled.ended
            ),
            default=None,
        )
        for op in history.of_accounts:
            if op.name != "sign in" or op.client != user or not op.succeeded or op.ended is None:
                continue
            if op.started > disabled.ended and (enabled is None or op.ended < enabled):
                yield f"{user}: signed in while the user was disabled"


def _limits_are_kept(history: History, limits: Mapping[str, Plan]) -> Iterator[str]:
    for client, plan in limits.items():
        admitted = [
            op
            for op in history.operations
            if op.client == client and op.status is not None and op.status not in (401, 403, 429)
        ]
        for life in range(len(history.life_ends)):
            yield from _rate_is_kept(client, plan, [op for op in admitted if op.life == life])
        if plan.daily is not None:
            last = len(history.life_ends) - 1
            kept = [
                op
                for op in admitted
                if op.life == last or op.ended_at < history.life_ends[op.life] - FORGOTTEN_SECONDS
            ]
            if len(kept) > plan.daily:
                yield f"{client}: {len(kept)} requests were admitted, of {plan.daily} a day"


def _rate_is_kept(client: str, plan: Plan, admitted: list[Operation]) -> Iterator[str]:
    """What fits into a time is no more than a full bucket and what it gained meanwhile (plus rounding)."""
    for first in admitted:
        within = sorted(op.ended_at for op in admitted if op.started_at >= first.started_at)
        for count, end in enumerate(within, start=1):
            if count > plan.burst + plan.rate * (end - first.started_at) + 1e-6:
                yield f"{client}: {count} requests were admitted in {end - first.started_at:.3f} s"
                return
