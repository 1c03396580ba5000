"""What users do with the pool themselves: sign up, sign in, stay signed in, change or reset their password.

Every function raises CognitoError. None tells, by what it answers or how long it takes, whether a user
exists: what is asked for another's account looks done, and only the owner gets mail
(docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pool-managing-errors.html).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from orders_host.audit import AuditEvent
from orders_host.user_pool import errors, second_factor
from orders_host.user_pool.challenges import Asked, ChallengeName
from orders_host.user_pool.codes import Purpose
from orders_host.user_pool.errors import CognitoError
from orders_host.user_pool.passwords import DUMMY_HASH, check_policy, verify_secret
from orders_host.user_pool.pool import UserPool, check_email
from orders_host.user_pool.srp import Proof
from orders_host.user_pool.store import User, UserStatus, normal
from orders_host.user_pool.tokens import Session, Tokens

TEMPORARY_PASSWORD_LIFE = 7 * 86_400  # seconds


def sign_up(pool: UserPool, email: str, password: str, attributes: Mapping[str, str]) -> str:
    """Add a user who must confirm the address with the code sent to it; return the user's `sub`.

    An unconfirmed user of this address is replaced, so that a stranger who signed up first leaves no
    password behind. A confirmed one stays as it is, and the answer looks the same.
    """
    check_email(email)
    check_policy(password)
    credentials = pool.credentials(email, password)
    code = pool.codes.issue(Purpose.CONFIRM, normal(email), known=True)
    user = pool.users.add_unconfirmed(email, credentials, attributes)
    if user is None:
        return str(uuid.uuid4())
    pool.send_code(Purpose.CONFIRM, user, code)
    return user.sub


def confirm_sign_up(pool: UserPool, name: str, code: str) -> None:
    """The address is the user's own: the code came back."""
    user = pool.users.find(name)
    pool.codes.redeem(Purpose.CONFIRM, user.email if user else normal(name), code)
    if user is None or user.status is not UserStatus.UNCONFIRMED:
        raise CognitoError(errors.WRONG_CODE)
    with pool.transaction():
        pool.users.confirm(user.sub)
        pool.audit.record(AuditEvent.USER_CONFIRMED, user.sub)


def resend_confirmation_code(pool: UserPool, name: str) -> str:
    """The address that a new code went to."""
    user = pool.users.find(name)
    address = user.email if user else normal(name)
    unconfirmed = user if user and user.status is UserStatus.UNCONFIRMED else None
    _send_code(pool, Purpose.CONFIRM, address, unconfirmed)
    return address


def sign_in(pool: UserPool, name: str, password: str) -> Tokens | Asked:
    """Checks the password first, so that only who knows it learns anything of the user."""
    user, account = _account(pool, name)
    if not _password_is(pool, account, user, password) or user is None:
        raise CognitoError(errors.INCORRECT)
    if user.srp_verifier is None:
        verifier = pool.srp.verifier(user.email, password)
        pool.users.add_verifier(user, pool.srp.identity(user.email), verifier)
    return _admit(pool, user)


def open_srp(pool: UserPool, name: str, client_public: str) -> dict[str, str]:
    """The parameters of the challenge PASSWORD_VERIFIER, alike for users and for names that are unknown."""
    user = pool.users.find(name)
    email, verifier = _srp_party(user, name)
    return pool.srp.open(name, email, verifier, client_public)


def answer_srp(pool: UserPool, proof: Proof) -> Tokens | Asked:
    """Sign in a user who proves to know the password. Wrong ones count towards the lock-out."""
    challenge = pool.srp.read(proof.secret_block)
    user, account = _account(pool, challenge.name)
    email, verifier = _srp_party(user, challenge.name)
    pool.lockout.check(account)
    if not pool.srp.proves(proof, challenge, email, verifier) or user is None:
        pool.count_failure(account, user)
        raise CognitoError(errors.INCORRECT)
    pool.srp.spend(proof, challenge)
    _password_was_right(pool, account, user)
    return _admit(pool, user)


def _srp_party(user: User | None, name: str) -> tuple[str, bytes | None]:
    return (user.email, user.srp_verifier) if user else (normal(name), None)


def _admit(pool: UserPool, user: User) -> Tokens | Asked:
    """Sign in a user whose password was right."""
    if not user.enabled:
        raise CognitoError(errors.DISABLED)
    match user.status:
        case UserStatus.UNCONFIRMED:
            raise CognitoError(errors.NOT_CONFIRMED)
        case UserStatus.RESET_REQUIRED:
            raise CognitoError(errors.RESET_REQUIRED)
        case UserStatus.FORCE_CHANGE_PASSWORD:
            if user.password_set_at + TEMPORARY_PASSWORD_LIFE <= pool.clock():
                raise CognitoError(errors.TEMPORARY_EXPIRED)
            return pool.challenges.open(ChallengeName.NEW_PASSWORD_REQUIRED, user.sub)
        case UserStatus.CONFIRMED:
            return second_factor.admit(pool, user)


def answer_new_password(pool: UserPool, session: str, name: str, password: str) -> Tokens | Asked:
    """Replaces a temporary password; one that breaks the policy leaves the session open for another try."""
    user = second_factor.challenged(pool, ChallengeName.NEW_PASSWORD_REQUIRED, session, name)
    check_policy(password)
    credentials = pool.credentials(user.email, password)
    with pool.transaction():
        # One transaction, so that a password that was set meanwhile ends the challenge instead.
        pool.challenges.close(session)
        if pool.user(user.sub).status is not UserStatus.FORCE_CHANGE_PASSWORD:
            raise CognitoError(errors.INVALID_SESSION)
        pool.users.set_password(user.sub, credentials, UserStatus.CONFIRMED)
        pool.audit.record(AuditEvent.PASSWORD_SET, user.sub, "in place of a temporary one")
    return second_factor.admit(pool, pool.user(user.sub))


def refresh(pool: UserPool, refresh_token: str) -> Tokens:
    """New ID and access tokens, with the user's groups of now."""
    return pool.tokens.renew(*_session(pool, refresh_token))


def rotate(pool: UserPool, refresh_token: str) -> Tokens:
    """New tokens in place of the old, the refresh token included, which is good for one use."""
    return pool.tokens.rotate(*_session(pool, refresh_token), refresh_token)


def _session(pool: UserPool, refresh_token: str) -> tuple[User, Session]:
    session = pool.tokens.session(refresh_token)
    user = pool.user(session.sub)
    if not user.enabled:
        raise CognitoError(errors.DISABLED)
    return user, session


def signed_in_user(pool: UserPool, access_token: str) -> User:
    """Whose access token this is."""
    user = pool.user(pool.tokens.subject(access_token))
    if not user.enabled:
        raise CognitoError(errors.DISABLED)
    return user


def update_attributes(pool: UserPool, user: User, changes: Mapping[str, str]) -> None:
    """Set some attributes and keep the others. Tokens show them when they are next renewed."""
    with pool.transaction():
        pool.users.set_attributes(user.sub, {**pool.user(user.sub).attributes, **changes})


def send_verification_code(pool: UserPool, user: User) -> str:
    """The address that a code went to."""
    _send_code(pool, Purpose.VERIFY, user.sub, user)
    return user.email


def verify_email(pool: UserPool, user: User, code: str) -> None:
    """The address is the user's own: the code came back."""
    pool.codes.redeem(Purpose.VERIFY, user.sub, code)
    pool.users.verify_email(user.sub)


def delete_user(pool: UserPool, access_token: str) -> None:
    """Delete the account at the wish of its user; its orders stay."""
    user = signed_in_user(pool, access_token)
    with pool.transaction():
        pool.users.delete(user.sub)
        pool.audit.record(AuditEvent.USER_DELETED, user.sub, "by the user")


def sign_out_everywhere(pool: UserPool, access_token: str) -> None:
    """End every session of the user."""
    user = signed_in_user(pool, access_token)
    with pool.transaction():
        pool.tokens.revoke_all(user.sub)
        pool.audit.record(AuditEvent.SIGNED_OUT, user.sub, "everywhere, by the user")


def change_password(pool: UserPool, access_token: str, previous: str, proposed: str) -> None:
    """Sessions go on, as in Cognito. Wrong previous passwords count towards the lock-out."""
    user = signed_in_user(pool, access_token)
    if not _password_is(pool, user.sub, user, previous):
        raise CognitoError(errors.INCORRECT)
    check_policy(proposed)
    credentials = pool.credentials(user.email, proposed)
    with pool.transaction():
        pool.users.set_password(user.sub, credentials, user.status)
        pool.audit.record(AuditEvent.PASSWORD_SET, user.sub, "by the user")


def forgot_password(pool: UserPool, name: str) -> str:
    """The address that a code went to, or would have gone to."""
    user, account = _account(pool, name)
    if user and not _may_reset(user):
        user = None
    _send_code(pool, Purpose.RESET, account, user)
    return user.email if user else normal(name)


def confirm_forgot_password(pool: UserPool, name: str, code: str, password: str) -> None:
    """Sets a new password and ends every session."""
    user, account = _account(pool, name)
    check_policy(password)
    pool.codes.redeem(Purpose.RESET, account, code)
    if user is None or not _may_reset(user):
        raise CognitoError(errors.WRONG_CODE)
    credentials = pool.credentials(user.email, password)
    with pool.transaction():
        pool.users.set_password(user.sub, credentials, UserStatus.CONFIRMED)
        pool.tokens.revoke_all(user.sub)
        pool.lockout.clear(user.sub)
        pool.audit.record(AuditEvent.PASSWORD_SET, user.sub, "with a code sent by e-mail")


def _may_reset(user: User) -> bool:
    resettable = user.status in (UserStatus.CONFIRMED, UserStatus.RESET_REQUIRED)
    return user.enabled and user.email_verified and resettable


def _account(pool: UserPool, name: str) -> tuple[User | None, str]:
    # What attempts and codes are counted by: a user has two names, an unknown one only that given.
    user = pool.users.find(name)
    return user, user.sub if user else normal(name)


def _password_is(pool: UserPool, account: str, user: User | None, password: str) -> bool:
    # Requests side by side may pass the check before one fails: at most one for each hashing thread.
    pool.lockout.check(account)
    if not verify_secret(user.password_hash if user else DUMMY_HASH, password):
        pool.count_failure(account, user)
        return False
    _password_was_right(pool, account, user)
    return True


def _password_was_right(pool: UserPool, account: str, user: User | None) -> None:
    # Where a code must follow, only that clears: else a thief of the password could guess codes for ever.
    if user is None or not second_factor.is_asked_for(pool, user):
        pool.lockout.clear(account)


def _send_code(pool: UserPool, purpose: Purpose, account: str, user: User | None) -> None:
    code = pool.codes.issue(purpose, account, known=user is not None)
    if user:
        pool.send_code(purpose, user, code)
