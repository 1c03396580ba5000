"""The second factor of a sign-in, a code of an authenticator app, and how users set one up.

Every function raises CognitoError.
"""

from __future__ import annotations

from orders_host.audit import AuditEvent
from orders_host.user_pool import errors, totp
from orders_host.user_pool.challenges import Asked, ChallengeName
from orders_host.user_pool.errors import CognitoError
from orders_host.user_pool.pool import UserPool
from orders_host.user_pool.software_tokens import Verdict
from orders_host.user_pool.store import User, UserStatus, normal
from orders_host.user_pool.tokens import Tokens


def is_asked_for(pool: UserPool, user: User) -> bool:
    """Whether a right password alone does not sign this user in."""
    token = pool.software_tokens.find(user.sub)
    return pool.requires_mfa or (token is not None and token.enabled)


def admit(pool: UserPool, user: User) -> Tokens | Asked:
    """Sign in a user whose password was right, or ask for what is missing."""
    if not is_asked_for(pool, user):
        return pool.sign_in(user)
    has_app = pool.software_tokens.find(user.sub) is not None
    name = ChallengeName.SOFTWARE_TOKEN_MFA if has_app else ChallengeName.MFA_SETUP
    return pool.challenges.open(name, user.sub)


def answer_code(pool: UserPool, session: str, name: str, code: str) -> Tokens:
    """Sign in with the app's code. A wrong one leaves the session open, and counts as a wrong password."""
    user = challenged(pool, ChallengeName.SOFTWARE_TOKEN_MFA, session, name)
    # One transaction: requests side by side get no attempts more, and a refusal stays counted.
    with pool.transaction():
        pool.lockout.check(user.sub)
        verdict = pool.software_tokens.use(user.sub, code)
        if verdict is Verdict.RIGHT:
            pool.challenges.close(session)
            pool.lockout.clear(user.sub)
            return pool.sign_in(user)
        pool.count_failure(user.sub, user)
    raise CognitoError(errors.USED_MFA_CODE if verdict is Verdict.USED else errors.WRONG_MFA_CODE)


def answer_set_up(pool: UserPool, session: str, name: str) -> Tokens:
    """Sign in a user who has just verified an app in this session."""
    user = challenged(pool, ChallengeName.MFA_IS_SET_UP, session, name)
    with pool.transaction():
        pool.challenges.close(session)
        pool.lockout.clear(user.sub)
        return pool.sign_in(user)


def challenged(pool: UserPool, challenge: ChallengeName, session: str, name: str) -> User:
    """The user who may answer."""
    user = pool.user(pool.challenges.subject(challenge, session))
    if normal(name) not in (user.email, user.sub, pool.srp.identity(user.email)):
        raise CognitoError(errors.INVALID_SESSION)
    if not user.enabled:
        raise CognitoError(errors.DISABLED)
    if challenge is not ChallengeName.NEW_PASSWORD_REQUIRED and user.status is not UserStatus.CONFIRMED:
        raise CognitoError(errors.INVALID_SESSION)
    return user


def offer_app(pool: UserPool, sub: str) -> str:
    """A secret for a new app, which counts when its first code comes back. An app in use stays till then."""
    return totp.as_text(pool.software_tokens.offer(sub))


def verify_app(pool: UserPool, sub: str, code: str, device_name: str) -> None:
    """Take a new app into use. Whether codes are asked for is a preference of its own."""
    if not pool.software_tokens.has_offer(sub):
        raise CognitoError(errors.NO_SOFTWARE_TOKEN)
    with pool.transaction():
        if not pool.software_tokens.verify(sub, code, device_name):
            raise CognitoError(errors.WRONG_FIRST_MFA_CODE)
        pool.audit.record(AuditEvent.MFA_APP_VERIFIED, sub)


def verify_app_at_sign_in(pool: UserPool, session: str, code: str, device_name: str) -> None:
    """The same for a user who can't sign in without one: codes are asked for from now on."""
    sub = pool.challenges.subject(ChallengeName.MFA_SETUP, session)
    with pool.transaction():
        verify_app(pool, sub, code, device_name)
        pool.software_tokens.prefer(sub, enabled=True, preferred=True)
        # Another who knows the password and began to set up an app must not end with it.
        pool.challenges.close_others(sub, session)
        pool.challenges.set_up(session)
        pool.audit.record(AuditEvent.MFA_ENABLED, sub)


def prefer_app(pool: UserPool, user: User, *, enabled: bool, preferred: bool) -> None:
    """Ask for codes at sign-in, or not."""
    token = pool.software_tokens.find(user.sub)
    if token is None and enabled:
        raise CognitoError(errors.MFA_NOT_VERIFIED)
    with pool.transaction():
        pool.software_tokens.prefer(user.sub, enabled=enabled, preferred=preferred)
        if token and token.enabled != enabled:
            pool.audit.record(
                AuditEvent.MFA_ENABLED if enabled else AuditEvent.MFA_DISABLED, user.sub, "by the user"
            )
