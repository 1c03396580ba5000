"""Cognito's wire protocol: JSON 1.1 requests to the operations of the pool, and their answers."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
import threading
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import msgspec
from msgspec import Struct

from orders_host.user_pool import errors, self_service
from orders_host.user_pool.errors import CognitoError, CognitoFault, invalid_parameter
from orders_host.user_pool.pool import UserPool
from orders_host.user_pool.requests import (
    MAX_USERNAME,
    AccessToken,
    Attribute,
    ChangePassword,
    ClientRequest,
    ConfirmForgotPassword,
    ConfirmSignUp,
    InitiateAuth,
    RespondToAuthChallenge,
    RevokeToken,
    SignUp,
    UserRequest,
)
from orders_host.user_pool.self_service import NewPasswordRequired
from orders_host.user_pool.store import User
from orders_host.user_pool.tokens import Tokens

_log = logging.getLogger(__name__)

TARGET_PREFIX = "AWSCognitoIdentityProviderService."

# A hash takes 0.1 s and 64 MiB: two at a time, a second's worth of them waiting.
SLOW_THREADS, SLOW_WAITING = 2, 16
FAST_THREADS, FAST_WAITING = 2, 256

# docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-attributes.html
WRITABLE_ATTRIBUTES = (
    *("address", "birthdate", "family_name", "gender", "given_name", "locale", "middle_name", "name"),
    *("nickname", "phone_number", "picture", "preferred_username", "profile", "website", "zoneinfo"),
)
_READ_ONLY_ATTRIBUTES = ("sub", "email_verified", "phone_number_verified")

ResponseMembers = Mapping[str, object]


class CognitoReply(NamedTuple):
    """An HTTP response."""

    status: int
    body: bytes
    headers: dict[str, str]


class CognitoEndpoint:
    """Answers `POST /cognito/`: call it with X-Amz-Target, the body and the client's address.

    Runs the pool in threads of its own, and refuses with TooManyRequestsException what they can't do soon.
    """

    def __init__(self, pool: UserPool) -> None:
        self._pool = pool
        self._slow = _Lane(SLOW_THREADS, SLOW_WAITING)
        self._fast = _Lane(FAST_THREADS, FAST_WAITING)

    async def __call__(self, target: str, body: bytes, source_ip: str) -> CognitoReply:
        """One operation."""
        operation = _OPERATIONS.get(target.removeprefix(TARGET_PREFIX))
        lane = self._slow if operation and operation.hashes else self._fast
        return await lane.run(lambda: answer(self._pool, target, body, source_ip))

    def close(self) -> None:
        """Waits for what is running."""
        self._slow.close()
        self._fast.close()


def answer(pool: UserPool, target: str, body: bytes, source_ip: str) -> CognitoReply:
    """One operation, in the calling thread."""
    try:
        return _reply(200, _perform(pool, target, body))
    except CognitoError as refused:
        _log.info("%s refused to %s: %s", target.removeprefix(TARGET_PREFIX), source_ip, refused.type)
        return _refusal(CognitoFault(refused.type, refused.message))
    except sqlite3.Error:
        _log.exception("gateway.db failed")
        return _refusal(
            CognitoFault("InternalErrorException", "The user pool's database failed; see the log."), 500
        )


def _perform(pool: UserPool, target: str, body: bytes) -> ResponseMembers:
    operation = _OPERATIONS.get(target.removeprefix(TARGET_PREFIX))
    if operation is None or not target.startswith(TARGET_PREFIX):
        raise CognitoError(CognitoFault("UnknownOperationException", "This pool has no such operation."))
    try:
        request = msgspec.json.decode(body, type=operation.request)
    except msgspec.ValidationError as fault:
        raise invalid_parameter(str(fault)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise CognitoError(CognitoFault("SerializationException", "The body is not JSON.")) from None
    if isinstance(request, ClientRequest) and request.client_id != pool.client_id:
        raise CognitoError(
            CognitoFault("ResourceNotFoundException", f"User pool client {request.client_id} does not exist.")
        )
    return operation.run(pool, request)


def _refusal(fault: CognitoFault, status: int = 400) -> CognitoReply:
    reply = _reply(status, {"__type": fault.type, "message": fault.message})
    return reply._replace(headers=reply.headers | {"x-amzn-ErrorType": f"{fault.type}:"})


def _reply(status: int, answer: ResponseMembers) -> CognitoReply:
    headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-RequestId": str(uuid.uuid4())}
    return CognitoReply(status, json.dumps(answer).encode(), headers)


class _Lane:
    """A few threads and a bounded queue."""

    def __init__(self, threads: int, waiting: int) -> None:
        self._threads = ThreadPoolExecutor(threads, "cognito")
        self._places = threading.BoundedSemaphore(threads + waiting)

    async def run(self, work: Callable[[], CognitoReply]) -> CognitoReply:
        if not self._places.acquire(blocking=False):
            return _refusal(errors.TOO_MANY_REQUESTS)
        future = self._threads.submit(work)
        # The place is free when the work is done, also when nobody waits for it any more.
        future.add_done_callback(lambda _: self._places.release())
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        self._threads.shutdown()


def _sign_up(pool: UserPool, request: SignUp) -> ResponseMembers:
    attributes = _written(request.username, request.user_attributes)
    user = self_service.sign_up(pool, request.username, request.password, attributes)
    return {"UserConfirmed": False, "UserSub": user.sub, **_delivery(user.email)}


def _confirm_sign_up(pool: UserPool, request: ConfirmSignUp) -> ResponseMembers:
    self_service.confirm_sign_up(pool, request.username, request.confirmation_code)
    return {}


def _resend_confirmation_code(pool: UserPool, request: UserRequest) -> ResponseMembers:
    return _delivery(self_service.resend_confirmation_code(pool, request.username))


def _initiate_auth(pool: UserPool, request: InitiateAuth) -> ResponseMembers:
    parameters = request.auth_parameters
    match request.auth_flow:
        case "USER_PASSWORD_AUTH":
            name, password = _required(parameters, "USERNAME"), _required(parameters, "PASSWORD")
            if len(name) > MAX_USERNAME:
                # Failures are counted in the database by name, whoever's it is.
                raise invalid_parameter(f"USERNAME may have at most {MAX_USERNAME} characters")
            return _signed_in(self_service.sign_in(pool, name, password))
        case "REFRESH_TOKEN_AUTH" | "REFRESH_TOKEN":
            return _signed_in(self_service.refresh(pool, _required(parameters, "REFRESH_TOKEN")))
    raise invalid_parameter(f"{request.auth_flow[:64]} flow not enabled for this client")


def _respond_to_auth_challenge(pool: UserPool, request: RespondToAuthChallenge) -> ResponseMembers:
    if request.challenge_name != "NEW_PASSWORD_REQUIRED":
        raise invalid_parameter("The only challenge of this pool is NEW_PASSWORD_REQUIRED")
    if not request.session:
        raise invalid_parameter("Missing required parameter Session")
    responses = request.challenge_responses
    name, password = _required(responses, "USERNAME"), _required(responses, "NEW_PASSWORD")
    return _signed_in(self_service.answer_new_password(pool, request.session, name, password))


def _get_user(pool: UserPool, request: AccessToken) -> ResponseMembers:
    user = self_service.signed_in_user(pool, request.access_token)
    return {"Username": user.sub, "UserAttributes": _attributes(user)}


def _change_password(pool: UserPool, request: ChangePassword) -> ResponseMembers:
    self_service.change_password(
        pool, request.access_token, request.previous_password, request.proposed_password
    )
    return {}


def _forgot_password(pool: UserPool, request: UserRequest) -> ResponseMembers:
    return _delivery(self_service.forgot_password(pool, request.username))


def _confirm_forgot_password(pool: UserPool, request: ConfirmForgotPassword) -> ResponseMembers:
    self_service.confirm_forgot_password(pool, request.username, request.confirmation_code, request.password)
    return {}


def _revoke_token(pool: UserPool, request: RevokeToken) -> ResponseMembers:
    # An access or ID token has dots, a refresh token never.
    if "." in request.token:
        raise CognitoError(errors.NOT_A_REFRESH_TOKEN)
    pool.tokens.revoke(request.token)
    return {}


def _global_sign_out(pool: UserPool, request: AccessToken) -> ResponseMembers:
    pool.tokens.revoke_all(self_service.signed_in_user(pool, request.access_token).sub)
    return {}


def _required(parameters: Mapping[str, str], name: str) -> str:
    if not (value := parameters.get(name)):
        raise invalid_parameter(f"Missing required parameter {name}")
    return value


def _written(username: str, attributes: list[Attribute]) -> dict[str, str]:
    written = {attribute.name: attribute.value for attribute in attributes}
    if written.pop("email", username).lower() != username.lower():
        raise CognitoError(errors.EMAIL_NOT_USERNAME)
    for name in written:
        if name in _READ_ONLY_ATTRIBUTES:
            raise CognitoError(errors.READ_ONLY_ATTRIBUTE)
        if name not in WRITABLE_ATTRIBUTES:
            raise invalid_parameter(
                f"Attributes did not conform to the schema: {name}: Attribute does not exist in the schema."
            )
    return written


def _attributes(user: User) -> list[dict[str, str]]:
    values = {
        "email": user.email,
        "email_verified": str(user.email_verified).lower(),
        **user.attributes,
        "sub": user.sub,
    }
    return [{"Name": name, "Value": value} for name, value in values.items()]


def _signed_in(outcome: Tokens | NewPasswordRequired) -> ResponseMembers:
    if isinstance(outcome, NewPasswordRequired):
        return {
            "ChallengeName": "NEW_PASSWORD_REQUIRED",
            "Session": outcome.session,
            "ChallengeParameters": {
                "USER_ID_FOR_SRP": outcome.user.sub,
                "requiredAttributes": "[]",
                "userAttributes": json.dumps({"email": outcome.user.email, "email_verified": "true"}),
            },
        }
    result: dict[str, object] = {
        "AccessToken": outcome.access_token,
        "ExpiresIn": outcome.expires_in,
        "IdToken": outcome.id_token,
        "TokenType": "Bearer",
    }
    if outcome.refresh_token:
        result["RefreshToken"] = outcome.refresh_token
    return {"AuthenticationResult": result, "ChallengeParameters": {}}


def _delivery(address: str) -> ResponseMembers:
    name, _, domain = address.partition("@")
    masked = f"{name[:1]}***@{domain[:1]}***"
    return {
        "CodeDeliveryDetails": {
            "AttributeName": "email",
            "DeliveryMedium": "EMAIL",
            "Destination": masked,
        }
    }


class _Operation(NamedTuple):
    request: type[Struct]
    run: Callable[..., ResponseMembers]
    hashes: bool = False


_OPERATIONS: Mapping[str, _Operation] = {
    "SignUp": _Operation(SignUp, _sign_up, hashes=True),
    "ConfirmSignUp": _Operation(ConfirmSignUp, _confirm_sign_up, hashes=True),
    "ResendConfirmationCode": _Operation(UserRequest, _resend_confirmation_code, hashes=True),
    "InitiateAuth": _Operation(InitiateAuth, _initiate_auth, hashes=True),
    "RespondToAuthChallenge": _Operation(RespondToAuthChallenge, _respond_to_auth_challenge, hashes=True),
    "GetUser": _Operation(AccessToken, _get_user),
    "ChangePassword": _Operation(ChangePassword, _change_password, hashes=True),
    "ForgotPassword": _Operation(UserRequest, _forgot_password, hashes=True),
    "ConfirmForgotPassword": _Operation(ConfirmForgotPassword, _confirm_forgot_password, hashes=True),
    "RevokeToken": _Operation(RevokeToken, _revoke_token),
    "GlobalSignOut": _Operation(AccessToken, _global_sign_out),
}
