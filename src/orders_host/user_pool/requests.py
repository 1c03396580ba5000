"""The requests of Cognito's API, with the limits of its model.

What Cognito knows but this pool has no use for is ignored. Missing fields without a default are refused.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, field

MAX_USERNAME = 128

Username = Annotated[str, Meta(min_length=1, max_length=MAX_USERNAME)]
Password = Annotated[str, Meta(min_length=1, max_length=256)]
Code = Annotated[str, Meta(min_length=1, max_length=2_048)]
ClientId = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[\w+]+$")]
Token = Annotated[str, Meta(min_length=1, max_length=8_192)]
Session = Annotated[str, Meta(max_length=4_096)]


class ClientRequest(Struct, rename="pascal"):
    """A request that names the app client."""

    client_id: ClientId


class Attribute(Struct, rename="pascal"):
    """One attribute of a user."""

    name: Annotated[str, Meta(min_length=1, max_length=32)]
    value: Annotated[str, Meta(max_length=2_048)] = ""


class SignUp(ClientRequest):
    """Create an account."""

    username: Username
    password: Password
    user_attributes: list[Attribute] = []


class UserRequest(ClientRequest):
    """A request that names a user."""

    username: Username


class ConfirmSignUp(UserRequest):
    """Confirm an e-mail address by the code sent to it."""

    confirmation_code: Code


class ConfirmForgotPassword(UserRequest):
    """Set a new password by the code sent to the user."""

    confirmation_code: Code
    password: Password


class InitiateAuth(ClientRequest):
    """Sign in, or refresh a session; `auth_flow` says which."""

    auth_flow: str
    auth_parameters: dict[str, str] = {}


class RespondToAuthChallenge(ClientRequest):
    """Answer the challenge of a sign-in."""

    challenge_name: str
    session: Session = ""
    challenge_responses: dict[str, str] = {}


class RevokeToken(ClientRequest):
    """End the session of a refresh token."""

    token: Token


class AccessToken(Struct, rename="pascal"):
    """A request that is authorized by the user's access token."""

    access_token: Token


class AssociateSoftwareToken(Struct, rename="pascal"):
    """Ask for the secret of a new authenticator app: signed in, or in the session of MFA_SETUP."""

    access_token: Annotated[str, Meta(max_length=8_192)] = ""
    session: Session = ""


class VerifySoftwareToken(AssociateSoftwareToken):
    """Take the new app into use, by a code of it."""

    user_code: Annotated[str, Meta(max_length=6)] = ""
    friendly_device_name: Annotated[str, Meta(max_length=128)] = ""


class MfaSettings(Struct, rename="pascal"):
    """Whether one kind of second factor is asked for."""

    enabled: bool = False
    preferred_mfa: bool = False


class SetUserMFAPreference(AccessToken):
    """Choose the second factor."""

    software_token_mfa_settings: MfaSettings | None = None
    sms_mfa_settings: MfaSettings | None = field(default=None, name="SMSMfaSettings")
    email_mfa_settings: MfaSettings | None = None


class GetTokensFromRefreshToken(ClientRequest):
    """Refresh a session."""

    refresh_token: Token


class UpdateUserAttributes(AccessToken):
    """Change attributes of a signed-in user."""

    user_attributes: list[Attribute]


class AttributeRequest(AccessToken):
    """A request that names one attribute of a signed-in user."""

    attribute_name: Annotated[str, Meta(min_length=1, max_length=32)]


class VerifyUserAttribute(AttributeRequest):
    """Confirm an attribute by the code sent to it."""

    code: Code


class ChangePassword(AccessToken):
    """Replace the password of a signed-in user."""

    previous_password: Password
    proposed_password: Password
