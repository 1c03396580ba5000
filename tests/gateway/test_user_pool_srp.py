"""Sign-in by SRP, as pycognito does it: a client that knows nothing of this pool."""

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
from pycognito.exceptions import ForceChangePasswordException
from tests.gateway.cognito_server import served
from tests.gateway.conftest import ANA, PASSWORD, Clock
from tests.real_parts.cognito_js import cognito_js

from orders_host.database import Database
from orders_host.user_pool import UserPool, self_service
from orders_host.user_pool.errors import CognitoError
from orders_host.user_pool.lockout import FREE_FAILURES
from orders_host.user_pool.srp import LIFE, N, Proof

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

EVA = "eva@example.com"
NEW_PASSWORD = "Another-2026-secret?"
WRONG = "Wrong-password-1!"
INCORRECT = "Incorrect username or password."


@pytest.fixture
def cognito(pool: UserPool) -> Iterator[CognitoIdentityProviderClient]:
    with served(pool) as url:
        client = boto3.client(
            "cognito-idp",
            endpoint_url=url,
            region_name="eu-west-1",
            config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}),
        )
        yield client
        client.close()


def client_of(pool: UserPool, name: str, password: str, cognito: object = None) -> aws_srp.AWSSRP:
    return aws_srp.AWSSRP(name, password, pool.pool_id, pool.client_id, client=cognito or object())


def challenged(pool: UserPool, name: str = ANA, password: str = PASSWORD) -> Proof:
    """What pycognito answers to a challenge, without HTTP."""
    client = client_of(pool, name, password)
    sent = client.get_auth_params()
    answer = client.process_challenge(self_service.open_srp(pool, name, sent["SRP_A"]), sent)
    return Proof(
        answer["PASSWORD_CLAIM_SECRET_BLOCK"], answer["PASSWORD_CLAIM_SIGNATURE"], answer["TIMESTAMP"]
    )


def refusal(pool: UserPool, proof: Proof) -> str:
    with pytest.raises(CognitoError) as refused:
        self_service.answer_srp(pool, proof)
    return refused.value.message


@pytest.mark.parametrize("name", [ANA, "Ana@Example.com"])
def test_a_client_signs_in_without_sending_the_password(
    pool: UserPool, cognito: CognitoIdentityProviderClient, name: str
) -> None:
    tokens = client_of(pool, name, PASSWORD, cognito).authenticate_user()["AuthenticationResult"]
    known = cognito.get_user(AccessToken=tokens["AccessToken"])
    assert known["Username"] == pool.user(ANA).sub
    assert tokens["RefreshToken"]


def test_amplifys_client_signs_in_and_stays_signed_in(pool: UserPool) -> None:
    node, module = cognito_js()
    script = Path(__file__).with_name("sign_in.cjs")
    with served(pool) as url:

        def sign_in(password: str) -> dict[str, object]:
            given = {"endpoint": url + "/", "poolId": pool.pool_id, "clientId": pool.client_id}
            text = json.dumps(given | {"name": ANA, "password": password})
            done = subprocess.run(
                [node, str(script), module, text], capture_output=True, text=True, timeout=60, check=True
            )
            said: dict[str, object] = json.loads(done.stdout)
            return said

        assert sign_in(WRONG) == {"refused": "NotAuthorizedException"}
        session = sign_in(PASSWORD)
    assert session["refreshed"] is True
    assert isinstance(session["claims"], dict)
    assert session["claims"]["email"] == ANA


def test_a_wrong_password_and_an_unknown_user_are_refused_alike(
    pool: UserPool, cognito: CognitoIdentityProviderClient
) -> None:
    for name, password in ((ANA, WRONG), (EVA, PASSWORD)):
        with pytest.raises(ClientError, match=INCORRECT):
            client_of(pool, name, password, cognito).authenticate_user()


def test_a_temporary_password_is_replaced(pool: UserPool, cognito: CognitoIdentityProviderClient) -> None:
    pool.add_user(EVA, PASSWORD, permanent=False)
    with pytest.raises(ForceChangePasswordException):
        client_of(pool, EVA, PASSWORD, cognito).authenticate_user()
    tokens = client_of(pool, EVA, PASSWORD, cognito).set_new_password_challenge(NEW_PASSWORD)
    assert tokens["AuthenticationResult"]["IdToken"]
    assert client_of(pool, EVA, NEW_PASSWORD, cognito).authenticate_user()["AuthenticationResult"]


def test_a_challenge_does_not_tell_who_has_an_account(pool: UserPool) -> None:
    def shown(name: str) -> tuple[str, str, list[tuple[str, int]]]:
        parameters = self_service.open_srp(pool, name, f"{2**3000:x}")
        sizes = [
            (key, len(value)) for key, value in parameters.items() if key in ("SECRET_BLOCK", "USERNAME")
        ]
        return parameters["USER_ID_FOR_SRP"], parameters["SALT"], sizes

    unknown = shown(EVA)
    assert shown(EVA) == unknown, "an unknown user's salt and identity stay, as a user's do"
    pool.add_user(EVA, PASSWORD)
    assert shown(EVA) == unknown, "and they are the same before and after somebody signs up"
    assert shown(ANA) != unknown


def test_wrong_proofs_lock_the_account_for_both_kinds_of_sign_in(pool: UserPool, clock: Clock) -> None:
    for name in (ANA, EVA):
        for _ in range(FREE_FAILURES):
            assert refusal(pool, challenged(pool, name, WRONG)) == INCORRECT
        assert refusal(pool, challenged(pool, name)) == "Password attempts exceeded"
    with pytest.raises(CognitoError, match="Password attempts exceeded"):
        self_service.sign_in(pool, ANA, PASSWORD)
    clock.advance(1)
    assert self_service.answer_srp(pool, challenged(pool))


def test_a_challenge_is_answered_once_and_soon(pool: UserPool, clock: Clock) -> None:
    proof, late = challenged(pool), challenged(pool)
    assert self_service.answer_srp(pool, proof)
    assert refusal(pool, proof) == "Invalid session for the user, session is expired."
    clock.advance(LIFE)
    assert refusal(pool, late) == "Invalid session for the user, session is expired."


def test_a_password_set_meanwhile_ends_the_challenge(pool: UserPool) -> None:
    proof = challenged(pool)
    pool.set_password(ANA, NEW_PASSWORD)
    assert refusal(pool, proof) == INCORRECT


@pytest.mark.parametrize("block", ["", "no base64", "AAAA", base64.b64encode(bytes(900)).decode()])
def test_a_secret_block_of_somebody_else_is_refused(pool: UserPool, block: str) -> None:
    assert refusal(pool, challenged(pool)._replace(secret_block=block)) == INCORRECT


@pytest.mark.parametrize("public", ["0", "-1", "x", f"{N:x}", f"{2 * N:x}", "1" * 100_000])
def test_a_public_value_that_would_fix_the_key_is_refused(pool: UserPool, public: str) -> None:
    with pytest.raises(CognitoError, match="SRP_A must be a hexadecimal number"):
        self_service.open_srp(pool, ANA, public)


def test_a_password_from_before_verifiers_gets_one_at_the_next_sign_in(
    pool: UserPool, database: Database
) -> None:
    with database.transaction() as connection:
        connection.execute("UPDATE user SET srp_identity = NULL, srp_verifier = NULL")
    assert refusal(pool, challenged(pool)) == INCORRECT
    self_service.sign_in(pool, ANA, PASSWORD)
    assert self_service.answer_srp(pool, challenged(pool))


def test_the_other_names_of_a_user_work_too(pool: UserPool) -> None:
    assert self_service.answer_srp(pool, challenged(pool, pool.user(ANA).sub))
    assert self_service.answer_srp(pool, challenged(pool, pool.srp.identity(ANA)))
