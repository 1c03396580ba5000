"""The faults of the user pool, in Cognito's names and words."""

from __future__ import annotations

from typing import NamedTuple


class CognitoFault(NamedTuple):
    """One of Cognito's exceptions and what it says."""

    type: str
    message: str


class CognitoError(Exception):
    """A refused operation: `type` names the exception in Cognito's API, `message` is for the caller."""

    def __init__(self, fault: CognitoFault) -> None:
        super().__init__(fault.message)
        self.type = fault.type
        self.message = fault.message


INCORRECT = CognitoFault("NotAuthorizedException", "Incorrect username or password.")
LOCKED_OUT = CognitoFault("NotAuthorizedException", "Password attempts exceeded")
DISABLED = CognitoFault("NotAuthorizedException", "User is disabled.")
NOT_CONFIRMED = CognitoFault("UserNotConfirmedException", "User is not confirmed.")
RESET_REQUIRED = CognitoFault("PasswordResetRequiredException", "Password reset required for the user")
TEMPORARY_EXPIRED = CognitoFault(
    "NotAuthorizedException", "Temporary password has expired and must be reset by an administrator."
)
USER_EXISTS = CognitoFault("UsernameExistsException", "User already exists")
USER_NOT_FOUND = CognitoFault("UserNotFoundException", "User does not exist.")
WRONG_CODE = CognitoFault("CodeMismatchException", "Invalid verification code provided, please try again.")
NO_CODE = CognitoFault("ExpiredCodeException", "Invalid code provided, please request a code again.")
TOO_MANY_ATTEMPTS = CognitoFault(
    "LimitExceededException", "Attempt limit exceeded, please try after some time."
)
TOO_MANY_REQUESTS = CognitoFault("TooManyRequestsException", "Too many requests")
INVALID_SESSION = CognitoFault("NotAuthorizedException", "Invalid session for the user, session is expired.")
WRONG_MFA_CODE = CognitoFault("CodeMismatchException", "Invalid code received for user")
USED_MFA_CODE = CognitoFault("ExpiredCodeException", "Your software token has already been used once.")
WRONG_FIRST_MFA_CODE = CognitoFault(
    "EnableSoftwareTokenMFAException", "Code mismatch and fail enable Software Token MFA"
)
NO_SOFTWARE_TOKEN = CognitoFault(
    "SoftwareTokenMFANotFoundException", "Software Token MFA has not been found."
)
MFA_NOT_VERIFIED = CognitoFault("InvalidParameterException", "User has not verified software token mfa")
INVALID_ACCESS_TOKEN = CognitoFault("NotAuthorizedException", "Invalid Access Token")
EXPIRED_ACCESS_TOKEN = CognitoFault("NotAuthorizedException", "Access Token has expired")
REVOKED_ACCESS_TOKEN = CognitoFault("NotAuthorizedException", "Access Token has been revoked")
INVALID_REFRESH_TOKEN = CognitoFault("NotAuthorizedException", "Invalid Refresh Token")
EXPIRED_REFRESH_TOKEN = CognitoFault("NotAuthorizedException", "Refresh Token has expired")
REVOKED_REFRESH_TOKEN = CognitoFault("NotAuthorizedException", "Refresh Token has been revoked")
NOT_A_REFRESH_TOKEN = CognitoFault("UnsupportedTokenTypeException", "Unsupported token type")
READ_ONLY_ATTRIBUTE = CognitoFault(
    "NotAuthorizedException", "A client attempted to write unauthorized attribute"
)
USERNAME_NOT_EMAIL = CognitoFault("InvalidParameterException", "Username should be an email.")
EMAIL_NOT_USERNAME = CognitoFault(
    "InvalidParameterException", "User email should be empty or same as username"
)


def invalid_parameter(message: str) -> CognitoError:
    """InvalidParameterException: a part of the request is missing or not acceptable."""
    return CognitoError(CognitoFault("InvalidParameterException", message))


def invalid_password(violation: str) -> CognitoError:
    """InvalidPasswordException: a new password breaks the policy."""
    return CognitoError(
        CognitoFault("InvalidPasswordException", f"Password did not conform with policy: {violation}")
    )
