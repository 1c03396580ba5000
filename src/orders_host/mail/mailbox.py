"""Delivers letters into a folder, for demonstrations and for hosts without a mail server."""

from __future__ import annotations

import logging
import os
import re
import secrets
import time
from collections.abc import Callable
from email.parser import BytesHeaderParser
from email.policy import default
from pathlib import Path
from typing import Final

from orders_host.mail.letter import Letter

_MOMENT_CHARS: Final = 16
_SENDER: Final = "Orders API <no-reply@localhost>"

_log = logging.getLogger(__name__)


class Mailbox:
    """Writes each letter to `<directory>/<time>-<address>.eml`, readable by its owner only, and logs where.

    The log names the end of the file's name only: the rest holds the address.

    With `show_codes`, for demonstrations, the log line holds the letter's first line, which has the code.
    `clock` is Unix time in seconds.
    """

    def __init__(
        self, directory: Path, *, show_codes: bool = False, clock: Callable[[], float] = time.time
    ) -> None:
        self._directory = directory
        self._show_codes = show_codes
        self._clock = clock

    def deliver(self, letter: Letter) -> None:
        """Write the letter.

        Raises:
            OSError: the folder can't be written.
        """
        now = self._clock()
        path = self._directory / f"{_file_name(letter.address, now)}.eml"
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(letter.as_message(_SENDER, now).as_bytes())
        first_line = letter.text.partition("\n")[0]
        shown = f" ({first_line})" if self._show_codes else ""
        _log.info("mail written to %s/*%s%s", self._directory, path.name[-10:], shown)


def letters_to(directory: Path, address: str) -> list[Path]:
    """The letters of a folder that were written to an address, oldest first."""
    # Names may be of several addresses: not all letters of an address are in them.
    named = directory.glob(f"{'[0-9TZ]' * _MOMENT_CHARS}-{_in_file_name(address)}-*.eml")
    return sorted(path for path in named if _addressee(path) == address)


def _file_name(address: str, now: float) -> str:
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    return f"{moment}-{_in_file_name(address)}-{secrets.token_hex(3)}"


def _addressee(path: Path) -> str | None:
    with path.open("rb") as file:
        message = BytesHeaderParser(policy=default).parse(file)
    return None if message["To"] is None else str(message["To"])


def _in_file_name(address: str) -> str:
    return re.sub(r"[^a-z0-9.@_-]", "_", address)[:64]
