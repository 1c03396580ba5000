"""Randomness and cost of the system under a seed."""

import os
import random
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from unittest import mock

from argon2 import PasswordHasher

from orders_host.user_pool import passwords


@contextmanager
def deterministic(seed: int) -> Iterator[None]:
    """Let all randomness that the host asks the system for follow from the seed.

    Only RSA keys do not, which OpenSSL draws itself: no decision of the host depends on their bits. Passwords
    are hashed in microseconds.
    """
    system = Random(seed)
    random.seed(seed)
    with (
        mock.patch.object(os, "urandom", system.randbytes),
        # What `secrets` reads.
        mock.patch.object(random, "_urandom", system.randbytes),
        mock.patch.object(uuid, "uuid4", lambda: uuid.UUID(bytes=system.randbytes(16), version=4)),
        mock.patch.object(time, "time_ns", lambda: 1_769_850_000_000_000_000 + system.randint(0, 10**12)),
        mock.patch.object(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)),
    ):
        yield
