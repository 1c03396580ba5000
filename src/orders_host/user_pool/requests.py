"""The requests of Cognito's API, with the limits of its model.

What Cognito knows but this pool has no use for is ignored. Missing fields without a default are refused.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

MAX_USERNAME = 128

Username = Annotated[str, Meta(min_length=1, max_length=MAX_USERNAME)]
Password = Annotated[str, Meta(min_length=1, max_length=256)]
Code = Annotated[str, Meta(min_length=1, max_length=2_048)]
ClientId = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[\w+]+$")]
Token = Annotated[str, Meta(min_length=1, max_length=8_192)]


class ClientRequest(Struct, rename="pascal"):
    client_id: ClientId


class Attribute(Struct, rename="pascal"):
    name: Annotated[str, Meta(min_length=1, max_length=32)]
    value: Annotated[str, Meta(max_length=2_048)] = ""


class SignUp(ClientRequest):
    username: Username
    password: Password
    user_attributes: list[Attribute] = []


class UserRequest(ClientRequest):
    username: Username


class ConfirmSignUp(UserRequest):
    confirmation_code: Code


class ConfirmForgotPassword(UserRequest):
    confirmation_code: Code
    password: Password


class InitiateAuth(ClientRequest):
    auth_flow: str
    auth_parameters: dict[str, str] = {}


class RespondToAuthChallenge(ClientRequest):
    challenge_name: str
    session: Annotated[str, Meta(min_length=20, max_length=4_096)] = ""
    challenge_responses: dict[str, str] = {}


class RevokeToken(ClientRequest):
    token: Token


class AccessToken(Struct, rename="pascal"):
    access_token: Token


class GetTokensFromRefreshToken(ClientRequest):
    refresh_token: Token


class UpdateUserAttributes(AccessToken):
    user_attributes: list[Attribute]


class AttributeRequest(AccessToken):
    attribute_name: Annotated[str, Meta(min_length=1, max_length=32)]


class VerifyUserAttribute(AttributeRequest):
    code: Code


class ChangePassword(AccessToken):
    previous_password: Password
    proposed_password: Password
