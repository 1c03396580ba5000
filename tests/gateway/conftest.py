"""A user pool on a clock that only moves when told to."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from orders_host.database import Database
from orders_host.mail.mailbox import Mailbox
from orders_host.user_pool import UserPool

PASSWORD = "Demo-orders-2026!"
ANA = "ana@example.com"
NOON = 1_795_521_600.0  # 2026-11-24T12:00:00Z


class Clock:
    """Time in seconds, for parts that take a clock."""

    def __init__(self, now: float = NOON) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


def letter_text(path: Path) -> str:
    """What a mail program shows of a letter."""
    message = message_from_bytes(path.read_bytes(), policy=default)
    return str(message.get_content())


class Letters:
    """What the pool has sent."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def codes(self, address: str) -> list[str]:
        """The codes in the messages to this address, in no order."""
        texts = [letter_text(path) for path in self.directory.glob(f"*-{address}-*.eml")]
        return [found for text in texts for found in re.findall(r": (\d{6})$", text, re.MULTILINE)]

    def code(self, address: str) -> str:
        """The only code sent to this address since the last call."""
        (code,) = self.codes(address)
        for path in self.directory.glob("*.eml"):
            path.unlink()
        return code


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def gateway_db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gateway.db whose pool has one user, ANA with PASSWORD: made once, as hashes and keys take time."""
    directory = tmp_path_factory.mktemp("pool")
    database = Database(directory / "gateway.db")
    UserPool(database, Mailbox(directory), clock=Clock()).add_user(ANA, PASSWORD)
    database.close()
    return directory / "gateway.db"


@pytest.fixture
def database(tmp_path: Path, gateway_db: Path) -> Iterator[Database]:
    shutil.copy(gateway_db, tmp_path)
    opened = Database(tmp_path / "gateway.db")
    yield opened
    opened.close()


@pytest.fixture
def letters(tmp_path: Path) -> Letters:
    return Letters(tmp_path / "mail")


@pytest.fixture
def pool(database: Database, letters: Letters, clock: Clock) -> UserPool:
    """A pool with one confirmed user, ANA with PASSWORD."""
    return UserPool(database, Mailbox(letters.directory, clock=clock), "http://pool.test/cognito", clock)
