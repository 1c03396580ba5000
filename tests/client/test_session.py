"""Staying signed in: what is asked of the user pool and when, without a network."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest

from orders_client.errors import Problem, SignInFailed
from orders_client.retrying import Retries, Steps, T
from orders_client.session import Host, Session

HOST = Host("https://api.example/prod", "https://cognito-idp.eu-west-1.amazonaws.com", "client")
PASSWORD, REFRESH = "USER_PASSWORD_AUTH", "REFRESH_TOKEN_AUTH"
HOUR = 3600


class Pool:
    """Answers as Cognito does, numbers its tokens and remembers by which flow each was asked for."""

    def __init__(self) -> None:
        self.flows: list[str] = []
        self.refuses: tuple[str, ...] = ()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.url == "https://cognito-idp.eu-west-1.amazonaws.com/"
        flow = json.loads(request.content)["AuthFlow"]
        self.flows.append(flow)
        if flow in self.refuses:
            return answer(400, {"__type": "NotAuthorizedException", "message": "Refresh Token has expired"})
        result: dict[str, object] = {"IdToken": f"token {len(self.flows)}", "ExpiresIn": HOUR}
        if flow == PASSWORD:
            result["RefreshToken"] = "refresh"
        return answer(200, {"AuthenticationResult": result})


def answer(status: int, document: Mapping[str, Any]) -> httpx.Response:
    return httpx.Response(status, json=document)


def run(steps: Steps[T], server: Callable[[httpx.Request], httpx.Response]) -> T:
    """What the steps come to when the server answers each request."""
    try:
        attempt = next(steps)
        while True:
            attempt = steps.send(server(attempt.request))
    except StopIteration as done:
        result: T = done.value
        return result


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def signed_in(pool: Pool, clock: Clock) -> Session:
    session = Session(HOST, "ana@example.com", "secret", Retries(), clock)
    assert run(session.token(), pool) == (HOST, "token 1")
    return session


def test_a_token_serves_until_shortly_before_it_expires() -> None:
    pool, clock = Pool(), Clock()
    session = signed_in(pool, clock)
    clock.now += HOUR - 31
    assert run(session.token(), pool) == (HOST, "token 1")
    clock.now += 1
    assert run(session.token(), pool) == (HOST, "token 2")
    assert pool.flows == [PASSWORD, REFRESH]


def test_a_refused_token_is_renewed_once_for_all_who_hold_it() -> None:
    pool, clock = Pool(), Clock()
    session = signed_in(pool, clock)
    assert run(session.token(instead_of="token 1"), pool) == (HOST, "token 2")
    assert run(session.token(instead_of="token 1"), pool) == (HOST, "token 2")
    assert pool.flows == [PASSWORD, REFRESH]


def test_where_the_refresh_token_has_expired_the_password_is_used() -> None:
    pool, clock = Pool(), Clock()
    session = signed_in(pool, clock)
    pool.refuses = (REFRESH,)
    assert run(session.token(instead_of="token 1"), pool) == (HOST, "token 3")
    assert pool.flows == [PASSWORD, REFRESH, PASSWORD]


def test_a_user_who_is_signed_out_everywhere_and_disabled_is_told() -> None:
    pool, clock = Pool(), Clock()
    session = signed_in(pool, clock)
    pool.refuses = (REFRESH, PASSWORD)
    with pytest.raises(SignInFailed, match="NotAuthorizedException"):
        run(session.token(instead_of="token 1"), pool)


def test_a_challenge_is_told_by_its_name() -> None:
    challenge = {"ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": "…"}
    session = Session(HOST, "ana@example.com", "secret", Retries())
    with pytest.raises(SignInFailed) as refused:
        run(session.token(), lambda _: answer(200, challenge))
    assert refused.value.code == "NEW_PASSWORD_REQUIRED"


def test_a_code_of_an_authenticator_app_is_given_when_it_is_asked_for() -> None:
    asked: list[dict[str, Any]] = []

    def pool(request: httpx.Request) -> httpx.Response:
        asked.append(json.loads(request.content))
        if "AuthFlow" in asked[-1]:
            return answer(200, {"ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": "open"})
        return answer(200, {"AuthenticationResult": {"IdToken": "token", "ExpiresIn": HOUR}})

    without = Session(HOST, "ana@example.com", "secret", Retries())
    with pytest.raises(SignInFailed, match="give mfa_code"):
        run(without.token(), pool)
    session = Session(HOST, "ana@example.com", "secret", Retries(), mfa_code=lambda: "123456")
    assert run(session.token(), pool) == (HOST, "token")
    assert asked[-1] == {
        "ClientId": "client",
        "ChallengeName": "SOFTWARE_TOKEN_MFA",
        "Session": "open",
        "ChallengeResponses": {"USERNAME": "ana@example.com", "SOFTWARE_TOKEN_MFA_CODE": "123456"},
    }


def test_a_pool_that_answers_in_other_words_is_told_by_its_status() -> None:
    session = Session(HOST, "ana@example.com", "secret", Retries())
    with pytest.raises(Problem, match="413"):
        run(session.token(), lambda _: answer(413, {"title": "The body is too large", "status": 413}))


def test_a_place_without_a_configuration_is_told() -> None:
    session = Session("https://console.example/", "ana@example.com", "secret", Retries())
    with pytest.raises(Problem, match="404 Not Found"):
        run(session.token(), lambda _: httpx.Response(404, text="<html>"))


def test_the_configuration_is_read_once() -> None:
    pool, paths = Pool(), []

    def server(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            paths.append(str(request.url))
            return answer(
                200, {"api_url": HOST.api_url, "cognito_url": HOST.cognito_url, "client_id": "client"}
            )
        return pool(request)

    session = Session("https://console.example/", "ana@example.com", "secret", Retries())
    assert run(session.token(), server)[0] == HOST
    assert run(session.token("token 1"), server)[0] == HOST
    assert paths == ["https://console.example/config.json"]
