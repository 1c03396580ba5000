"""Passwords: the policy, and the slow hash under which they and e-mailed codes are kept."""

from __future__ import annotations

import re
import secrets
import string

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from orders_host.user_pool.errors import invalid_password

# As in infra/; docs.aws.amazon.com/cognito/latest/developerguide/managing-users-passwords.html
MIN_LENGTH = 12
MAX_LENGTH = 256
_SYMBOL = r"""[\^$*.\[\]{}()?"!@#%&/\\,><':;|_~`=+\- ]"""
_POLICY = (
    (rf".{{{MIN_LENGTH},}}", "Password not long enough"),
    (r"[a-z]", "Password must have lowercase characters"),
    (r"[A-Z]", "Password must have uppercase characters"),
    (r"[0-9]", "Password must have numeric characters"),
    (_SYMBOL, "Password must have symbol characters"),
    (rf"\A.{{0,{MAX_LENGTH}}}\Z", "Password too long"),
    (r"\A\S.*\S\Z", "Password must not begin or end with a space"),
)
_RULES = tuple((re.compile(pattern, re.DOTALL), violation) for pattern, violation in _POLICY)

_HASHER = PasswordHasher()

# The hash of a random password that was not kept: verifying against it takes the time that a user's takes.
DUMMY_HASH = (
    "$argon2id$v=19$m=65536,t=3,p=4$I76XbtXRYIoFOf8feMEC9A$F0rYGxA62pnq/VwE3a03tqXJ/QTKSqMoeR9DbAYCHBY"
)


def check_policy(password: str) -> None:
    """Raises CognitoError (InvalidPasswordException) with the first rule that the password breaks."""
    for rule, violation in _RULES:
        if not rule.search(password):
            raise invalid_password(violation)


def hash_secret(secret: str) -> str:
    """An argon2id hash in PHC form: about 0.1 s and 64 MiB."""
    return _HASHER.hash(secret)


def verify_secret(hashed: str, secret: str) -> bool:
    """Whether `hashed` is of `secret`, in constant time and at the cost of one hash."""
    try:
        return _HASHER.verify(hashed, secret)
    except VerifyMismatchError:
        return False


def generate_password() -> str:
    """A random password that the policy allows: 20 characters, more than 100 bits."""
    alphabet = string.ascii_letters + string.digits + "-_.+"
    while True:
        password = "".join(secrets.choice(alphabet) for _ in range(20))
        if all(rule.search(password) for rule, _ in _RULES):
            return password
