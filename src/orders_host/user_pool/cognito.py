"""Cognito's wire protocol: JSON 1.1 requests to the operations of the pool, and their answers."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import logging
import sqlite3
import threading
import uuid
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import msgspec
from msgspec import Struct

from orders_host import audit
from orders_host.user_pool import errors, second_factor, self_service
from orders_host.user_pool.challenges import Asked, ChallengeName
from orders_host.user_pool.errors import CognitoError, CognitoFault, invalid_parameter
from orders_host.user_pool.pool import UserPool
from orders_host.user_pool.requests import (
    MAX_USERNAME,
    AccessToken,
    AssociateSoftwareToken,
    Attribute,
    AttributeRequest,
    ChangePassword,
    ClientRequest,
    ConfirmForgotPassword,
    ConfirmSignUp,
    GetTokensFromRefreshToken,
    InitiateAuth,
    RespondToAuthChallenge,
    RevokeToken,
    SetUserMFAPreference,
    SignUp,
    UpdateUserAttributes,
    UserRequest,
    VerifySoftwareToken,
    VerifyUserAttribute,
)
from orders_host.user_pool.sealing import WrongKey
from orders_host.user_pool.srp import Proof
from orders_host.user_pool.store import User
from orders_host.user_pool.tokens import Tokens

_log = logging.getLogger(__name__)

TARGET_PREFIX = "AWSCognitoIdentityProviderService."

# A hash takes 0.1 s and 64 MiB: two at a time. The addresses take turns, so a new one waits for one hash of
# each other address at most, and a flood from one address fills only its own places.
SLOW_THREADS, MAX_SLOW_WAITING, MAX_SLOW_PER_ADDRESS = 2, 64, 8
FAST_THREADS, MAX_FAST_WAITING = 2, 256

_IPV6_NETWORK = 64  # bits: what one subscriber gets (RFC 6177)

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
        self._slow = _Lane(SLOW_THREADS, MAX_SLOW_WAITING, MAX_SLOW_PER_ADDRESS)
        self._fast = _Lane(FAST_THREADS, MAX_FAST_WAITING, MAX_FAST_WAITING)

    async def __call__(self, target: str, body: bytes, source_ip: str) -> CognitoReply:
        """One operation."""
        operation = _OPERATIONS.get(target.removeprefix(TARGET_PREFIX))
        lane = self._slow if operation and operation.hashes else self._fast
        return await lane.run(_network(source_ip), lambda: answer(self._pool, target, body, source_ip))

    def close(self) -> None:
        """Waits for what is running."""
        self._slow.close()
        self._fast.close()


def answer(pool: UserPool, target: str, body: bytes, source_ip: str) -> CognitoReply:
    """One operation, in the calling thread."""
    try:
        with audit.source(source_ip):
            return _reply(200, _perform(pool, target, body))
    except CognitoError as refused:
        _log.info("%s refused to %s: %s", target.removeprefix(TARGET_PREFIX), source_ip, refused.type)
        return _refusal(CognitoFault(refused.type, refused.message))
    except (sqlite3.Error, WrongKey):
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
    """A few threads and a bounded queue in which addresses take turns."""

    def __init__(self, threads: int, max_waiting: int, max_per_address: int) -> None:
        self._threads = ThreadPoolExecutor(threads, "cognito")
        self._max_waiting = max_waiting
        self._max_per_address = max_per_address
        self._lock = threading.Lock()
        self._waiting = 0
        self._queues: OrderedDict[str, deque[_Job]] = OrderedDict()

    async def run(self, address: str, work: Callable[[], CognitoReply]) -> CognitoReply:
        """Do the work in a thread; TooManyRequestsException if there is no place for it."""
        job = _Job(work, Future())
        with self._lock:
            queue = self._queues.get(address) or deque()
            if self._waiting >= self._max_waiting or len(queue) >= self._max_per_address:
                return _refusal(errors.TOO_MANY_REQUESTS)
            queue.append(job)
            self._queues[address] = queue
            self._waiting += 1
        # One call for each job; which job it does is decided when a thread is free.
        self._threads.submit(self._do_next)
        return await asyncio.wrap_future(job.reply)

    def _do_next(self) -> None:
        with self._lock:
            address, queue = self._queues.popitem(last=False)
            job = queue.popleft()
            self._waiting -= 1
            if queue:
                self._queues[address] = queue
        # False if the client has gone meanwhile.
        if not job.reply.set_running_or_notify_cancel():
            return
        try:
            job.reply.set_result(job.work())
        except BaseException as error:  # noqa: BLE001 - raised where the reply is awaited
            job.reply.set_exception(error)

    def close(self) -> None:
        """Wait for what is running and waiting."""
        self._threads.shutdown()


class _Job(NamedTuple):
    work: Callable[[], CognitoReply]
    reply: Future[CognitoReply]


def _network(source_ip: str) -> str:
    try:
        address = ipaddress.ip_address(source_ip)
    except ValueError:
        return source_ip
    if address.version == 4:
        return source_ip
    return str(ipaddress.ip_network((address.packed, _IPV6_NETWORK), strict=False))


def _sign_up(pool: UserPool, request: SignUp) -> ResponseMembers:
    attributes = _written(request.username, request.user_attributes)
    sub = self_service.sign_up(pool, request.username, request.password, attributes)
    return {"UserConfirmed": False, "UserSub": sub, **_delivery(request.username.strip().lower())}


def _confirm_sign_up(pool: UserPool, request: ConfirmSignUp) -> ResponseMembers:
    self_service.confirm_sign_up(pool, request.username, request.confirmation_code)
    return {}


def _resend_confirmation_code(pool: UserPool, request: UserRequest) -> ResponseMembers:
    return _delivery(self_service.resend_confirmation_code(pool, request.username))


def _initiate_auth(pool: UserPool, request: InitiateAuth) -> ResponseMembers:
    parameters = request.auth_parameters
    match request.auth_flow:
        case "USER_PASSWORD_AUTH":
            name, password = _username(parameters), _required(parameters, "PASSWORD")
            return _signed_in(pool, self_service.sign_in(pool, name, password))
        case "USER_SRP_AUTH":
            name, client_public = _username(parameters), _required(parameters, "SRP_A")
            parameters = self_service.open_srp(pool, name, client_public)
            return {"ChallengeName": "PASSWORD_VERIFIER", "ChallengeParameters": parameters}
        case "REFRESH_TOKEN_AUTH" | "REFRESH_TOKEN":
            return _signed_in(pool, self_service.refresh(pool, _required(parameters, "REFRESH_TOKEN")))
    raise invalid_parameter(f"{request.auth_flow[:64]} flow not enabled for this client")


def _respond_to_auth_challenge(pool: UserPool, request: RespondToAuthChallenge) -> ResponseMembers:
    responses = request.challenge_responses
    match request.challenge_name:
        case "PASSWORD_VERIFIER":
            # USERNAME is not read: the secret block holds the name, and the client can't change it.
            return _signed_in(pool, self_service.answer_srp(pool, _proof(responses)))
        case "NEW_PASSWORD_REQUIRED" | "SOFTWARE_TOKEN_MFA" | "MFA_SETUP":
            if not request.session:
                raise invalid_parameter("Missing required parameter Session")
            return _signed_in(pool, _answered(pool, request, _required(responses, "USERNAME")))
    raise invalid_parameter(
        "The challenges of this pool are PASSWORD_VERIFIER, NEW_PASSWORD_REQUIRED, SOFTWARE_TOKEN_MFA and"
        " MFA_SETUP"
    )


def _answered(pool: UserPool, request: RespondToAuthChallenge, name: str) -> Tokens | Asked:
    session, responses = request.session, request.challenge_responses
    match request.challenge_name:
        case "NEW_PASSWORD_REQUIRED":
            return self_service.answer_new_password(pool, session, name, _required(responses, "NEW_PASSWORD"))
        case "SOFTWARE_TOKEN_MFA":
            code = _required(responses, "SOFTWARE_TOKEN_MFA_CODE")
            return second_factor.answer_code(pool, session, name, code)
    return second_factor.answer_set_up(pool, session, name)


def _associate_software_token(pool: UserPool, request: AssociateSoftwareToken) -> ResponseMembers:
    sub = _who_sets_up(pool, request)
    answer = {"SecretCode": second_factor.offer_app(pool, sub)}
    return answer | ({"Session": request.session} if request.session else {})


def _verify_software_token(pool: UserPool, request: VerifySoftwareToken) -> ResponseMembers:
    sub = _who_sets_up(pool, request)
    code, device_name = request.user_code, request.friendly_device_name
    if request.session:
        second_factor.verify_app_at_sign_in(pool, request.session, code, device_name)
        return {"Status": "SUCCESS", "Session": request.session}
    second_factor.verify_app(pool, sub, code, device_name)
    return {"Status": "SUCCESS"}


def _who_sets_up(pool: UserPool, request: AssociateSoftwareToken) -> str:
    if bool(request.access_token) == bool(request.session):
        raise invalid_parameter("Send either AccessToken or Session")
    if request.session:
        return pool.challenges.subject(ChallengeName.MFA_SETUP, request.session)
    return self_service.signed_in_user(pool, request.access_token).sub


def _set_user_mfa_preference(pool: UserPool, request: SetUserMFAPreference) -> ResponseMembers:
    user = self_service.signed_in_user(pool, request.access_token)
    for other in (request.sms_mfa_settings, request.email_mfa_settings):
        if other and (other.enabled or other.preferred_mfa):
            raise invalid_parameter("The only second factor of this pool is SOFTWARE_TOKEN_MFA")
    if settings := request.software_token_mfa_settings:
        if settings.preferred_mfa and not settings.enabled:
            raise invalid_parameter("A second factor that is preferred must be enabled")
        second_factor.prefer_app(pool, user, enabled=settings.enabled, preferred=settings.preferred_mfa)
    return {}


def _get_user(pool: UserPool, request: AccessToken) -> ResponseMembers:
    user = self_service.signed_in_user(pool, request.access_token)
    known: dict[str, object] = {"Username": user.sub, "UserAttributes": _attributes(user)}
    token = pool.software_tokens.find(user.sub)
    if token and token.enabled:
        known["UserMFASettingList"] = [ChallengeName.SOFTWARE_TOKEN_MFA]
        if token.preferred:
            known["PreferredMfaSetting"] = ChallengeName.SOFTWARE_TOKEN_MFA
    return known


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


def _get_tokens_from_refresh_token(pool: UserPool, request: GetTokensFromRefreshToken) -> ResponseMembers:
    return _signed_in(pool, self_service.rotate(pool, request.refresh_token))


def _update_user_attributes(pool: UserPool, request: UpdateUserAttributes) -> ResponseMembers:
    user = self_service.signed_in_user(pool, request.access_token)
    self_service.update_attributes(pool, user, _written(user.email, request.user_attributes))
    return {"CodeDeliveryDetailsList": []}


def _send_verification_code(pool: UserPool, request: AttributeRequest) -> ResponseMembers:
    user = self_service.signed_in_user(pool, request.access_token)
    _require_email(request.attribute_name)
    return _delivery(self_service.send_verification_code(pool, user))


def _verify_user_attribute(pool: UserPool, request: VerifyUserAttribute) -> ResponseMembers:
    user = self_service.signed_in_user(pool, request.access_token)
    _require_email(request.attribute_name)
    self_service.verify_email(pool, user, request.code)
    return {}


def _require_email(attribute: str) -> None:
    if attribute != "email":
        raise invalid_parameter("The only attribute that this pool verifies is email")


def _delete_user(pool: UserPool, request: AccessToken) -> ResponseMembers:
    self_service.delete_user(pool, request.access_token)
    return {}


def _global_sign_out(pool: UserPool, request: AccessToken) -> ResponseMembers:
    self_service.sign_out_everywhere(pool, request.access_token)
    return {}


def _username(parameters: Mapping[str, str]) -> str:
    name = _required(parameters, "USERNAME")
    if len(name) > MAX_USERNAME:
        # Failures are counted in the database by name, also those of unknown users.
        raise invalid_parameter(f"USERNAME may have at most {MAX_USERNAME} characters")
    return name


def _proof(responses: Mapping[str, str]) -> Proof:
    return Proof(
        secret_block=_required(responses, "PASSWORD_CLAIM_SECRET_BLOCK"),
        signature=_required(responses, "PASSWORD_CLAIM_SIGNATURE"),
        timestamp=_required(responses, "TIMESTAMP"),
    )


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


def _signed_in(pool: UserPool, outcome: Tokens | Asked) -> ResponseMembers:
    if isinstance(outcome, Asked):
        parameters = {"USER_ID_FOR_SRP": outcome.sub, **_parameters(pool, outcome)}
        return {
            "ChallengeName": outcome.name,
            "Session": outcome.session,
            "ChallengeParameters": parameters,
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


def _parameters(pool: UserPool, asked: Asked) -> dict[str, str]:
    match asked.name:
        case ChallengeName.NEW_PASSWORD_REQUIRED:
            known = {"email": pool.user(asked.sub).email, "email_verified": "true"}
            return {"requiredAttributes": "[]", "userAttributes": json.dumps(known)}
        case ChallengeName.SOFTWARE_TOKEN_MFA:
            token = pool.software_tokens.find(asked.sub)
            return {"FRIENDLY_DEVICE_NAME": token.device_name} if token and token.device_name else {}
    return {"MFAS_CAN_SETUP": json.dumps([ChallengeName.SOFTWARE_TOKEN_MFA])}


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
    "GetTokensFromRefreshToken": _Operation(GetTokensFromRefreshToken, _get_tokens_from_refresh_token),
    "UpdateUserAttributes": _Operation(UpdateUserAttributes, _update_user_attributes),
    "GetUserAttributeVerificationCode": _Operation(AttributeRequest, _send_verification_code, hashes=True),
    "VerifyUserAttribute": _Operation(VerifyUserAttribute, _verify_user_attribute, hashes=True),
    "AssociateSoftwareToken": _Operation(AssociateSoftwareToken, _associate_software_token),
    "VerifySoftwareToken": _Operation(VerifySoftwareToken, _verify_software_token),
    "SetUserMFAPreference": _Operation(SetUserMFAPreference, _set_user_mfa_preference),
    "DeleteUser": _Operation(AccessToken, _delete_user),
    "GlobalSignOut": _Operation(AccessToken, _global_sign_out),
}
