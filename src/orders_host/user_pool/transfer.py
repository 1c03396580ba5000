"""Users as a file: taken out of one pool with their hashes, put into another with the same `sub`."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from orders_host.audit import AuditEvent
from orders_host.user_pool.errors import CognitoError, invalid_parameter
from orders_host.user_pool.pool import GROUP, UserPool, check_email
from orders_host.user_pool.software_tokens import StoredToken
from orders_host.user_pool.store import User, UserStatus

_ARGON2ID = r"^\$argon2id\$v=19\$m=\d{1,7},t=\d{1,2},p=\d{1,2}\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+$"
_UUID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"


class ExportedUser(Struct, forbid_unknown_fields=True):
    """A user as written to a file. Times are Unix time in seconds.

    The verifier of SRP is of one pool only, so it is left out: it comes back with the first sign-in by
    `USER_PASSWORD_AUTH`. The secret of an authenticator app is as it is stored: if it is sealed, the other
    host needs the same key file.
    """

    email: str
    sub: Annotated[str, Meta(pattern=_UUID)]
    email_verified: bool
    status: UserStatus
    enabled: bool
    attributes: dict[str, str]
    groups: list[Annotated[str, Meta(pattern=GROUP)]]
    password_hash: Annotated[str, Meta(pattern=_ARGON2ID)]
    password_set_at: float
    created_at: float
    authenticator_app: StoredToken | None = None


def export_users(pool: UserPool) -> bytes:
    """Every user, as a JSON array. It holds password hashes: keep it as secret as `gateway.db`."""
    users = [
        ExportedUser(
            email=user.email,
            sub=user.sub,
            email_verified=user.email_verified,
            status=user.status,
            enabled=user.enabled,
            attributes=dict(user.attributes),
            groups=list(user.groups),
            password_hash=user.password_hash,
            password_set_at=user.password_set_at,
            created_at=user.created_at,
            authenticator_app=pool.software_tokens.stored(user.sub),
        )
        for user in pool.list_users()
    ]
    pool.audit.record(AuditEvent.USERS_EXPORTED, pool.pool_id, f"{len(users)} users")
    return msgspec.json.format(msgspec.json.encode(users), indent=2)


def import_users(pool: UserPool, exported: bytes) -> int:
    """Add all users of an export, or none; return how many.

    Raises:
        CognitoError: InvalidParameterException: the file is not an export; UsernameExistsException: a user
            with that address or `sub` is there.
    """
    try:
        users = msgspec.json.decode(exported, type=list[ExportedUser])
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise invalid_parameter(f"This is not a file that `orders user export` wrote: {fault}") from None
    with pool.transaction():
        for user in users:
            _add(pool, user)
    return len(users)


def _add(pool: UserPool, user: ExportedUser) -> None:
    check_email(user.email)
    try:
        pool.users.insert(
            User(
                sub=user.sub,
                email=user.email,
                email_verified=user.email_verified,
                status=user.status,
                enabled=user.enabled,
                attributes=user.attributes,
                password_hash=user.password_hash,
                srp_verifier=None,
                password_set_at=user.password_set_at,
                created_at=user.created_at,
                groups=(),
            )
        )
    except CognitoError as fault:
        raise invalid_parameter(f"{user.email}: {fault.message}. Nothing was imported.") from None
    pool.audit.record(AuditEvent.USER_ADDED, user.sub, "imported")
    if user.authenticator_app:
        pool.software_tokens.insert(user.sub, user.authenticator_app)
    for group in user.groups:
        pool.add_to_group(user.sub, group)
