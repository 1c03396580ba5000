"""Secrets that must be read again, kept under a key that is not in the database."""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path
from typing import Final

_PLAIN: Final = b"\x00"
_SEALED: Final = b"\x01"
_NONCE_LENGTH: Final = 12  # bytes
_MIN_KEY_LENGTH: Final = 32


class WrongKey(ValueError):
    """A secret is sealed, and not with the key at hand."""


class Seal:
    """AES-256-GCM with the key of a file; without a file secrets stay as they are."""

    def __init__(self, key: bytes | None = None) -> None:
        """The key has 32 bytes."""
        self._key = key

    def close(self, secret: bytes, owner: str) -> bytes:
        """What to store: it opens for the same owner only, so that rows can't be exchanged."""
        if self._key is None:
            return _PLAIN + secret
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = secrets.token_bytes(_NONCE_LENGTH)
        return _SEALED + nonce + AESGCM(self._key).encrypt(nonce, secret, owner.encode())

    def open(self, stored: bytes, owner: str) -> bytes:
        """The secret.

        Raises:
            WrongKey: it was sealed with another key, or there is none.
        """
        if not is_sealed(stored):
            return stored[1:]
        if self._key is None:
            raise WrongKey("secrets of authenticator apps are sealed with a key file, and none is given")
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce, sealed = stored[1 : 1 + _NONCE_LENGTH], stored[1 + _NONCE_LENGTH :]
        try:
            return AESGCM(self._key).decrypt(nonce, sealed, owner.encode())
        except InvalidTag:
            raise WrongKey("secrets of authenticator apps are sealed with another key") from None

    @property
    def has_key(self) -> bool:
        """Whether what is closed from now on is sealed."""
        return self._key is not None


def is_sealed(stored: bytes) -> bool:
    """Whether a key is needed to read it."""
    return stored[:1] == _SEALED


def read_key(path: Path) -> bytes:
    """The key in a file of random text or bytes.

    Raises:
        ValueError: it is too short to be a key.
        OSError: it can't be read.
    """
    content = path.read_bytes().strip()
    if len(content) < _MIN_KEY_LENGTH:
        raise ValueError("is too short: write one with `openssl rand -base64 32`.")
    return hashlib.sha256(content).digest()
