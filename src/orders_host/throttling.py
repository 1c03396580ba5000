"""Token buckets, usage plans and daily quotas: may this caller make one more request now?"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from orders_host.addresses import network_of
from orders_host.database import Database

_log = logging.getLogger(__name__)

_SECOND = 1_000_000_000  # nanoseconds
_DAY = 86_400  # seconds
MAX_BUCKETS = 20_000


class Plan(NamedTuple):
    """What one caller may do: `rate` requests a second in the long run, `burst` at once, `daily` a day.

    All are at least 1.
    """

    rate: int
    burst: int
    daily: int | None = None


# As in infra/; docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html
PLANS: Mapping[str, Plan] = {
    "basic": Plan(rate=50, burst=100),
    "premium": Plan(rate=250, burst=500),
}

PAGES = Plan(rate=500, burst=1_000)
"""What one address may ask of everything beside the API: a visit of the console is some dozen files."""


class PlanMember(Protocol):
    """An API key, as far as throttling is concerned."""

    @property
    def id(self) -> str:
        """The key's id."""

    @property
    def plan(self) -> str:
        """The name of its plan."""


class Allowance(NamedTuple):
    """One policy's state after a request was counted or refused.

    `quota` requests in `window` seconds is the policy; `remaining` may be made in the next `reset` seconds.
    When `admitted` is False, `retry_after` is the least number of whole seconds after which a request is
    admitted.
    """

    policy: str
    quota: int
    window: int
    remaining: int
    reset: int
    admitted: bool
    retry_after: int = 0


class Decision(NamedTuple):
    """Whether a request may go on, and what its response says about limits."""

    allowances: tuple[Allowance, ...]

    @property
    def admitted(self) -> bool:
        """Whether every policy admits the request."""
        return all(allowance.admitted for allowance in self.allowances)

    @property
    def violated(self) -> list[str]:
        """Names of the policies that refused."""
        return [allowance.policy for allowance in self.allowances if not allowance.admitted]

    @property
    def retry_after(self) -> int:
        """Whole seconds, at least 1 when refused, else 0."""
        return max(allowance.retry_after for allowance in self.allowances)

    def headers(self) -> dict[str, str]:
        """RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-11)."""
        return {
            "RateLimit-Policy": ", ".join(f'"{a.policy}";q={a.quota};w={a.window}' for a in self.allowances),
            "RateLimit": ", ".join(f'"{a.policy}";r={a.remaining};t={a.reset}' for a in self.allowances),
        }


class Throttle:
    """Decides for each request, before anything else is known about it than its address and its API key.

    Every caller has a bucket of the stage's `default` plan: an API key, or else the client's address. A key
    has one more of its usage plan, and that plan's daily quota. A request is counted by all buckets or by
    none; by the quota it is counted once it is authorized. Pages beside the API have buckets of a plan of
    their own, so that neither a busy client nor a busy probe uses up what the other needs, and a low rate of
    the API leaves the console its style sheets.

    Called from one thread only. `clock` is monotonic, in nanoseconds.
    """

    def __init__(
        self,
        default: Plan,
        quotas: Quotas,
        plans: Mapping[str, Plan] = PLANS,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._default = Buckets("default", default)
        self._pages = Buckets("pages", PAGES)
        self._plans = {name: (Buckets(name, plan), plan.daily) for name, plan in plans.items()}
        self._quotas = quotas
        self._clock = clock

    def admit_page(self, address: str) -> Decision:
        """Counts one request for something beside the API, if it is admitted."""
        return Decision((self._pages.take(network_of(address), self._clock()),))

    def count_authorized(self, decision: Decision, key: PlanMember) -> Decision:
        """Counts an admitted request by its key's daily quota, if its plan has one."""
        _, daily = self._plans[key.plan]
        if daily is None:
            return decision
        return Decision((*decision.allowances[:-1], self._quotas.take(key.id, daily, wanted=True)))

    def admit(self, address: str, key: PlanMember | None) -> Decision:
        """Counts one request by its caller's buckets, if it is admitted."""
        now = self._clock()
        if key is None:
            return Decision((self._default.take(network_of(address), now),))
        plan, daily = self._plans[key.plan]
        caller = "key " + key.id
        allowed = self._default.admits(caller, now) and plan.admits(caller, now)
        if daily is not None:
            allowed = allowed and self._quotas.admits(key.id, daily)
        allowances = [self._default.take(caller, now, allowed), plan.take(caller, now, allowed)]
        if daily is not None:
            allowances.append(self._quotas.take(key.id, daily, wanted=False))
        return Decision(tuple(allowances))


class Buckets:
    """Token buckets of one plan, one a caller; of more than MAX_BUCKETS the least recently used go.

    A bucket holds at most `burst` tokens and gains `rate` a second (API Gateway's throttling). What is kept
    is its debt: the missing tokens in billionths, an integer, so that no rounding ever admits or refuses
    one too many. A caller without debt needs no entry.
    """

    def __init__(self, policy: str, plan: Plan) -> None:
        self._policy = policy
        self._rate = plan.rate
        self._capacity = plan.burst * _SECOND
        # The draft counts a quota over a window. A full bucket is `burst` requests, and takes burst/rate
        # seconds to fill again: the same long-run rate, and never more at once than the bucket holds.
        # Windows are whole seconds.
        self._quota = plan.burst
        self._window = -(-plan.burst // plan.rate)
        self._debts: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._debts)

    def admits(self, caller: str, now: int) -> bool:
        """Whether a request would be admitted; counts nothing."""
        return self._debt(caller, now) + _SECOND <= self._capacity

    def take(self, caller: str, now: int, wanted: bool = True) -> Allowance:
        """Counts one request if there is a token and it is `wanted`; another policy may have refused it."""
        debt = self._debt(caller, now)
        admitted = debt + _SECOND <= self._capacity
        if admitted and wanted:
            debt += _SECOND
            self._remember(caller, debt, now)
        remaining = (self._capacity - debt) // _SECOND
        # The effective window: a client that spreads what remains over it stays within the rate (draft,
        # section 8.5), and for an empty bucket it does not end after Retry-After (section 6).
        reset = -(-max(remaining, 1) // self._rate)
        if admitted:
            return Allowance(self._policy, self._quota, self._window, remaining, reset, True)
        missing = debt + _SECOND - self._capacity
        wait = -(-missing // (self._rate * _SECOND))
        return Allowance(self._policy, self._quota, self._window, remaining, reset, False, wait)

    def _debt(self, caller: str, now: int) -> int:
        debt, since = self._debts.get(caller, (0, now))
        return max(0, debt - (now - since) * self._rate)

    def _remember(self, caller: str, debt: int, now: int) -> None:
        self._debts[caller] = (debt, now)
        self._debts.move_to_end(caller)
        # Two a request, so that the table shrinks as callers fall idle, without a timer.
        for _ in range(2):
            oldest = next(iter(self._debts))
            if len(self._debts) <= MAX_BUCKETS and self._debt(oldest, now):
                return
            del self._debts[oldest]


class Quotas:
    """Daily quotas of API keys. They start anew at 00:00 UTC.

    Counted in memory and added to gateway.db by `flush`, which the host calls about once a second and when
    it stops: a killed process forgets the requests of its last second. `clock` is Unix time in seconds.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock
        self._day = 0
        self._used: dict[str, int] = {}
        self._unsaved: dict[str, int] = {}
        self._saving = threading.Lock()

    def admits(self, key_id: str, daily: int) -> bool:
        """Whether a request would be admitted; counts nothing."""
        return self._used_today(key_id) < daily

    def take(self, key_id: str, daily: int, wanted: bool) -> Allowance:
        """Counts one request if the quota has room and it is `wanted`."""
        used = self._used_today(key_id)
        reset = _DAY - int(self._clock()) % _DAY
        if used >= daily:
            return Allowance("daily", daily, _DAY, 0, reset, False, reset)
        if wanted:
            used = self._used[key_id] = used + 1
            with self._saving:
                self._unsaved[key_id] = self._unsaved.get(key_id, 0) + 1
        return Allowance("daily", daily, _DAY, daily - used, reset, True)

    def flush(self) -> None:
        """Saves what was counted since the last call. Waits for the disk: call it off the event loop."""
        with self._saving:
            day, unsaved, self._unsaved = self._day, self._unsaved, {}
        if not unsaved:
            return
        try:
            self._save(day, unsaved)
        except sqlite3.Error:
            # Requests go on: they are counted in memory for as long as the process lives.
            _log.exception("the daily quotas can't be saved")

    def _save(self, day: int, unsaved: Mapping[str, int]) -> None:
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM quota WHERE day < ?", (day,))
            connection.executemany(
                "INSERT INTO quota VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET used = used + excluded.used",
                [(key_id, day, count) for key_id, count in unsaved.items()],
            )

    def _used_today(self, key_id: str) -> int:
        day = int(self._clock()) // _DAY
        if day != self._day:
            with self._saving:
                self._day, self._used, self._unsaved = day, {}, {}
        used = self._used.get(key_id)
        if used is None:
            row = self._database.row("SELECT used FROM quota WHERE key_id = ? AND day = ?", key_id, day)
            used = self._used[key_id] = row["used"] if row else 0
        return used
