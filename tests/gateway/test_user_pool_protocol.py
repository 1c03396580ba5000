"""What the pool answers to requests that no SDK would send, and when there are too many."""

from __future__ import annotations

import asyncio
import json
import threading
from queue import SimpleQueue

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.gateway.conftest import ANA, PASSWORD

from orders_host.user_pool import CognitoEndpoint, CognitoReply, UserPool, cognito, self_service
from orders_host.user_pool.cognito import TARGET_PREFIX, answer

OPERATIONS = [
    "SignUp",
    "ConfirmSignUp",
    "ResendConfirmationCode",
    "InitiateAuth",
    "RespondToAuthChallenge",
    "GetUser",
    "ChangePassword",
    "ForgotPassword",
    "ConfirmForgotPassword",
    "RevokeToken",
    "GlobalSignOut",
    "GetTokensFromRefreshToken",
    "UpdateUserAttributes",
    "GetUserAttributeVerificationCode",
    "VerifyUserAttribute",
    "DeleteUser",
]


def ask(pool: UserPool, operation: str, body: object) -> tuple[int, dict[str, object]]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    reply = answer(pool, TARGET_PREFIX + operation, raw, "192.0.2.1")
    decoded: dict[str, object] = json.loads(reply.body)
    assert (reply.status == 200) != ("__type" in decoded)
    return reply.status, decoded


def sign_in(pool: UserPool, **changes: object) -> dict[str, object]:
    parameters = {"USERNAME": ANA, "PASSWORD": PASSWORD}
    body = {"ClientId": pool.client_id, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters}
    return body | changes


@pytest.mark.parametrize(
    ("changes", "exception", "message"),
    [
        ({"ClientId": "unknown"}, "ResourceNotFoundException", "User pool client unknown does not exist."),
        ({"ClientId": 5}, "InvalidParameterException", "Expected `str`, got `int` - at `$.ClientId`"),
        ({"ClientId": None}, "InvalidParameterException", "Expected `str`, got `null` - at `$.ClientId`"),
        ({"ClientId": ""}, "InvalidParameterException", "length >= 1 - at `$.ClientId`"),
        ({"AuthFlow": "CUSTOM_AUTH"}, "InvalidParameterException", "CUSTOM_AUTH flow not enabled"),
        ({"AuthFlow": "USER_SRP_AUTH"}, "InvalidParameterException", "parameter SRP_A"),
        ({"AuthFlow": ["x"]}, "InvalidParameterException", "at `$.AuthFlow`"),
        ({"AuthParameters": "x"}, "InvalidParameterException", "at `$.AuthParameters`"),
        ({"AuthParameters": {}}, "InvalidParameterException", "Missing required parameter USERNAME"),
        ({"AuthParameters": {"USERNAME": ANA}}, "InvalidParameterException", "parameter PASSWORD"),
        ({"AuthParameters": {"USERNAME": ANA, "PASSWORD": 1}}, "InvalidParameterException", "got `int`"),
        ({"AuthFlow": "REFRESH_TOKEN_AUTH"}, "InvalidParameterException", "parameter REFRESH_TOKEN"),
    ],
)
def test_a_faulty_sign_in_is_explained(
    pool: UserPool, changes: dict[str, object], exception: str, message: str
) -> None:
    status, told = ask(pool, "InitiateAuth", sign_in(pool, **changes))
    assert status == 400
    assert told["__type"] == exception
    assert message in str(told["message"])


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_names_a_missing_parameter(pool: UserPool, operation: str) -> None:
    _, told = ask(pool, operation, {})
    assert told["__type"] == "InvalidParameterException"
    assert "missing required field" in str(told["message"])


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b'{"Other": ' + b"[" * 100_000, b'{"AccessToken": "\\ud800"}']
)
def test_a_body_that_is_no_json_is_refused(pool: UserPool, body: bytes) -> None:
    assert ask(pool, "GetUser", body)[1]["__type"] == "SerializationException"


@pytest.mark.parametrize(
    "target", ["", "GetUser", TARGET_PREFIX, TARGET_PREFIX + "AdminGetUser", "Other.GetUser"]
)
def test_an_unknown_operation_is_refused(pool: UserPool, target: str) -> None:
    reply = answer(pool, target, b"{}", "192.0.2.1")
    assert (reply.status, json.loads(reply.body)["__type"]) == (400, "UnknownOperationException")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = [
    "Username",
    "Password",
    "ConfirmationCode",
    "AuthFlow",
    "AuthParameters",
    "ChallengeName",
    "Session",
    "ChallengeResponses",
    "AccessToken",
    "PreviousPassword",
    "ProposedPassword",
    "Token",
    "UserAttributes",
]
names_and_values = st.dictionaries(
    st.sampled_from(FIELDS),
    st.one_of(
        json_values,
        st.sampled_from([ANA, "USER_PASSWORD_AUTH", "REFRESH_TOKEN_AUTH", "NEW_PASSWORD_REQUIRED", "a.b.c"]),
        st.fixed_dictionaries(
            {},
            optional={name: st.text() for name in ("USERNAME", "PASSWORD", "REFRESH_TOKEN", "NEW_PASSWORD")},
        ),
    ),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)
@given(st.sampled_from(OPERATIONS), names_and_values)
def test_any_request_gets_an_answer_of_cognitos(
    pool: UserPool, operation: str, request: dict[str, object]
) -> None:
    status, _ = ask(pool, operation, {"ClientId": pool.client_id} | request)
    assert status in (200, 400)


def test_a_database_that_fails_is_an_internal_error_in_cognitos_form(
    pool: UserPool, database: object, caplog: pytest.LogCaptureFixture
) -> None:
    with pool.users._database.transaction() as connection:
        connection.execute("DROP TABLE membership")
        connection.execute("DROP TABLE user")
    status, told = ask(pool, "InitiateAuth", sign_in(pool))
    assert (status, told["__type"]) == (500, "InternalErrorException")
    assert "no such table" in caplog.text
    assert "no such table" not in str(told)


def test_more_sign_ins_than_can_be_hashed_soon_are_refused(
    pool: UserPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    everyone_is_waiting = threading.Event()
    hashing: SimpleQueue[None] = SimpleQueue()

    def slow(*_: object) -> bool:
        hashing.put(None)
        everyone_is_waiting.wait()
        return False

    monkeypatch.setattr(self_service, "verify_secret", slow)
    endpoint = CognitoEndpoint(pool)
    body = json.dumps(sign_in(pool)).encode()

    async def crowd() -> list[CognitoReply]:
        target = TARGET_PREFIX + "InitiateAuth"
        admitted = [
            asyncio.create_task(endpoint(target, body, "192.0.2.1")) for _ in range(cognito.SLOW_THREADS)
        ]
        while hashing.qsize() < cognito.SLOW_THREADS:
            await asyncio.sleep(0.001)
        admitted += [
            asyncio.create_task(endpoint(target, body, "192.0.2.1"))
            for _ in range(cognito.MAX_SLOW_PER_ADDRESS)
        ]
        await asyncio.sleep(0)
        refused = await endpoint(target, body, "192.0.2.1")
        # Those who hash nothing do not wait for those who do.
        unaffected = await endpoint(TARGET_PREFIX + "GetUser", b"{}", "192.0.2.1")
        everyone_is_waiting.set()
        return [refused, unaffected, *await asyncio.gather(*admitted)]

    refused, unaffected, *admitted = asyncio.run(crowd())
    assert json.loads(refused.body)["__type"] == "TooManyRequestsException"
    assert json.loads(unaffected.body)["__type"] == "InvalidParameterException"
    assert {json.loads(reply.body)["__type"] for reply in admitted} == {"NotAuthorizedException"}
    asyncio.run(endpoint(TARGET_PREFIX + "GetUser", b"{}", "192.0.2.1"))
    endpoint.close()


def test_a_flood_from_one_address_leaves_another_its_turn(
    pool: UserPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    order: list[str] = []
    running: SimpleQueue[None] = SimpleQueue()

    def slow(_pool: UserPool, _target: str, _body: bytes, source_ip: str) -> CognitoReply:
        running.put(None)
        go_on.wait()
        order.append(source_ip)
        return CognitoReply(200, b"{}", {})

    monkeypatch.setattr(cognito, "answer", slow)
    endpoint = CognitoEndpoint(pool)
    target = TARGET_PREFIX + "InitiateAuth"

    async def crowd() -> list[CognitoReply]:
        started = [
            asyncio.create_task(endpoint(target, b"", f"2001:db8::{number}"))
            for number in range(1, cognito.SLOW_THREADS + 1)
        ]
        while running.qsize() < cognito.SLOW_THREADS:
            await asyncio.sleep(0.001)
        flood = [asyncio.create_task(endpoint(target, b"", f"2001:db8::{n:x}")) for n in range(3, 200)]
        await asyncio.sleep(0)
        other = asyncio.create_task(endpoint(target, b"", "192.0.2.7"))
        await asyncio.sleep(0)
        go_on.set()
        await asyncio.gather(*started)
        return [await other, *await asyncio.gather(*flood)]

    other, *flood = asyncio.run(crowd())
    endpoint.close()
    assert other.status == 200
    assert sum(reply.status == 200 for reply in flood) == cognito.MAX_SLOW_PER_ADDRESS
    assert order.index("192.0.2.7") <= 2 * cognito.SLOW_THREADS


def test_neither_passwords_nor_tokens_are_logged(pool: UserPool, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    ask(pool, "InitiateAuth", sign_in(pool))
    wrong = {"USERNAME": ANA, "PASSWORD": "Wrong-password-1!"}
    ask(pool, "InitiateAuth", sign_in(pool, AuthParameters=wrong))
    assert "InitiateAuth refused to 192.0.2.1: NotAuthorizedException" in caplog.text
    assert PASSWORD not in caplog.text
    assert "Wrong-password-1!" not in caplog.text
