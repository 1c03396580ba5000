"""The pool's rules over time: lock-out, codes, tokens, keys, administration, and what is kept on disk."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec

import argon2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gateway.conftest import ANA, PASSWORD, Clock, Letters

from orders_host.database import Database
from orders_host.mail.letter import Letter
from orders_host.mail.mailbox import Mailbox
from orders_host.user_pool import (
    CognitoError,
    Tokens,
    UserPool,
    UserStatus,
    generate_password,
    passwords,
    self_service,
)
from orders_host.user_pool.challenges import Asked
from orders_host.user_pool.codes import ATTEMPTS, CODES_A_DAY
from orders_host.user_pool.keys import DEFAULT_DAYS
from orders_host.user_pool.lockout import FREE_FAILURES
from orders_host.user_pool.store import UNCONFIRMED_LIFE
from orders_host.user_pool.tokens import REFRESH_LIFE

WRONG = "Wrong-password-1!"
DUMMY_HASH = "nobody@example.com"
DAY = 86_400
P = ParamSpec("P")


def refused(call: Callable[P, object], *arguments: P.args, **named: P.kwargs) -> str:
    """Which exception a call raises, and its message."""
    with pytest.raises(CognitoError) as error:
        call(*arguments, **named)
    return f"{error.value.type}: {error.value.message}"


def claims(token: str) -> dict[str, object]:
    part = token.split(".")[1]
    decoded: dict[str, object] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return decoded


def sign_in(pool: UserPool, name: str = ANA, password: str = PASSWORD) -> Tokens:
    outcome = self_service.sign_in(pool, name, password)
    assert isinstance(outcome, Tokens)
    return outcome


def renew(pool: UserPool, tokens: Tokens) -> Tokens:
    return self_service.refresh(pool, tokens.refresh_token or "")


# Passwords


@given(st.text(max_size=20))
def test_the_policy_wants_length_both_cases_a_digit_and_a_symbol(password: str) -> None:
    allowed = (
        len(password) >= 12
        and any(c in "abcdefghijklmnopqrstuvwxyz" for c in password)
        and any(c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" for c in password)
        and any(c in "0123456789" for c in password)
        and any(c in "^$*.[]{}()?-\"!@#%&/\\,><':;|_~`+= " for c in password)
        and not password[0].isspace()
        and not password[-1].isspace()
    )
    if allowed:
        passwords.check_policy(password)
    else:
        assert refused(passwords.check_policy, password).startswith("InvalidPasswordException")


@pytest.mark.parametrize(
    ("password", "violation"),
    [
        ("Short-1", "Password not long enough"),
        ("ALL-CAPITALS-1", "Password must have lowercase characters"),
        ("no-capitals-1", "Password must have uppercase characters"),
        ("No-digits-here", "Password must have numeric characters"),
        ("NoSymbols1234", "Password must have symbol characters"),
        (" Demo-orders-2026!", "Password must not begin or end with a space"),
        ("Demo-orders-2026!" * 20, "Password too long"),
    ],
)
def test_the_first_broken_rule_is_named(password: str, violation: str) -> None:
    assert refused(passwords.check_policy, password) == (
        f"InvalidPasswordException: Password did not conform with policy: {violation}"
    )


def test_generated_passwords_are_allowed_and_never_the_same() -> None:
    made = {generate_password() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        passwords.check_policy(password)


def test_an_unknown_user_costs_the_same_hash(pool: UserPool, monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[argon2.Parameters] = []

    def verify(hashed: str, secret: str) -> bool:
        verified.append(argon2.extract_parameters(hashed))
        return passwords.verify_secret(hashed, secret)

    monkeypatch.setattr(self_service, "verify_secret", verify)
    assert refused(sign_in, pool, ANA, WRONG) == refused(sign_in, pool, DUMMY_HASH, WRONG)
    known, unknown = verified
    assert known == unknown


# Lock-out


@pytest.mark.parametrize("name", [ANA, DUMMY_HASH])
def test_failures_lock_an_account_for_longer_and_longer(pool: UserPool, clock: Clock, name: str) -> None:
    incorrect = "NotAuthorizedException: Incorrect username or password."
    locked = "NotAuthorizedException: Password attempts exceeded"
    for _ in range(FREE_FAILURES):
        assert refused(sign_in, pool, name, WRONG) == incorrect
    for lock in (1, 2, 4, 8):
        for _ in range(3):
            assert refused(sign_in, pool, name, PASSWORD) == locked
        clock.advance(lock - 0.001)
        assert refused(sign_in, pool, name, PASSWORD) == locked
        clock.advance(0.001)
        assert refused(sign_in, pool, name, WRONG) == incorrect


def test_a_lock_never_lasts_longer_than_a_quarter_of_an_hour(pool: UserPool, clock: Clock) -> None:
    for _ in range(40):
        pool.lockout.failed("account")
    clock.advance(899)
    assert refused(pool.lockout.check, "account")
    clock.advance(1)
    pool.lockout.check("account")


def test_success_and_a_quiet_quarter_of_an_hour_clear_the_count(pool: UserPool, clock: Clock) -> None:
    for _ in range(2):
        for _ in range(FREE_FAILURES - 1):
            refused(sign_in, pool, ANA, WRONG)
        sign_in(pool)
    for _ in range(FREE_FAILURES):
        pool.lockout.failed("account")
    clock.advance(900)
    pool.lockout.failed("account")
    pool.lockout.check("account")


def test_a_lock_is_the_users_under_both_names_and_outlives_the_process(
    pool: UserPool, tmp_path: Path, letters: Letters, clock: Clock
) -> None:
    for name in (ANA, pool.user(ANA).sub, " ANA@example.com ", ANA, ANA):
        refused(sign_in, pool, name, WRONG)
    database = Database(tmp_path / "gateway.db")
    restarted = UserPool(database, Mailbox(letters.directory), clock=clock)
    assert "Password attempts exceeded" in refused(sign_in, restarted, ANA, PASSWORD)
    restarted.set_password(ANA, PASSWORD)
    assert sign_in(restarted)
    database.close()


def test_guessing_the_previous_password_locks_too(pool: UserPool) -> None:
    access_token = sign_in(pool).access_token
    for _ in range(FREE_FAILURES):
        refused(self_service.change_password, pool, access_token, WRONG, "Another-2026-secret?")
    assert "Password attempts exceeded" in refused(
        self_service.change_password, pool, access_token, PASSWORD, "Another-2026-secret?"
    )


# Codes


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def reset(pool: UserPool, code: str) -> None:
    self_service.confirm_forgot_password(pool, ANA, code, "Another-2026-secret?")


def test_a_code_survives_few_guesses_and_then_even_the_right_one_fails(
    pool: UserPool, letters: Letters
) -> None:
    self_service.forgot_password(pool, ANA)
    code = letters.code(ANA)
    for _ in range(ATTEMPTS):
        assert refused(reset, pool, wrong(code)).startswith("CodeMismatchException")
    assert refused(reset, pool, code).startswith("LimitExceededException")
    self_service.forgot_password(pool, ANA)
    reset(pool, letters.code(ANA))


def test_a_day_has_so_many_codes_for_known_and_unknown_users(pool: UserPool, clock: Clock) -> None:
    for name in (ANA, DUMMY_HASH):
        for _ in range(CODES_A_DAY):
            self_service.forgot_password(pool, name)
        assert refused(self_service.forgot_password, pool, name).startswith("LimitExceededException")
    clock.advance(DAY)
    assert self_service.forgot_password(pool, ANA) == ANA


def test_a_code_expires(pool: UserPool, clock: Clock, letters: Letters) -> None:
    self_service.forgot_password(pool, ANA)
    clock.advance(3_600)
    assert refused(reset, pool, letters.code(ANA)) == (
        "ExpiredCodeException: Invalid code provided, please request a code again."
    )


def test_a_code_is_good_for_one_purpose_and_one_user(pool: UserPool, letters: Letters) -> None:
    self_service.sign_up(pool, "eva@example.com", PASSWORD, {})
    code = letters.code("eva@example.com")
    assert refused(reset, pool, code).startswith("ExpiredCodeException")
    assert refused(self_service.confirm_sign_up, pool, DUMMY_HASH, code).startswith("ExpiredCodeException")
    self_service.confirm_sign_up(pool, "eva@example.com", code)


def test_a_weak_new_password_does_not_use_the_code_up(pool: UserPool, letters: Letters) -> None:
    self_service.forgot_password(pool, ANA)
    code = letters.code(ANA)
    confirm = self_service.confirm_forgot_password
    assert refused(confirm, pool, ANA, code, "weak").startswith("InvalidPasswordException")
    reset(pool, code)


@pytest.mark.parametrize("state", ["disabled", "unconfirmed", "temporary"])
def test_who_may_not_reset_is_answered_but_gets_no_code(pool: UserPool, letters: Letters, state: str) -> None:
    if state == "disabled":
        pool.disable(ANA)
    else:
        sub = pool.user(ANA).sub
        status = {
            "unconfirmed": UserStatus.UNCONFIRMED, "temporary": UserStatus.FORCE_CHANGE_PASSWORD,
        }[state]  # fmt: skip
        pool.users.set_status(sub, status)
    assert self_service.forgot_password(pool, ANA) == ANA
    assert letters.codes(ANA) == []


def test_an_administrator_may_require_a_reset(pool: UserPool, letters: Letters) -> None:
    tokens = sign_in(pool)
    pool.require_reset(ANA)
    assert refused(sign_in, pool).startswith("PasswordResetRequiredException")
    assert "Incorrect" in refused(sign_in, pool, ANA, WRONG)
    assert "revoked" in refused(renew, pool, tokens)
    reset(pool, letters.code(ANA))
    assert sign_in(pool, ANA, "Another-2026-secret?")


def test_a_letter_is_private_and_the_log_shows_its_code_only_when_asked(
    tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    directory = tmp_path / "letters"
    Mailbox(directory, clock=clock).deliver(
        Letter("../../eva@example.com", "Your code", "Your code: 123456\n", clock.now)
    )
    (letter,) = directory.iterdir()
    assert letter.name.startswith("20261124T120000Z-.._.._eva@example.com-")
    assert letter.stat().st_mode & 0o777 == 0o600
    assert directory.stat().st_mode & 0o777 == 0o700
    assert "Your code: 123456" in letter.read_text()
    assert letter.name[-10:] in caplog.text
    assert "eva@example.com" not in caplog.text
    assert "123456" not in caplog.text
    Mailbox(directory, show_codes=True, clock=clock).deliver(
        Letter(ANA, "Your code", "Your code: 654321\n", clock.now)
    )
    assert "(Your code: 654321)" in caplog.text


# Tokens


def test_tokens_carry_the_claims_of_cognitos(pool: UserPool, clock: Clock) -> None:
    pool.add_to_group(ANA, "staff")
    sub, now = pool.user(ANA).sub, int(clock.now)
    tokens = sign_in(pool)
    of_id, of_access = claims(tokens.id_token), claims(tokens.access_token)
    random = ("jti", "event_id", "origin_jti")
    shared = {
        "sub": sub,
        "iss": f"http://pool.test/cognito/{pool.pool_id}",
        "cognito:groups": ["staff"],
        "auth_time": now,
        "iat": now,
        "exp": now + 3_600,
    }
    assert {name: value for name, value in of_id.items() if name not in random} == shared | {
        "email": ANA,
        "email_verified": True,
        "cognito:username": sub,
        "aud": pool.client_id,
        "token_use": "id",
    }
    assert {name: value for name, value in of_access.items() if name not in random} == shared | {
        "username": sub,
        "client_id": pool.client_id,
        "scope": "aws.cognito.signin.user.admin",
        "token_use": "access",
    }
    assert of_id["origin_jti"] == of_access["origin_jti"]
    assert of_id["event_id"] == of_access["event_id"]
    assert of_id["jti"] != of_access["jti"]


def test_a_user_without_groups_has_no_such_claim(pool: UserPool) -> None:
    assert "cognito:groups" not in claims(sign_in(pool).id_token)


def test_a_refresh_keeps_session_and_sign_in_time_and_shows_new_groups(pool: UserPool, clock: Clock) -> None:
    first = sign_in(pool)
    clock.advance(600)
    pool.add_to_group(ANA, "staff")
    before, after = claims(first.id_token), claims(renew(pool, first).id_token)
    assert after["origin_jti"] == before["origin_jti"]
    assert after["auth_time"] == before["auth_time"]
    assert after["iat"] == int(clock.now)
    assert after["cognito:groups"] == ["staff"]
    pool.remove_from_group(ANA, "staff")
    assert "cognito:groups" not in claims(renew(pool, first).id_token)


def test_a_refresh_token_lives_thirty_days(pool: UserPool, clock: Clock) -> None:
    tokens = sign_in(pool)
    clock.advance(REFRESH_LIFE - 1)
    late = renew(pool, tokens)
    clock.advance(1)
    assert refused(renew, pool, tokens) == "NotAuthorizedException: Refresh Token has expired"
    sign_in(pool)
    assert self_service.signed_in_user(pool, late.access_token).email == ANA, "its access token goes on"


def test_an_access_token_lives_an_hour(pool: UserPool, clock: Clock) -> None:
    access_token = sign_in(pool).access_token
    clock.advance(3_599)
    assert self_service.signed_in_user(pool, access_token).email == ANA
    clock.advance(1)
    assert refused(self_service.signed_in_user, pool, access_token) == (
        "NotAuthorizedException: Access Token has expired"
    )


def test_another_pools_access_token_is_refused(
    pool: UserPool, tmp_path: Path, letters: Letters, clock: Clock
) -> None:
    database = Database(tmp_path / "other" / "gateway.db")
    other = UserPool(database, Mailbox(letters.directory), "http://pool.test/cognito", clock)
    other.add_user(ANA, PASSWORD)
    access_token = sign_in(other).access_token
    assert refused(self_service.signed_in_user, pool, access_token) == (
        "NotAuthorizedException: Invalid Access Token"
    )
    database.close()


def test_a_temporary_password_expires_after_a_week(pool: UserPool, clock: Clock) -> None:
    pool.set_password(ANA, PASSWORD, permanent=False)
    assert isinstance(self_service.sign_in(pool, ANA, PASSWORD), Asked)
    clock.advance(7 * DAY)
    assert "Temporary password has expired" in refused(sign_in, pool)


def test_a_challenge_must_be_answered_within_three_minutes(pool: UserPool, clock: Clock) -> None:
    pool.set_password(ANA, PASSWORD, permanent=False)
    challenge = self_service.sign_in(pool, ANA, PASSWORD)
    assert isinstance(challenge, Asked)
    clock.advance(180)
    answer = self_service.answer_new_password
    assert "session is expired" in refused(answer, pool, challenge.session, ANA, "Another-2026-secret?")


def test_a_stale_challenge_does_not_override_a_later_password(pool: UserPool) -> None:
    changes: tuple[Callable[[], None], ...] = (
        lambda: pool.set_password(ANA, "Another-2026-secret?"),
        lambda: pool.set_password(ANA, "Another-2026-secret?", permanent=False),
        lambda: pool.require_reset(ANA),
    )
    for change in changes:
        pool.set_password(ANA, PASSWORD, permanent=False)
        challenge = self_service.sign_in(pool, ANA, PASSWORD)
        assert isinstance(challenge, Asked)
        change()
        before = pool.user(ANA)
        assert "session is expired" in refused(
            self_service.answer_new_password, pool, challenge.session, ANA, "Stolen-2026-secret?"
        )
        assert pool.user(ANA) == before


EVA = "eva@example.com"


def test_a_second_sign_up_replaces_the_first_until_one_is_confirmed(pool: UserPool, letters: Letters) -> None:
    self_service.sign_up(pool, EVA, "Attacker-2026-secret?", {"name": "Mallory"})
    stale = letters.code(EVA)
    sub = self_service.sign_up(pool, EVA, PASSWORD, {})
    code = letters.code(EVA)
    if stale != code:
        assert refused(self_service.confirm_sign_up, pool, EVA, stale).startswith("CodeMismatchException")
    self_service.confirm_sign_up(pool, EVA, code)
    assert "Incorrect" in refused(sign_in, pool, EVA, "Attacker-2026-secret?")
    assert sign_in(pool, EVA)
    assert (pool.user(EVA).sub, pool.user(EVA).attributes) == (sub, {})


def test_signing_up_resending_and_confirming_do_not_tell_who_has_an_account(
    pool: UserPool, letters: Letters
) -> None:
    before = pool.user(ANA)
    assert self_service.sign_up(pool, ANA, "Attacker-2026-secret?", {}) != before.sub
    assert self_service.resend_confirmation_code(pool, ANA) == ANA
    self_service.resend_confirmation_code(pool, DUMMY_HASH)
    told = [
        [refused(self_service.confirm_sign_up, pool, name, "wrong") for _ in range(ATTEMPTS + 1)]
        for name in (ANA, DUMMY_HASH)
    ]
    assert told[0] == told[1]
    assert pool.user(ANA) == before
    assert letters.codes(ANA) == []


def test_a_sign_up_that_is_never_confirmed_is_deleted(pool: UserPool, clock: Clock) -> None:
    self_service.sign_up(pool, EVA, PASSWORD, {})
    clock.advance(UNCONFIRMED_LIFE - 1)
    self_service.sign_up(pool, "bob@example.com", PASSWORD, {})
    assert pool.users.find(EVA)
    clock.advance(1)
    self_service.sign_up(pool, "cid@example.com", PASSWORD, {})
    assert pool.users.find(EVA) is None
    assert pool.users.find("bob@example.com")
    assert pool.users.find(ANA)


def test_a_clock_set_back_does_not_stretch_a_lock(pool: UserPool, clock: Clock) -> None:
    for _ in range(FREE_FAILURES):
        pool.lockout.failed("account")
    clock.advance(-3_600)
    assert refused(pool.lockout.check, "account")
    clock.advance(1)
    pool.lockout.check("account")


def test_a_clock_set_forward_deletes_no_session(pool: UserPool, clock: Clock) -> None:
    tokens = sign_in(pool)
    clock.advance(10 * 365 * DAY)
    sign_in(pool)
    clock.advance(-10 * 365 * DAY)
    assert renew(pool, tokens)


def test_the_directory_is_its_owners(tmp_path: Path) -> None:
    Database(tmp_path / "new" / "gateway.db").close()
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


def test_an_administrator_signs_a_user_out_and_deletes_one(pool: UserPool) -> None:
    tokens = sign_in(pool)
    pool.sign_out(ANA)
    assert "revoked" in refused(renew, pool, tokens)
    pool.add_to_group(ANA, "staff")
    pool.delete(ANA)
    assert pool.list_users() == []
    assert refused(sign_in, pool).startswith("NotAuthorizedException: Incorrect")


# Signing keys


def test_a_rotated_key_signs_no_more_but_verifies_for_an_hour(
    pool: UserPool, clock: Clock, database: Database
) -> None:
    (old,) = asyncio.run(pool.keys.kids())
    access_token = sign_in(pool).access_token
    new = pool.keys.rotate()
    assert asyncio.run(pool.keys.kids()) == {old, new}
    assert pool.keys.active()[0] == new
    assert database.rows("SELECT private_pem FROM signing_key WHERE kid = ?", old)[0]["private_pem"] is None
    clock.advance(3_599)
    assert self_service.signed_in_user(pool, access_token).email == ANA
    clock.advance(1)
    assert asyncio.run(pool.keys.kids()) == {new}


def test_a_key_is_replaced_at_the_first_start_after_ninety_days(
    pool: UserPool, tmp_path: Path, letters: Letters, clock: Clock
) -> None:
    first, _ = pool.keys.active()
    kids = []
    for age in (DEFAULT_DAYS * DAY - 1, 1, 1):
        clock.advance(age)
        database = Database(tmp_path / "gateway.db")
        kids.append(UserPool(database, Mailbox(letters.directory), clock=clock).keys.active()[0])
        database.close()
    before, after, later = kids
    assert before == first
    assert after == later != first
    assert pool.keys.active()[0] == after, "a running server signs with the key another process made"


def test_a_running_host_replaces_its_key_and_honours_tokens_of_the_former(
    database: Database, letters: Letters, clock: Clock
) -> None:
    pool = UserPool(database, Mailbox(letters.directory), clock=clock, rotate_keys_days=400)
    first, _ = pool.keys.active()
    clock.advance(400 * DAY - 60)
    token = pool.issue_tokens(ANA).access_token
    assert pool.keys.active()[0] == first
    clock.advance(60)
    assert pool.keys.active()[0] != first
    assert pool.audit.entries(1)[0].event == "signing-key-rotated"
    assert pool.tokens.subject(token) == pool.user(ANA).sub, "the former key is published meanwhile"


def test_the_published_keys_are_public(pool: UserPool) -> None:
    (key,) = pool.keys.jwks()["keys"]
    assert set(key) == {"kty", "n", "e", "kid", "use", "alg"}
    assert (key["kty"], key["use"], key["alg"]) == ("RSA", "sig", "RS256")
    assert pool.openid_configuration()["jwks_uri"] == f"{pool.issuer}/.well-known/jwks.json"


# Identity and administration


def test_the_pools_ids_and_issuer_stay(pool: UserPool, tmp_path: Path, letters: Letters) -> None:
    database = Database(tmp_path / "gateway.db")
    restarted = UserPool(database, Mailbox(letters.directory))
    assert (restarted.pool_id, restarted.client_id) == (pool.pool_id, pool.client_id)
    assert restarted.issuer == f"http://pool.test/cognito/{pool.pool_id}"
    moved = UserPool(database, Mailbox(letters.directory), "http://elsewhere.test/cognito/")
    assert moved.issuer == f"http://elsewhere.test/cognito/{pool.pool_id}"
    database.close()


def test_users_are_listed_with_their_groups(pool: UserPool) -> None:
    pool.add_user("Luis@example.com", PASSWORD, groups=["staff", "beta"], permanent=False)
    ana, luis = pool.list_users()
    assert (ana.email, ana.status, ana.groups) == (ANA, UserStatus.CONFIRMED, ())
    assert (luis.email, luis.status, luis.groups) == (
        "luis@example.com", UserStatus.FORCE_CHANGE_PASSWORD, ("beta", "staff"),
    )  # fmt: skip
    assert luis.enabled
    assert luis.email_verified


@pytest.mark.parametrize("email", ["", "ana", "@example.com", "ana@", "a b@example.com", "a\n@b.c", "ñ@b.c"])
def test_an_address_that_is_none_is_refused(pool: UserPool, email: str) -> None:
    assert refused(pool.add_user, email, PASSWORD) == (
        "InvalidParameterException: Username should be an email."
    )


def test_administration_of_an_unknown_user_says_so(pool: UserPool) -> None:
    unknown = "UserNotFoundException: User does not exist."
    assert refused(pool.set_password, DUMMY_HASH, PASSWORD) == unknown
    assert refused(pool.add_to_group, DUMMY_HASH, "staff") == unknown
    assert refused(pool.disable, DUMMY_HASH) == unknown
    assert refused(pool.issue_tokens, DUMMY_HASH) == unknown


def test_a_group_name_has_no_spaces_or_commas(pool: UserPool) -> None:
    for group in ("", "two words", "a,b", "x" * 129):
        assert refused(pool.add_to_group, ANA, group).startswith("InvalidParameterException")


def test_no_tokens_are_issued_for_a_disabled_user(pool: UserPool) -> None:
    pool.disable(ANA)
    assert "disabled" in refused(pool.issue_tokens, ANA)


def test_no_secret_is_in_the_file(pool: UserPool, tmp_path: Path, letters: Letters) -> None:
    tokens = sign_in(pool)
    pool.set_password(ANA, PASSWORD, permanent=False)
    challenge = self_service.sign_in(pool, ANA, PASSWORD)
    assert isinstance(challenge, Asked)
    written = b"".join(path.read_bytes() for path in tmp_path.glob("gateway.db*"))
    assert ANA.encode() in written
    for secret in (PASSWORD, tokens.refresh_token or "", tokens.access_token, challenge.session):
        assert secret.encode() not in written
