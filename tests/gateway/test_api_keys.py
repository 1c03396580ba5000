"""API keys: shown once, found by their secret, gone when revoked."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.gateway.conftest import Clock

from orders_host.api_keys import ApiKeys
from orders_host.database import Database


@pytest.fixture
def keys(database: Database, clock: Clock) -> ApiKeys:
    return ApiKeys(database, clock)


def test_a_key_is_found_by_its_secret_only(keys: ApiKeys) -> None:
    key_id, secret = keys.create("warehouse", "premium")
    found = keys.find(secret)
    assert found is not None
    assert (found.id, found.name, found.plan) == (key_id, "warehouse", "premium")
    assert keys.find(key_id) is None
    assert keys.find(secret[:-1]) is None
    assert keys.find(secret.swapcase()) is None


def test_the_list_is_in_order_of_creation(keys: ApiKeys, clock: Clock) -> None:
    for name in ("first", "second", "third"):
        keys.create(name, "basic")
        clock.advance(1)
    assert [key.name for key in keys.list()] == ["first", "second", "third"]


def test_the_secret_is_not_in_the_file(keys: ApiKeys, tmp_path: Path) -> None:
    _, secret = keys.create("warehouse", "basic")
    written = b"".join(path.read_bytes() for path in tmp_path.glob("gateway.db*"))
    assert b"warehouse" in written
    assert secret.encode() not in written


def test_a_running_server_notices_what_another_process_changes(keys: ApiKeys, tmp_path: Path) -> None:
    other = Database(tmp_path / "gateway.db")
    key_id, secret = ApiKeys(other).create("warehouse", "basic")
    assert keys.find(secret) is not None
    ApiKeys(other).revoke(key_id)
    assert keys.find(secret) is None
    other.close()


def test_an_unknown_plan_is_refused_with_the_known_ones(keys: ApiKeys) -> None:
    with pytest.raises(ValueError, match="basic, premium"):
        keys.create("warehouse", "gold")


def test_revoking_an_unknown_key_says_how_to_find_the_right_one(keys: ApiKeys) -> None:
    with pytest.raises(ValueError, match="orders key list"):
        keys.revoke("nosuchkey0")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text())
def test_any_text_may_be_sent_as_a_key(keys: ApiKeys, secret: str) -> None:
    assert keys.find(secret) is None
