"""Delivers the pool's e-mail into a directory: one machine has no mail service to hand it to."""

from __future__ import annotations

import logging
import os
import re
import secrets
import time
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path

_log = logging.getLogger(__name__)


class Mailbox:
    """Writes each message to `<directory>/<time>-<address>.eml`, readable by its owner only, and logs where.

    The log names the end of the file's name only: the rest holds the address.

    With `show_codes`, for demonstrations, the log line holds the code too. `clock` is Unix time in seconds.
    """

    def __init__(
        self, directory: Path, *, show_codes: bool = False, clock: Callable[[], float] = time.time
    ) -> None:
        self._directory = directory
        self._show_codes = show_codes
        self._clock = clock

    def deliver(self, address: str, subject: str, code: str) -> None:
        """Delivers one code."""
        now = self._clock()
        message = EmailMessage()
        message["From"] = "Orders API <no-reply@localhost>"
        message["To"] = address
        message["Date"] = formatdate(now)
        message["Subject"] = subject
        message.set_content(f"{subject}: {code}\n")
        path = self._directory / f"{_file_name(address, now)}.eml"
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(message.as_bytes())
        _log.info(
            "mail written to %s/*%s%s",
            self._directory,
            path.name[-10:],
            f" (code {code})" if self._show_codes else "",
        )


def _file_name(address: str, now: float) -> str:
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    safe = re.sub(r"[^a-z0-9.@_-]", "_", address)[:64]
    return f"{moment}-{safe}-{secrets.token_hex(3)}"
