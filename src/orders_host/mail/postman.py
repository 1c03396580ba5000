"""Takes letters from the queue to the mail server, in a thread of its own, again and again if need be."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import parseaddr
from enum import StrEnum
from typing import Final

from orders_host.database import Database
from orders_host.mail.mail_queue import MailQueue, Queued
from orders_host.mail.smtp import Conversation, MailServer, NotSent, Refused, conversation

LETTERS_A_CONNECTION: Final = 50

_TROUBLE_SECONDS: Final = 5.0
_MAX_STOP_SECONDS: Final = 5.0

_log = logging.getLogger(__name__)


class Outcome(StrEnum):
    """What became of an attempt to send a letter."""

    SENT = "sent"
    RETRIED = "retried"
    GIVEN_UP = "given-up"


class Postman:
    """The mail of a host with a mail server: leave letters in `queue`; while it is `running`, they go out.

    A letter is sent at least once: a host that is killed between the server's answer and its own note sends
    it again, with the same Message-ID. Logs name letters by their number in the queue.
    """

    def __init__(
        self,
        database: Database,
        server: MailServer,
        sender: str,
        count: Callable[[Outcome], None] = lambda _: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`sender` is the letters' From; `count` is called for each attempt."""
        self._own_name = parseaddr(sender)[1].rpartition("@")[2]
        self._woken = threading.Event()
        self.queue = MailQueue(database, self._own_name, self._woken.set, clock)
        self._server = server
        self._sender = sender
        self._count = count
        self._clock = clock
        self._stopping = False
        self._speaking: Conversation | None = None

    @contextmanager
    def running(self) -> Iterator[None]:
        """Send in the background; at the end, a letter under way is interrupted and stays in the queue."""
        # A daemon: the process must not wait for a server whose name is being looked up.
        thread = threading.Thread(target=self._run, name="postman", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stopping = True
            self._woken.set()
            if self._speaking is not None:
                self._speaking.interrupt()
            thread.join(_MAX_STOP_SECONDS)

    def send_due(self) -> None:
        """Try each letter that is due, up to LETTERS_A_CONNECTION of them, over one connection.

        Raises:
            sqlite3.Error: the queue can't be read or written.
        """
        due = self._without_expired(self.queue.due(LETTERS_A_CONNECTION))
        if not due:
            return
        try:
            with conversation(self._server, self._own_name) as self._speaking:
                while due and not self._stopping:
                    self._send(self._speaking, due[0])
                    del due[0]
        except NotSent as error:
            # Without a connection none of them can be sent.
            for queued in due:
                self._try_later(queued, error)
        finally:
            self._speaking = None

    def _send(self, speaking: Conversation, queued: Queued) -> None:
        message = queued.letter.as_message(self._sender, queued.written_at)
        message["Message-ID"] = queued.message_id
        try:
            speaking.send(message)
        except Refused as error:
            self._give_up(queued, str(error))
        except NotSent as error:
            self._try_later(queued, error)
        else:
            self.queue.remove(queued.number)
            self._count(Outcome.SENT)
            _log.info("mail %d is sent", queued.number)

    def _without_expired(self, due: list[Queued]) -> list[Queued]:
        now = self._clock()
        for queued in due:
            if queued.letter.expires_at <= now:
                self._give_up(queued, "it has expired")
        return [queued for queued in due if queued.letter.expires_at > now]

    def _try_later(self, queued: Queued, why: NotSent) -> None:
        self.queue.try_later(queued)
        self._count(Outcome.RETRIED)
        _log.warning("mail %d is not sent yet (attempt %d): %s", queued.number, queued.attempts + 1, why)

    def _give_up(self, queued: Queued, why: str) -> None:
        self.queue.remove(queued.number)
        self._count(Outcome.GIVEN_UP)
        _log.error("mail %d is given up: %s", queued.number, why)

    def _run(self) -> None:
        while not self._stopping:
            self._woken.clear()
            try:
                self.send_due()
                seconds = self.queue.seconds_until_due()
            except sqlite3.Error as error:
                _log.error("the mail queue can't be used, trying again: %s", error)
                seconds = _TROUBLE_SECONDS
            self._woken.wait(seconds)
