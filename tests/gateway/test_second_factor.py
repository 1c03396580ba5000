"""Codes of an authenticator app as the second factor, by the clients that people have for Cognito."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from pycognito import aws_srp
from pycognito.exceptions import SoftwareTokenMFAChallengeException
from tests.gateway.cognito_server import served
from tests.gateway.conftest import ANA, PASSWORD, Clock, Letters
from tests.real_parts.cognito_js import cognito_js

from orders_host.audit import AuditEvent
from orders_host.database import Database
from orders_host.mail.mailbox import Mailbox
from orders_host.user_pool import UserPool, second_factor, self_service, totp
from orders_host.user_pool.challenges import Asked, ChallengeName
from orders_host.user_pool.errors import CognitoError
from orders_host.user_pool.lockout import FREE_FAILURES
from orders_host.user_pool.sealing import Seal, WrongKey
from orders_host.user_pool.tokens import Tokens
from orders_host.user_pool.transfer import export_users, import_users

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

KEY = bytes(range(32))


def code(secret: str, clock: Clock, steps: int = 0) -> str:
    """What the app shows, some steps of 30 seconds from now."""
    return totp.code(base64.b32decode(secret), int(clock()) // totp.STEP + steps)


def enrolled(pool: UserPool, clock: Clock) -> str:
    """Give ANA an app and return its secret; the code that it shows next is good."""
    sub = pool.user(ANA).sub
    secret = second_factor.offer_app(pool, sub)
    second_factor.verify_app(pool, sub, code(secret, clock), "phone")
    second_factor.prefer_app(pool, pool.user(ANA), enabled=True, preferred=True)
    clock.advance(totp.STEP)
    return secret


def asked(pool: UserPool) -> Asked:
    challenge = self_service.sign_in(pool, ANA, PASSWORD)
    assert isinstance(challenge, Asked)
    return challenge


def refusal(pool: UserPool, given: str, session: str | None = None) -> str:
    with pytest.raises(CognitoError) as refused:
        second_factor.answer_code(pool, session or asked(pool).session, ANA, given)
    return refused.value.type


@pytest.fixture
def url(pool: UserPool) -> Iterator[str]:
    with served(pool) as served_at:
        yield served_at


@pytest.fixture
def cognito(url: str) -> Iterator[CognitoIdentityProviderClient]:
    settings = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
    client = boto3.client("cognito-idp", endpoint_url=url, region_name="eu-west-1", config=settings)
    yield client
    client.close()


# RFC 6238, appendix B: of its eight digits the last six.
@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")],
)
def test_codes_are_those_of_the_rfc(seconds: int, expected: str) -> None:
    assert totp.code(b"12345678901234567890", seconds // totp.STEP) == expected


def test_a_user_sets_up_an_app_and_signs_in_with_it(
    pool: UserPool, clock: Clock, cognito: CognitoIdentityProviderClient
) -> None:
    access = str(pool.issue_tokens(ANA).access_token)
    secret = cognito.associate_software_token(AccessToken=access)["SecretCode"]
    with pytest.raises(ClientError, match="EnableSoftwareTokenMFAException"):
        cognito.verify_software_token(AccessToken=access, UserCode=code(secret, clock, 5))
    with pytest.raises(ClientError, match="User has not verified software token mfa"):
        cognito.set_user_mfa_preference(AccessToken=access, SoftwareTokenMfaSettings={"Enabled": True})
    verified = cognito.verify_software_token(
        AccessToken=access, UserCode=code(secret, clock), FriendlyDeviceName="phone"
    )
    assert verified["Status"] == "SUCCESS"
    assert "UserMFASettingList" not in cognito.get_user(AccessToken=access)
    cognito.set_user_mfa_preference(
        AccessToken=access, SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True}
    )
    known = cognito.get_user(AccessToken=access)
    assert known["UserMFASettingList"] == ["SOFTWARE_TOKEN_MFA"]
    assert known["PreferredMfaSetting"] == "SOFTWARE_TOKEN_MFA"

    challenge = cognito.initiate_auth(
        ClientId=pool.client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": ANA, "PASSWORD": PASSWORD},
    )
    assert challenge["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    assert challenge["ChallengeParameters"] == {
        "USER_ID_FOR_SRP": pool.user(ANA).sub,
        "FRIENDLY_DEVICE_NAME": "phone",
    }

    def answer(given: str) -> object:
        return cognito.respond_to_auth_challenge(
            ClientId=pool.client_id,
            ChallengeName="SOFTWARE_TOKEN_MFA",
            Session=challenge["Session"],
            ChallengeResponses={"USERNAME": ANA, "SOFTWARE_TOKEN_MFA_CODE": given},
        )["AuthenticationResult"]

    with pytest.raises(ClientError, match="CodeMismatchException"):
        answer(code(secret, clock, 5))
    with pytest.raises(ClientError, match=r"ExpiredCodeException.*already been used once"):
        answer(code(secret, clock))
    assert answer(code(secret, clock, 1))


def test_pycognito_signs_in_by_srp_and_a_code(
    pool: UserPool, clock: Clock, cognito: CognitoIdentityProviderClient
) -> None:
    secret = enrolled(pool, clock)
    client = aws_srp.AWSSRP(ANA, PASSWORD, pool.pool_id, pool.client_id, client=cognito)
    with pytest.raises(SoftwareTokenMFAChallengeException) as challenge:
        client.authenticate_user()
    answer = cognito.respond_to_auth_challenge(
        ClientId=pool.client_id,
        ChallengeName="SOFTWARE_TOKEN_MFA",
        Session=challenge.value.get_tokens()["Session"],
        ChallengeResponses={"USERNAME": ANA, "SOFTWARE_TOKEN_MFA_CODE": code(secret, clock)},
    )
    assert answer["AuthenticationResult"]["IdToken"]


def test_amplifys_client_sets_up_the_app_that_the_pool_requires(pool: UserPool, clock: Clock) -> None:
    node, module = cognito_js()
    script = Path(__file__).with_name("sign_in_with_code.cjs")
    pool.requires_mfa = True
    with served(pool) as url:

        def sign_in(secret: str | None) -> dict[str, str]:
            given = {"endpoint": url + "/", "poolId": pool.pool_id, "clientId": pool.client_id}
            more = {"name": ANA, "password": PASSWORD, "step": int(clock()) // totp.STEP, "secret": secret}
            command = [node, str(script), module, json.dumps(given | more)]
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
            said: dict[str, str] = json.loads(done.stdout)
            return said

        first = sign_in(None)
        assert first["email"] == ANA
        assert sign_in(first["secret"]) == {"refused": "ExpiredCodeException"}
        clock.advance(totp.STEP)
        assert sign_in(first["secret"])["email"] == ANA


def test_a_code_is_taken_a_step_early_or_late_and_once(pool: UserPool, clock: Clock) -> None:
    secret = enrolled(pool, clock)
    clock.advance(totp.STEP)
    for steps in (-2, 2):
        assert refusal(pool, code(secret, clock, steps)) == "CodeMismatchException"
    for steps in (-1, 0, 1):
        assert second_factor.answer_code(pool, asked(pool).session, ANA, code(secret, clock, steps))
    for steps in (-1, 0, 1):
        assert refusal(pool, code(secret, clock, steps)) == "ExpiredCodeException"


def test_a_challenge_is_answered_once_and_by_its_user(pool: UserPool, clock: Clock) -> None:
    secret = enrolled(pool, clock)
    session = asked(pool).session
    with pytest.raises(CognitoError, match="Invalid session"):
        second_factor.answer_code(pool, session, "eva@example.com", code(secret, clock))
    with pytest.raises(CognitoError, match="Invalid session"):
        second_factor.answer_set_up(pool, session, ANA)
    second_factor.answer_code(pool, session, ANA, code(secret, clock))
    clock.advance(totp.STEP)
    assert refusal(pool, code(secret, clock), session) == "NotAuthorizedException"


def test_wrong_codes_lock_the_account_though_the_password_is_right(pool: UserPool, clock: Clock) -> None:
    secret = enrolled(pool, clock)
    open_session = asked(pool).session
    for _ in range(FREE_FAILURES):
        assert refusal(pool, code(secret, clock, 5)) == "CodeMismatchException"
    with pytest.raises(CognitoError, match="Password attempts exceeded"):
        self_service.sign_in(pool, ANA, PASSWORD)
    with pytest.raises(CognitoError, match="Password attempts exceeded"):
        second_factor.answer_code(pool, open_session, ANA, code(secret, clock))
    clock.advance(totp.STEP)
    assert second_factor.answer_code(pool, open_session, ANA, code(secret, clock))


def test_a_new_app_replaces_the_old_with_its_first_code(pool: UserPool, clock: Clock) -> None:
    old = enrolled(pool, clock)
    sub = pool.user(ANA).sub
    new = second_factor.offer_app(pool, sub)
    assert second_factor.answer_code(pool, asked(pool).session, ANA, code(old, clock))
    clock.advance(totp.STEP)
    second_factor.verify_app(pool, sub, code(new, clock), "")
    clock.advance(totp.STEP)
    assert refusal(pool, code(old, clock)) == "CodeMismatchException"
    assert second_factor.answer_code(pool, asked(pool).session, ANA, code(new, clock))


def test_a_temporary_password_does_not_go_past_the_app(pool: UserPool, clock: Clock) -> None:
    secret = enrolled(pool, clock)
    pool.set_password(ANA, PASSWORD, permanent=False)
    first = asked(pool)
    assert first.name is ChallengeName.NEW_PASSWORD_REQUIRED
    second = self_service.answer_new_password(pool, first.session, ANA, "Another-2026-secret?")
    assert isinstance(second, Asked)
    assert second_factor.answer_code(pool, second.session, ANA, code(secret, clock))


def test_a_reset_password_does_not_go_past_the_app(pool: UserPool, letters: Letters, clock: Clock) -> None:
    enrolled(pool, clock)
    self_service.forgot_password(pool, ANA)
    self_service.confirm_forgot_password(pool, ANA, letters.code(ANA), PASSWORD)
    assert asked(pool).name is ChallengeName.SOFTWARE_TOKEN_MFA


def test_who_began_to_set_up_an_app_is_out_when_another_has_one(pool: UserPool, clock: Clock) -> None:
    pool.requires_mfa = True
    thief, owner = asked(pool), asked(pool)
    assert thief.name is ChallengeName.MFA_SETUP
    secret = second_factor.offer_app(pool, owner.sub)
    second_factor.verify_app_at_sign_in(pool, owner.session, code(secret, clock), "")
    with pytest.raises(CognitoError, match="Invalid session"):
        second_factor.verify_app_at_sign_in(pool, thief.session, code(secret, clock), "")
    with pytest.raises(CognitoError, match="Invalid session"):
        second_factor.answer_set_up(pool, thief.session, ANA)
    assert second_factor.answer_set_up(pool, owner.session, ANA)


def test_an_administrator_helps_after_a_lost_phone(pool: UserPool, clock: Clock) -> None:
    enrolled(pool, clock)
    pool.remove_app(ANA)
    assert isinstance(self_service.sign_in(pool, ANA, PASSWORD), Tokens)
    events = [entry.event for entry in pool.audit.entries(10)]
    assert events[-5:] == [
        AuditEvent.USER_ADDED,
        AuditEvent.MFA_APP_VERIFIED,
        AuditEvent.MFA_ENABLED,
        AuditEvent.MFA_DISABLED,
        AuditEvent.SIGNED_IN,
    ]


def test_a_stolen_file_without_its_key_gives_up_no_secret(
    database: Database, letters: Letters, clock: Clock
) -> None:
    def opened(seal: Seal) -> UserPool:
        return UserPool(database, Mailbox(letters.directory), clock=clock, seal=seal)

    def stored() -> bytes:
        return bytes(database.rows("SELECT secret FROM software_token")[0]["secret"])

    secret = enrolled(opened(Seal()), clock)
    assert base64.b32decode(secret) in stored(), "without a key it is kept as it is"
    sealed = opened(Seal(KEY))
    sealed.software_tokens.check_key()
    assert base64.b32decode(secret) not in stored()
    assert second_factor.answer_code(sealed, asked(sealed).session, ANA, code(secret, clock))
    for other in (Seal(), Seal(KEY[::-1])):
        with pytest.raises(WrongKey):
            opened(other).software_tokens.check_key()


def test_an_app_moves_with_its_user(pool: UserPool, tmp_path: Path, clock: Clock) -> None:
    secret = enrolled(pool, clock)
    elsewhere = Database(tmp_path / "other" / "gateway.db")
    other = UserPool(elsewhere, Mailbox(tmp_path / "mail"), clock=clock)
    import_users(other, export_users(pool))
    assert second_factor.answer_code(other, asked(other).session, ANA, code(secret, clock))
    elsewhere.close()
