"""The audit log tells who did what, and can't be changed afterwards."""

from __future__ import annotations

import json
import sqlite3

import pytest
from tests.gateway.conftest import ANA, PASSWORD, Clock, Letters

from orders_host.api_keys import ApiKeys
from orders_host.audit import THIS_MACHINE, AuditLog
from orders_host.database import Database
from orders_host.user_pool import UserPool, self_service
from orders_host.user_pool.challenges import Asked
from orders_host.user_pool.cognito import TARGET_PREFIX, answer
from orders_host.user_pool.errors import CognitoError
from orders_host.user_pool.lockout import FREE_FAILURES

NEW_PASSWORD = "Another-2026-secret?"
WRONG = "Wrong-password-1!"


def events(pool: UserPool, subject: str) -> list[tuple[str, str]]:
    return [(each.event, each.detail) for each in pool.audit.entries(1_000) if each.subject == subject]


def test_what_an_administrator_does_is_recorded(pool: UserPool) -> None:
    sub = pool.add_user("eva@example.com", PASSWORD, groups=["staff"]).sub
    pool.remove_from_group(sub, "staff")
    pool.set_password(sub, NEW_PASSWORD)
    pool.issue_tokens(sub)
    pool.disable(sub)
    pool.enable(sub)
    pool.sign_out(sub)
    pool.require_reset(sub)
    pool.delete(sub)
    assert events(pool, sub) == [
        ("user-added", ""),
        ("group-joined", "staff"),
        ("group-left", "staff"),
        ("password-set", "by an administrator"),
        ("tokens-issued", ""),
        ("user-disabled", ""),
        ("user-enabled", ""),
        ("signed-out", "everywhere, by an administrator"),
        ("password-reset-required", ""),
        ("user-deleted", "by an administrator"),
    ]


def test_what_a_user_does_is_recorded(pool: UserPool, letters: Letters) -> None:
    sub = pool.user(ANA).sub
    before = len(events(pool, sub))
    first = self_service.sign_in(pool, ANA, PASSWORD)
    assert not isinstance(first, Asked)
    self_service.change_password(pool, first.access_token, PASSWORD, NEW_PASSWORD)
    self_service.forgot_password(pool, ANA)
    self_service.confirm_forgot_password(pool, ANA, letters.code(ANA), PASSWORD)
    again = pool.tokens.issue(pool.user(ANA))
    assert again.refresh_token
    self_service.rotate(pool, again.refresh_token)
    with pytest.raises(CognitoError):
        self_service.rotate(pool, again.refresh_token)
    last = pool.tokens.issue(pool.user(ANA))
    self_service.sign_out_everywhere(pool, last.access_token)
    self_service.delete_user(pool, pool.tokens.issue(pool.user(ANA)).access_token)
    assert events(pool, sub)[before:] == [
        ("signed-in", ""),
        ("password-set", "by the user"),
        ("password-set", "with a code sent by e-mail"),
        ("refresh-token-reused", ""),
        ("signed-out", "everywhere, by the user"),
        ("user-deleted", "by the user"),
    ]


def test_failures_are_recorded_as_often_as_the_lock_allows(pool: UserPool, clock: Clock) -> None:
    sub, entries = pool.user(ANA).sub, len(pool.audit.entries(1_000))
    for name in (ANA, "unknown@example.com"):
        for _ in range(FREE_FAILURES + 3):
            with pytest.raises(CognitoError):
                self_service.sign_in(pool, name, WRONG)
    recorded = pool.audit.entries(1_000)[entries:]
    assert [(each.event, each.subject) for each in recorded] == [("sign-in-failed", sub)] * FREE_FAILURES
    assert {each.at for each in recorded} == {clock()}


def test_an_entry_says_where_it_came_from(pool: UserPool) -> None:
    parameters = {"USERNAME": ANA, "PASSWORD": PASSWORD}
    body = {"ClientId": pool.client_id, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters}
    answer(pool, TARGET_PREFIX + "InitiateAuth", json.dumps(body).encode(), "192.0.2.1")
    pool.rotate_keys()
    signed_in, rotated = pool.audit.entries(2)
    assert (signed_in.event, signed_in.source) == ("signed-in", "192.0.2.1")
    assert (rotated.event, rotated.source) == ("signing-key-rotated", THIS_MACHINE)
    assert rotated.subject == pool.keys.active()[0]


def test_neither_addresses_nor_secrets_are_in_it(pool: UserPool) -> None:
    tokens = self_service.sign_in(pool, ANA, PASSWORD)
    text = repr(pool.audit.entries(1_000))
    assert ANA not in text
    assert PASSWORD not in text
    assert not isinstance(tokens, Asked)
    assert str(tokens.refresh_token) not in text


def test_api_keys_are_recorded(database: Database) -> None:
    keys = ApiKeys(database)
    key_id, secret = keys.create("web", "basic")
    keys.revoke(key_id)
    recorded = [each for each in AuditLog(database).entries(10) if each.subject == key_id]
    assert [(each.event, each.detail) for each in recorded] == [
        ("api-key-created", "basic"),
        ("api-key-revoked", ""),
    ]
    assert secret not in repr(recorded)


@pytest.mark.parametrize("statement", ["DELETE FROM audit", "UPDATE audit SET subject = 'x'"])
def test_entries_are_never_changed(pool: UserPool, database: Database, statement: str) -> None:
    before = pool.audit.entries(1_000)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"), database.transaction() as connection:
        connection.execute(statement)
    assert pool.audit.entries(1_000) == before


def test_a_change_that_fails_is_not_recorded(pool: UserPool) -> None:
    before = len(pool.audit.entries(1_000))
    with pytest.raises(CognitoError):
        pool.add_user(ANA, PASSWORD)
    assert len(pool.audit.entries(1_000)) == before
