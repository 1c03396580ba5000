"""Codes of authenticator apps: time-based one-time passwords (RFC 6238) of the kind that every app knows."""

from __future__ import annotations

import base64
import hmac
import secrets
import struct
from typing import Final

STEP: Final = 30  # seconds
DIGITS: Final = 6
TOLERANCE: Final = 1
"""Steps before and after the present one whose codes are taken: clocks differ, and people type slowly."""

_SECRET_LENGTH: Final = 20
"""Bytes, as long as the hash: RFC 4226, 4."""


def new_secret() -> bytes:
    """A random secret to share with an app."""
    return secrets.token_bytes(_SECRET_LENGTH)


def as_text(secret: bytes) -> str:
    """The secret as apps take it: 32 letters and digits (base32)."""
    return base64.b32encode(secret).decode()


def code(secret: bytes, step: int) -> str:
    """The code of one time step (RFC 4226, 5.3), with HMAC-SHA-1."""
    digest = hmac.digest(secret, struct.pack(">Q", step), "sha1")
    offset = digest[-1] & 0xF
    (number,) = struct.unpack_from(">I", digest, offset)
    return f"{(number & 0x7FFF_FFFF) % 10**DIGITS:0{DIGITS}}"


def step_of(secret: bytes, given: str, now: float) -> int | None:
    """The time step whose code was given, or None; in the same time for every code.

    Args:
        secret: what was shared with the app.
        given: six digits, if it is a code at all.
        now: Unix time in seconds.
    """
    present, found = int(now) // STEP, None
    for step in range(present - TOLERANCE, present + TOLERANCE + 1):
        if hmac.compare_digest(code(secret, step).encode(), given.encode()):
            found = step
    return found
