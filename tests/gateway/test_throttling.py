"""Who is let through when: token buckets, usage plans, quotas and what the response says of them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gateway.conftest import Clock

from orders_host import throttling
from orders_host.database import Database
from orders_host.throttling import PAGES, PLANS, Buckets, Decision, Plan, Quotas, Throttle

SECOND = 1_000_000_000

plans = st.builds(Plan, rate=st.integers(1, 300), burst=st.integers(1, 600))
# Gaps between arrivals in nanoseconds: bursts, odd fractions and long pauses.
gaps = st.lists(st.one_of(st.just(0), st.integers(0, SECOND // 100), st.integers(0, 5 * SECOND)), max_size=80)


@dataclass(frozen=True)
class Key:
    id: str
    plan: str


class Nanoseconds:
    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now


@given(plans, gaps)
def test_no_window_admits_more_than_its_burst_and_what_flows_in(plan: Plan, gaps: list[int]) -> None:
    buckets = Buckets("default", plan)
    admitted = [now for now in accumulate(gaps) if buckets.take("caller", now).admitted]
    for first, start in enumerate(admitted):
        for count, end in enumerate(admitted[first:], start=1):
            assert count * SECOND <= plan.burst * SECOND + plan.rate * (end - start)


@given(plans, gaps, st.integers(0, 10**15))
def test_an_idle_bucket_never_holds_more_than_its_burst(plan: Plan, gaps: list[int], idle: int) -> None:
    buckets = Buckets("default", plan)
    now = 0
    for now in accumulate(gaps):
        buckets.take("caller", now)
    now += idle
    assert sum(buckets.take("caller", now).admitted for _ in range(plan.burst + 1)) <= plan.burst


@given(plans, gaps)
def test_retry_after_is_the_least_whole_number_of_seconds_that_helps(plan: Plan, gaps: list[int]) -> None:
    buckets = Buckets("default", plan)
    for now in accumulate(gaps):
        allowance = buckets.take("caller", now)
        if not allowance.admitted:
            assert allowance.retry_after >= 1
            assert buckets.admits("caller", now + allowance.retry_after * SECOND)
            assert not buckets.admits("caller", now + (allowance.retry_after - 1) * SECOND)


@given(plans, gaps)
def test_what_is_told_never_invites_to_more_than_the_plan_allows(plan: Plan, gaps: list[int]) -> None:
    buckets = Buckets("default", plan)
    for now in accumulate(gaps):
        allowance = buckets.take("caller", now)
        assert 0 <= allowance.remaining <= plan.burst
        assert allowance.reset >= 1
        assert allowance.remaining <= plan.rate * allowance.reset
        assert allowance.quota <= plan.rate * allowance.window
        # The draft, section 6: Retry-After does not end before the effective window.
        assert allowance.admitted or allowance.retry_after >= allowance.reset


@given(plans, gaps)
def test_what_remains_is_admitted_at_once(plan: Plan, gaps: list[int]) -> None:
    buckets = Buckets("default", plan)
    now, remaining = 0, plan.burst
    for now in accumulate(gaps):
        remaining = buckets.take("caller", now).remaining
    assert all(buckets.take("caller", now).admitted for _ in range(remaining))
    assert not buckets.admits("caller", now)


def test_callers_do_not_share_a_bucket() -> None:
    buckets = Buckets("default", Plan(rate=1, burst=1))
    assert buckets.take("a", 0).admitted
    assert buckets.take("b", 0).admitted
    assert not buckets.take("a", 0).admitted


def test_the_table_forgets_idle_callers_and_then_the_least_recent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttling, "MAX_BUCKETS", 100)
    buckets = Buckets("default", Plan(rate=1, burst=100))
    for number in range(1_000):
        buckets.take(f"caller {number}", 0)
    assert len(buckets) == 100
    for number in range(100):
        buckets.take("the only one left", 60 * SECOND + number)
    assert len(buckets) == 1


def admit(throttle: Throttle, count: int, key: Key | None = None, address: str = "192.0.2.1") -> Decision:
    for _ in range(count):
        decision = throttle.admit(address, key)
        if key and decision.admitted:
            decision = throttle.count_authorized(decision, key)
    return decision


def test_the_headers_name_the_policy_and_what_is_left_of_it(database: Database) -> None:
    throttle = Throttle(Plan(rate=250, burst=500), Quotas(database), clock=Nanoseconds())
    assert admit(throttle, 1).headers() == {
        "RateLimit-Policy": '"default";q=500;w=2',
        "RateLimit": '"default";r=499;t=2',
    }
    refused = admit(throttle, 500)
    assert not refused.admitted
    assert refused.violated == ["default"]
    assert refused.headers() == {
        "RateLimit-Policy": '"default";q=500;w=2',
        "RateLimit": '"default";r=0;t=1',
    }


def test_a_key_has_the_bucket_of_its_plan_besides_that_of_the_stage(database: Database) -> None:
    throttle = Throttle(Plan(rate=250, burst=500), Quotas(database), clock=Nanoseconds())
    basic, premium = Key("k1", "basic"), Key("k2", "premium")
    assert admit(throttle, PLANS["basic"].burst, basic).admitted
    refused = admit(throttle, 1, basic)
    assert refused.violated == ["basic"]
    assert refused.headers()["RateLimit"] == '"default";r=400;t=2, "basic";r=0;t=1'
    assert admit(throttle, PLANS["premium"].burst, premium).admitted


def test_a_request_that_one_policy_refuses_costs_nothing_in_another(database: Database) -> None:
    clock = Nanoseconds()
    plans = {"basic": Plan(rate=1, burst=2, daily=10)}
    throttle = Throttle(Plan(rate=1, burst=50), Quotas(database), plans, clock)
    refused = admit(throttle, 20, Key("k", "basic"))
    assert refused.violated == ["basic"]
    assert refused.headers()["RateLimit"].startswith('"default";r=48')
    assert '"daily";r=8' in refused.headers()["RateLimit"]


def test_a_request_that_is_not_authorized_is_not_counted_by_the_day(database: Database) -> None:
    throttle, key = Throttle(Plan(1_000, 1_000), Quotas(database), DAILY), Key("k", "basic")
    for _ in range(10):
        assert throttle.admit("192.0.2.1", key).admitted
    assert '"daily";r=2' in admit(throttle, 1, key).headers()["RateLimit"]


def test_pages_have_a_plan_of_their_own_whatever_the_api_s_is(database: Database) -> None:
    throttle = Throttle(Plan(rate=1, burst=1), Quotas(database), clock=Nanoseconds())
    assert throttle.admit("192.0.2.1", None).admitted
    for _ in range(PAGES.burst):
        assert throttle.admit_page("192.0.2.1").admitted
    assert throttle.admit_page("192.0.2.1").violated == ["pages"]
    assert throttle.admit_page("192.0.2.2").admitted


def test_ipv6_clients_are_told_apart_by_network(database: Database) -> None:
    throttle = Throttle(Plan(rate=1, burst=1), Quotas(database), clock=Nanoseconds())
    assert throttle.admit("2001:db8::1", None).admitted
    assert not throttle.admit("2001:db8::ffff", None).admitted
    assert throttle.admit("2001:db8:0:1::1", None).admitted
    assert throttle.admit("no:address", None).admitted


DAILY = {"basic": Plan(rate=1_000, burst=1_000, daily=3)}


def test_a_daily_quota_lasts_until_midnight_utc(database: Database, clock: Clock) -> None:
    throttle = Throttle(Plan(1_000, 1_000), Quotas(database, clock), DAILY)
    key = Key("k", "basic")
    assert admit(throttle, 3, key).admitted
    refused = admit(throttle, 1, key)
    assert refused.violated == ["daily"]
    assert refused.retry_after == 12 * 3_600
    assert '"daily";q=3;w=86400' in refused.headers()["RateLimit-Policy"]
    assert '"daily";r=0;t=43200' in refused.headers()["RateLimit"]
    clock.advance(refused.retry_after - 1)
    assert not admit(throttle, 1, key).admitted
    clock.advance(1)
    assert admit(throttle, 3, key).admitted


def test_a_quota_outlives_the_process(database: Database, clock: Clock) -> None:
    key = Key("k", "basic")
    before = Quotas(database, clock)
    admit(Throttle(Plan(1_000, 1_000), before, DAILY), 2, key)
    before.flush()
    before.flush()
    after = Throttle(Plan(1_000, 1_000), Quotas(database, clock), DAILY)
    assert admit(after, 1, key).admitted
    assert not admit(after, 1, key).admitted


def test_yesterdays_counts_are_deleted(database: Database, clock: Clock) -> None:
    quotas = Quotas(database, clock)
    throttle = Throttle(Plan(1_000, 1_000), quotas, DAILY)
    for _ in range(2):
        admit(throttle, 1, Key("k", "basic"))
        quotas.flush()
        clock.advance(86_400)
    assert len(database.rows("SELECT * FROM quota")) == 1


def test_a_quota_that_can_not_be_saved_still_counts(database: Database, clock: Clock) -> None:
    quotas = Quotas(database, clock)
    throttle = Throttle(Plan(1_000, 1_000), quotas, DAILY)
    assert admit(throttle, 2, Key("k", "basic")).admitted
    with database.transaction() as connection:
        connection.execute("DROP TABLE quota")
    quotas.flush()
    assert admit(throttle, 1, Key("k", "basic")).admitted
    assert admit(throttle, 1, Key("k", "basic")).violated == ["daily"]
