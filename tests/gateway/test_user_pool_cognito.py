"""The user pool as boto3's cognito-idp client sees it, over HTTP."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.gateway.cognito_server import served
from tests.gateway.conftest import ANA, PASSWORD, Clock, Letters

from orders_host.user_pool import UserPool

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_cognito_idp.type_defs import AuthenticationResultTypeTypeDef

NEW_PASSWORD = "Another-2026-secret?"
EVA = "eva@example.com"


@pytest.fixture
def url(pool: UserPool) -> Iterator[str]:
    with served(pool) as address:
        yield address


@pytest.fixture
def cognito(url: str) -> Iterator[CognitoIdentityProviderClient]:
    client = boto3.client(
        "cognito-idp",
        endpoint_url=url,
        region_name="eu-west-1",
        config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}),
    )
    yield client
    client.close()


class User:
    """Someone with a client, an address and a password."""

    def __init__(self, cognito: CognitoIdentityProviderClient, pool: UserPool) -> None:
        self.cognito = cognito
        self.client_id = pool.client_id

    def sign_in(self, name: str = ANA, password: str = PASSWORD) -> AuthenticationResultTypeTypeDef:
        return self.cognito.initiate_auth(
            ClientId=self.client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": password},
        )["AuthenticationResult"]

    def refresh(self, refresh_token: str) -> AuthenticationResultTypeTypeDef:
        return self.cognito.initiate_auth(
            ClientId=self.client_id,
            AuthFlow="REFRESH_TOKEN_AUTH",
            AuthParameters={"REFRESH_TOKEN": refresh_token},
        )["AuthenticationResult"]

    def sign_up(self, name: str = EVA) -> str:
        return self.cognito.sign_up(ClientId=self.client_id, Username=name, Password=PASSWORD)["UserSub"]


@pytest.fixture
def user(cognito: CognitoIdentityProviderClient, pool: UserPool) -> User:
    return User(cognito, pool)


def refused(call: Any, *arguments: Any, **parameters: Any) -> tuple[str, str]:  # noqa: ANN401
    """Which exception a call raises, as boto3 names it, and its message."""
    with pytest.raises(ClientError) as error:
        call(*arguments, **parameters)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


INCORRECT = ("NotAuthorizedException", "Incorrect username or password.")


def test_sign_up_confirm_and_sign_in(
    user: User, cognito: CognitoIdentityProviderClient, letters: Letters
) -> None:
    signed_up = cognito.sign_up(
        ClientId=user.client_id,
        Username="Eva@Example.com",
        Password=PASSWORD,
        UserAttributes=[{"Name": "email", "Value": EVA}, {"Name": "name", "Value": "Eva"}],
    )
    assert not signed_up["UserConfirmed"]
    assert signed_up["CodeDeliveryDetails"] == {
        "Destination": "e***@e***",
        "DeliveryMedium": "EMAIL",
        "AttributeName": "email",
    }
    assert refused(user.sign_in, EVA) == ("UserNotConfirmedException", "User is not confirmed.")
    cognito.confirm_sign_up(ClientId=user.client_id, Username=EVA, ConfirmationCode=letters.code(EVA))
    tokens = user.sign_in(EVA)
    assert (tokens["TokenType"], tokens["ExpiresIn"]) == ("Bearer", 3_600)
    known = cognito.get_user(AccessToken=tokens["AccessToken"])
    assert known["Username"] == signed_up["UserSub"]
    assert {attribute["Name"]: attribute["Value"] for attribute in known["UserAttributes"]} == {
        "sub": signed_up["UserSub"],
        "email": EVA,
        "email_verified": "true",
        "name": "Eva",
    }


def test_a_new_code_replaces_the_first(
    user: User, cognito: CognitoIdentityProviderClient, letters: Letters
) -> None:
    user.sign_up()
    first = letters.code(EVA)
    cognito.resend_confirmation_code(ClientId=user.client_id, Username=EVA)
    second = letters.code(EVA)
    if first != second:
        assert refused(
            cognito.confirm_sign_up, ClientId=user.client_id, Username=EVA, ConfirmationCode=first
        ) == ("CodeMismatchException", "Invalid verification code provided, please try again.")
    cognito.confirm_sign_up(ClientId=user.client_id, Username=EVA, ConfirmationCode=second)
    again: Any = {"ClientId": user.client_id, "Username": EVA}
    assert refused(cognito.confirm_sign_up, **again, ConfirmationCode=second)[0] == "ExpiredCodeException"
    assert cognito.resend_confirmation_code(**again)["CodeDeliveryDetails"]["Destination"] == "e***@e***"
    assert letters.codes(EVA) == [], "a confirmed user gets no code, and the answer does not tell"


def test_a_weak_password_and_no_address_are_refused(
    user: User, cognito: CognitoIdentityProviderClient
) -> None:
    assert refused(user.sign_up, "ana") == ("InvalidParameterException", "Username should be an email.")
    assert refused(cognito.sign_up, ClientId=user.client_id, Username=EVA, Password="short") == (
        "InvalidPasswordException",
        "Password did not conform with policy: Password not long enough",
    )


@pytest.mark.parametrize(
    ("name", "value", "exception"),
    [
        ("email", "other@example.com", "InvalidParameterException"),
        ("custom:role", "staff", "InvalidParameterException"),
        ("cognito:groups", "staff", "InvalidParameterException"),
        ("sub", "x", "NotAuthorizedException"),
        ("email_verified", "true", "NotAuthorizedException"),
    ],
)
def test_nobody_signs_up_with_attributes_of_authority(
    user: User, cognito: CognitoIdentityProviderClient, name: str, value: str, exception: str
) -> None:
    parameters: Any = {"ClientId": user.client_id, "Username": EVA, "Password": PASSWORD}
    attributes = [{"Name": name, "Value": value}]
    assert refused(cognito.sign_up, **parameters, UserAttributes=attributes)[0] == exception
    assert refused(user.sign_in, EVA) == INCORRECT


def test_an_unknown_user_is_answered_like_a_wrong_password(user: User) -> None:
    assert refused(user.sign_in, ANA, "Wrong-password-1!") == INCORRECT
    assert refused(user.sign_in, "nobody@example.com", PASSWORD) == INCORRECT


def test_a_refresh_yields_new_tokens_but_no_new_refresh_token(user: User, clock: Clock) -> None:
    first = user.sign_in()
    clock.advance(60)
    second = user.refresh(first["RefreshToken"])
    assert second["IdToken"] != first["IdToken"]
    assert "RefreshToken" not in second
    user.cognito.get_user(AccessToken=second["AccessToken"])
    assert refused(user.refresh, "x" * 43) == ("NotAuthorizedException", "Invalid Refresh Token")


def test_the_flow_may_be_called_refresh_token(user: User, cognito: CognitoIdentityProviderClient) -> None:
    refreshed = cognito.initiate_auth(
        ClientId=user.client_id,
        AuthFlow="REFRESH_TOKEN",
        AuthParameters={"REFRESH_TOKEN": user.sign_in()["RefreshToken"]},
    )
    assert refreshed["AuthenticationResult"]["IdToken"]


def test_a_rotated_refresh_token_works_once_and_its_second_use_ends_the_session(user: User) -> None:
    def rotate(refresh_token: str) -> AuthenticationResultTypeTypeDef:
        return user.cognito.get_tokens_from_refresh_token(
            ClientId=user.client_id, RefreshToken=refresh_token
        )["AuthenticationResult"]

    first, other = user.sign_in()["RefreshToken"], user.sign_in()["RefreshToken"]
    second = rotate(first)
    third = rotate(second["RefreshToken"])
    user.cognito.get_user(AccessToken=third["AccessToken"])
    revoked = ("NotAuthorizedException", "Refresh Token has been revoked")
    assert refused(rotate, first) == revoked
    assert refused(rotate, third["RefreshToken"]) == revoked, "the thief's or the user's: both are out"
    assert refused(user.cognito.get_user, AccessToken=third["AccessToken"])[0] == "NotAuthorizedException"
    assert rotate(other)["IdToken"]


def test_a_sign_out_by_a_refresh_token_that_was_rotated_ends_the_session(user: User) -> None:
    """As when the answer with the new token was lost, or a thief was faster."""
    held = user.sign_in()["RefreshToken"]
    fresh = user.cognito.get_tokens_from_refresh_token(ClientId=user.client_id, RefreshToken=held)[
        "AuthenticationResult"
    ]
    other = user.sign_in()["RefreshToken"]
    user.cognito.revoke_token(ClientId=user.client_id, Token=held)
    assert refused(user.refresh, fresh["RefreshToken"])[0] == "NotAuthorizedException"
    assert refused(user.cognito.get_user, AccessToken=fresh["AccessToken"])[0] == "NotAuthorizedException"
    assert user.refresh(other)["IdToken"]


@pytest.mark.parametrize("flow", ["rotation", "REFRESH_TOKEN_AUTH"])
def test_a_rotated_refresh_token_is_noticed_in_both_flows(user: User, flow: str) -> None:
    def rotate(refresh_token: str) -> AuthenticationResultTypeTypeDef:
        return user.cognito.get_tokens_from_refresh_token(
            ClientId=user.client_id, RefreshToken=refresh_token
        )["AuthenticationResult"]

    stolen = user.sign_in()["RefreshToken"]
    fresh = rotate(stolen)["RefreshToken"]
    refused(rotate if flow == "rotation" else user.refresh, stolen)
    assert refused(user.refresh, fresh)[0] == "NotAuthorizedException"


def test_of_two_rotations_at_once_one_at_most_goes_on(user: User) -> None:
    token = user.sign_in()["RefreshToken"]

    def rotate(_: int) -> str | None:
        try:
            answer = user.cognito.get_tokens_from_refresh_token(ClientId=user.client_id, RefreshToken=token)
        except ClientError:
            return None
        return answer["AuthenticationResult"]["RefreshToken"]

    with ThreadPoolExecutor(4) as threads:
        fresh = [each for each in threads.map(rotate, range(4)) if each]
    assert len(fresh) == 1
    assert refused(user.refresh, fresh[0])[0] == "NotAuthorizedException"


def test_a_user_changes_attributes_of_their_own(user: User, cognito: CognitoIdentityProviderClient) -> None:
    token = user.sign_in()["AccessToken"]
    cognito.update_user_attributes(AccessToken=token, UserAttributes=[{"Name": "name", "Value": "Ana"}])
    cognito.update_user_attributes(AccessToken=token, UserAttributes=[{"Name": "locale", "Value": "es"}])
    known = cognito.get_user(AccessToken=token)["UserAttributes"]
    assert {"Name": "name", "Value": "Ana"} in known
    assert {"Name": "locale", "Value": "es"} in known

    def change(name: str, value: str) -> str:
        attributes: Any = [{"Name": name, "Value": value}]
        return refused(cognito.update_user_attributes, AccessToken=token, UserAttributes=attributes)[0]

    assert change("email_verified", "true") == "NotAuthorizedException"
    assert change("email", EVA) == "InvalidParameterException"
    assert change("cognito:groups", "staff") == "InvalidParameterException"


def test_an_address_is_verified_again(
    user: User, cognito: CognitoIdentityProviderClient, letters: Letters
) -> None:
    token = user.sign_in()["AccessToken"]
    sent = cognito.get_user_attribute_verification_code(AccessToken=token, AttributeName="email")
    assert sent["CodeDeliveryDetails"]["Destination"] == "a***@e***"
    code = letters.code(ANA)
    verify: Any = {"AccessToken": token, "AttributeName": "email"}
    assert refused(cognito.verify_user_attribute, **verify, Code="wrong")[0] == "CodeMismatchException"
    cognito.verify_user_attribute(**verify, Code=code)
    assert refused(cognito.verify_user_attribute, **verify, Code=code)[0] == "ExpiredCodeException"
    other: Any = {"AccessToken": token, "AttributeName": "phone_number"}
    assert refused(cognito.get_user_attribute_verification_code, **other)[0] == "InvalidParameterException"


def test_a_user_who_deletes_the_account_is_gone(
    user: User, pool: UserPool, cognito: CognitoIdentityProviderClient
) -> None:
    tokens = user.sign_in()
    rotated = cognito.get_tokens_from_refresh_token(
        ClientId=user.client_id, RefreshToken=tokens["RefreshToken"]
    )["AuthenticationResult"]
    cognito.delete_user(AccessToken=rotated["AccessToken"])
    assert refused(user.sign_in) == INCORRECT
    assert refused(user.refresh, rotated["RefreshToken"])[0] == "NotAuthorizedException"
    assert pool.list_users() == []


def test_a_temporary_password_must_be_replaced(
    user: User, pool: UserPool, cognito: CognitoIdentityProviderClient
) -> None:
    pool.add_user(EVA, PASSWORD, groups=["staff"], permanent=False)
    challenge = cognito.initiate_auth(
        ClientId=user.client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": EVA, "PASSWORD": PASSWORD},
    )
    assert challenge["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    assert "AuthenticationResult" not in dict(challenge)
    assert json.loads(challenge["ChallengeParameters"]["userAttributes"])["email"] == EVA

    def answer(name: str, password: str) -> Any:  # noqa: ANN401
        return cognito.respond_to_auth_challenge(
            ClientId=user.client_id,
            ChallengeName="NEW_PASSWORD_REQUIRED",
            Session=challenge["Session"],
            ChallengeResponses={"USERNAME": name, "NEW_PASSWORD": password},
        )

    assert refused(answer, ANA, NEW_PASSWORD)[0] == "NotAuthorizedException"
    assert refused(answer, EVA, "weak-password")[0] == "InvalidPasswordException"
    tokens = answer(challenge["ChallengeParameters"]["USER_ID_FOR_SRP"], NEW_PASSWORD)
    assert tokens["AuthenticationResult"]["RefreshToken"]
    assert refused(answer, EVA, PASSWORD) == (
        "NotAuthorizedException",
        "Invalid session for the user, session is expired.",
    )
    assert user.sign_in(EVA, NEW_PASSWORD)["IdToken"]


def test_changing_the_password_leaves_sessions_open(
    user: User, cognito: CognitoIdentityProviderClient
) -> None:
    tokens = user.sign_in()
    change: Any = {"AccessToken": tokens["AccessToken"], "ProposedPassword": NEW_PASSWORD}
    assert refused(cognito.change_password, **change, PreviousPassword="Wrong-password-1!") == INCORRECT
    cognito.change_password(**change, PreviousPassword=PASSWORD)
    assert user.refresh(tokens["RefreshToken"])["IdToken"]
    assert refused(user.sign_in, ANA, PASSWORD) == INCORRECT
    assert user.sign_in(ANA, NEW_PASSWORD)["IdToken"]


def test_resetting_the_password_ends_every_session(
    user: User, cognito: CognitoIdentityProviderClient, letters: Letters
) -> None:
    tokens = user.sign_in()
    sent = cognito.forgot_password(ClientId=user.client_id, Username=ANA)
    assert sent["CodeDeliveryDetails"]["Destination"] == "a***@e***"
    confirm: Any = {
        "ClientId": user.client_id,
        "Username": ANA,
        "ConfirmationCode": letters.code(ANA),
        "Password": NEW_PASSWORD,
    }
    cognito.confirm_forgot_password(**confirm)
    assert refused(cognito.confirm_forgot_password, **confirm)[0] == "ExpiredCodeException"
    assert user.sign_in(ANA, NEW_PASSWORD)["IdToken"]
    assert refused(user.refresh, tokens["RefreshToken"])[0] == "NotAuthorizedException"
    assert refused(cognito.get_user, AccessToken=tokens["AccessToken"])[0] == "NotAuthorizedException"


def test_an_unknown_users_reset_looks_like_anyone_elses(
    user: User, cognito: CognitoIdentityProviderClient, letters: Letters
) -> None:
    def reset(name: str) -> list[Any]:
        confirm: Any = {
            "ClientId": user.client_id, "Username": name, "ConfirmationCode": "wrong", "Password": PASSWORD,
        }  # fmt: skip
        before = refused(cognito.confirm_forgot_password, **confirm)
        sent = cognito.forgot_password(ClientId=user.client_id, Username=name)["CodeDeliveryDetails"]
        return [before, sent, *(refused(cognito.confirm_forgot_password, **confirm) for _ in range(4))]

    known, unknown = reset(ANA), reset("abe@example.com")
    assert known == unknown
    assert [outcome[0] for outcome in known[2:]] == ["CodeMismatchException"] * 3 + ["LimitExceededException"]
    assert letters.codes("abe@example.com") == []


def test_revoking_a_refresh_token_ends_its_session_only(
    user: User, cognito: CognitoIdentityProviderClient
) -> None:
    tokens, others = user.sign_in(), user.sign_in()
    revoke: Any = {"ClientId": user.client_id}
    assert (
        refused(cognito.revoke_token, **revoke, Token=tokens["AccessToken"])[0]
        == "UnsupportedTokenTypeException"
    )
    for _ in range(2):
        cognito.revoke_token(**revoke, Token=tokens["RefreshToken"])
    assert refused(user.refresh, tokens["RefreshToken"]) == (
        "NotAuthorizedException",
        "Refresh Token has been revoked",
    )
    assert refused(cognito.get_user, AccessToken=tokens["AccessToken"]) == (
        "NotAuthorizedException",
        "Access Token has been revoked",
    )
    assert user.refresh(others["RefreshToken"])["IdToken"]
    cognito.get_user(AccessToken=others["AccessToken"])


def test_signing_out_everywhere_ends_every_session(
    user: User, cognito: CognitoIdentityProviderClient
) -> None:
    tokens, others = user.sign_in(), user.sign_in()
    cognito.global_sign_out(AccessToken=tokens["AccessToken"])
    for session in (tokens, others):
        assert refused(user.refresh, session["RefreshToken"])[0] == "NotAuthorizedException"
        assert refused(cognito.get_user, AccessToken=session["AccessToken"])[0] == "NotAuthorizedException"


def test_an_id_token_is_no_access_token(user: User, cognito: CognitoIdentityProviderClient) -> None:
    assert refused(cognito.get_user, AccessToken=user.sign_in()["IdToken"]) == (
        "NotAuthorizedException",
        "Invalid Access Token",
    )


def test_a_disabled_user_is_out(user: User, pool: UserPool, cognito: CognitoIdentityProviderClient) -> None:
    tokens = user.sign_in()
    pool.disable(ANA)
    disabled = ("NotAuthorizedException", "User is disabled.")
    assert refused(user.sign_in) == disabled
    assert refused(user.sign_in, ANA, "Wrong-password-1!") == INCORRECT
    assert refused(user.refresh, tokens["RefreshToken"])[0] == "NotAuthorizedException"
    assert refused(cognito.get_user, AccessToken=tokens["AccessToken"])[0] == "NotAuthorizedException"
    pool.enable(ANA)
    assert user.sign_in()["IdToken"]


def test_many_sign_ins_at_once_all_succeed(user: User) -> None:
    with ThreadPoolExecutor(8) as threads:
        tokens = list(threads.map(lambda _: user.sign_in()["IdToken"], range(8)))
    assert len(set(tokens)) == 8


# The wire, as a browser without an SDK uses it


def post(url: str, target: str, body: bytes) -> tuple[int, dict[str, Any], dict[str, str]]:
    request = urllib.request.Request(url + "/", body, {"X-Amz-Target": target})
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, json.loads(response.read()), dict(response.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read()), dict(error.headers)


def test_an_error_has_cognitos_form(url: str, pool: UserPool) -> None:
    body = {"ClientId": pool.client_id, "AuthFlow": "USER_PASSWORD_AUTH"}
    body["AuthParameters"] = {"USERNAME": ANA, "PASSWORD": "x"}  # type: ignore[assignment]
    status, answer, headers = post(
        url, "AWSCognitoIdentityProviderService.InitiateAuth", json.dumps(body).encode()
    )
    assert status == 400
    assert answer == {"__type": "NotAuthorizedException", "message": "Incorrect username or password."}
    assert headers["x-amzn-errortype"] == "NotAuthorizedException:"
    assert headers["content-type"] == "application/x-amz-json-1.1"
    assert headers["x-amzn-requestid"]
