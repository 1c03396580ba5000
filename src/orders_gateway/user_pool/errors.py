"""The faults of the user pool, in Cognito's names and words."""

from __future__ import annotations

from typing import NamedTuple


class Fault(NamedTuple):
    """One of Cognito's exceptions and what it says."""

    type: str
    message: str


class CognitoError(Exception):
    """A refused operation: `type` names the exception in Cognito's API, `message` is for the caller."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.type = fault.type
        self.message = fault.message


INCORRECT = Fault("NotAuthorizedException", "Incorrect username or password.")
LOCKED_OUT = Fault("NotAuthorizedException", "Password attempts exceeded")
DISABLED = Fault("NotAuthorizedException", "User is disabled.")
NOT_CONFIRMED = Fault("UserNotConfirmedException", "User is not confirmed.")
RESET_REQUIRED = Fault("PasswordResetRequiredException", "Password reset required for the user")
TEMPORARY_EXPIRED = Fault(
    "NotAuthorizedException", "Temporary password has expired and must be reset by an administrator."
)
USER_EXISTS = Fault("UsernameExistsException", "User already exists")
USER_NOT_FOUND = Fault("UserNotFoundException", "User does not exist.")
ALREADY_CONFIRMED = Fault("InvalidParameterException", "User is already confirmed.")
CANNOT_CONFIRM = Fault("NotAuthorizedException", "User cannot be confirmed. Current status is CONFIRMED")
WRONG_CODE = Fault("CodeMismatchException", "Invalid verification code provided, please try again.")
NO_CODE = Fault("ExpiredCodeException", "Invalid code provided, please request a code again.")
TOO_MANY_ATTEMPTS = Fault("LimitExceededException", "Attempt limit exceeded, please try after some time.")
TOO_MANY_REQUESTS = Fault("TooManyRequestsException", "Too many requests")
INVALID_SESSION = Fault("NotAuthorizedException", "Invalid session for the user, session is expired.")
INVALID_ACCESS_TOKEN = Fault("NotAuthorizedException", "Invalid Access Token")
EXPIRED_ACCESS_TOKEN = Fault("NotAuthorizedException", "Access Token has expired")
REVOKED_ACCESS_TOKEN = Fault("NotAuthorizedException", "Access Token has been revoked")
INVALID_REFRESH_TOKEN = Fault("NotAuthorizedException", "Invalid Refresh Token")
EXPIRED_REFRESH_TOKEN = Fault("NotAuthorizedException", "Refresh Token has expired")
REVOKED_REFRESH_TOKEN = Fault("NotAuthorizedException", "Refresh Token has been revoked")
NOT_A_REFRESH_TOKEN = Fault("UnsupportedTokenTypeException", "Unsupported token type")
READ_ONLY_ATTRIBUTE = Fault("NotAuthorizedException", "A client attempted to write unauthorized attribute")
USERNAME_NOT_EMAIL = Fault("InvalidParameterException", "Username should be an email.")
EMAIL_NOT_USERNAME = Fault("InvalidParameterException", "User email should be empty or same as username")


def invalid_parameter(message: str) -> CognitoError:
    """InvalidParameterException: a part of the request is missing or not acceptable."""
    return CognitoError(Fault("InvalidParameterException", message))


def invalid_password(violation: str) -> CognitoError:
    """InvalidPasswordException: a new password breaks the policy."""
    return CognitoError(
        Fault("InvalidPasswordException", f"Password did not conform with policy: {violation}")
    )
