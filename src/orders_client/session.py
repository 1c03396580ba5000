"""Signing in to the user pool, and staying signed in, by Cognito's API."""

import time
from collections.abc import Callable
from typing import Final

import httpx
import msgspec
from msgspec import Struct, field

from orders_client.errors import SignInFailed, problem_from
from orders_client.retrying import Retries, Steps, send

_TARGET: Final = "AWSCognitoIdentityProviderService."
_CODE: Final = "SOFTWARE_TOKEN_MFA"
_EARLY: Final = 30.0
"""A token is renewed so many seconds before it expires: it must still be valid when it arrives."""


class Host(Struct, frozen=True):
    """Where the API is and where to sign in to it."""

    api_url: str
    cognito_url: str
    client_id: str


class _Result(Struct, rename="pascal"):
    id_token: str
    expires_in: int
    refresh_token: str = ""


class _Answer(Struct):
    """What InitiateAuth and RespondToAuthChallenge may answer: a result, a challenge, or a refusal."""

    result: _Result | None = field(default=None, name="AuthenticationResult")
    challenge: str = field(default="", name="ChallengeName")
    session: str = field(default="", name="Session")
    code: str = field(default="", name="__type")
    message: str = ""


class Session:
    """A signed-in user. `where` is a Host, or the URL beside which `/config.json` tells one.

    Not safe for concurrent use: hold a lock while driving its steps.
    """

    def __init__(
        self,
        where: Host | str,
        email: str,
        password: str,
        retries: Retries,
        clock: Callable[[], float] = time.monotonic,
        mfa_code: Callable[[], str] | None = None,
    ) -> None:
        """`mfa_code` gives the code that the user's authenticator app shows now."""
        self._where = where
        self._email = email
        self._password = password
        self._retries = retries
        self._clock = clock
        self._mfa_code = mfa_code
        self._token = ""
        self._refresh_token = ""
        self._renew_at = 0.0

    def token(self, instead_of: str | None = None) -> Steps[tuple[Host, str]]:
        """The host, and an ID token that is valid there: the one at hand, unless it is refused already.

        Raises:
            SignInFailed: the user pool refused.
            Problem, Unreachable: it could not be asked.
        """
        host = yield from self._host()
        if self._token in ("", instead_of) or self._clock() >= self._renew_at:
            yield from self._renew(host)
        return host, self._token

    def _host(self) -> Steps[Host]:
        if isinstance(self._where, str):
            request = httpx.Request("GET", f"{self._where.rstrip('/')}/config.json")
            response, _ = yield from send(request, self._retries)
            if not response.is_success:
                raise problem_from(response)
            self._where = msgspec.json.decode(response.content, type=Host)
        return self._where

    def _renew(self, host: Host) -> Steps[None]:
        if self._refresh_token:
            try:
                yield from self._sign_in(host, "REFRESH_TOKEN_AUTH", REFRESH_TOKEN=self._refresh_token)
            except SignInFailed:
                # It has expired or was revoked; the password is good for another.
                self._refresh_token = ""
            else:
                return
        yield from self._sign_in(host, "USER_PASSWORD_AUTH", USERNAME=self._email, PASSWORD=self._password)

    def _sign_in(self, host: Host, flow: str, **parameters: str) -> Steps[None]:
        answer = yield from self._ask(host, "InitiateAuth", AuthFlow=flow, AuthParameters=parameters)
        if answer.challenge == _CODE and self._mfa_code:
            responses = {"USERNAME": self._email, "SOFTWARE_TOKEN_MFA_CODE": self._mfa_code()}
            answer = yield from self._ask(
                host,
                "RespondToAuthChallenge",
                ChallengeName=_CODE,
                Session=answer.session,
                ChallengeResponses=responses,
            )
        result = _result_of(answer)
        self._token = result.id_token
        self._refresh_token = result.refresh_token or self._refresh_token
        self._renew_at = self._clock() + result.expires_in - _EARLY

    def _ask(self, host: Host, operation: str, **members: object) -> Steps[_Answer]:
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": _TARGET + operation}
        content = msgspec.json.encode({"ClientId": host.client_id, **members})
        url = f"{host.cognito_url.rstrip('/')}/"
        response, _ = yield from send(
            httpx.Request("POST", url, content=content, headers=headers), self._retries
        )
        return _answer_of(response)


def _answer_of(response: httpx.Response) -> _Answer:
    try:
        answer = msgspec.json.decode(response.content, type=_Answer)
    except msgspec.DecodeError:
        raise problem_from(response) from None
    if answer.code:
        raise SignInFailed(answer.code.rpartition("#")[2], answer.message)
    if answer.result is None and not answer.challenge:
        raise problem_from(response)
    return answer


def _result_of(answer: _Answer) -> _Result:
    if answer.result is not None:
        return answer.result
    message = "The user pool asks for more than a password: sign in to the console once"
    if answer.challenge == _CODE:
        message = "The user pool asks for a code of an authenticator app: give mfa_code, which returns one"
    raise SignInFailed(answer.challenge, message)
