"""Speaks with a mail server: one connection, some letters, and what became of each."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.utils import parseaddr
from enum import StrEnum
from typing import Final, NamedTuple
from urllib.parse import unquote, urlsplit

TIMEOUT_SECONDS: Final = 10.0
"""How long one step of the conversation may take."""

MAIL_SCHEMES: Final = "smtp+starttls://user:password@host:587, smtps://… or smtp://localhost"

_THIS_MACHINE: Final = ("127.0.0.1", "::1", "localhost")
_ADDRESS: Final = re.compile(r"[^\s@<>]+@[^\s@<>]+")


class Security(StrEnum):
    """How a connection is secured, by the scheme of the URL."""

    STARTTLS = "smtp+starttls"
    TLS = "smtps"
    NONE = "smtp"


_PORTS: Final = {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}


class MailServer(NamedTuple):
    """A mail server and how to reach it. Without a `user` the host does not sign in."""

    security: Security
    host: str
    port: int
    user: str = ""
    password: str = ""


class NotSent(Exception):
    """The letter was not taken now, and may be later. The message holds no address and no password."""


class Refused(NotSent):
    """The letter was not taken, and will never be."""


def parse_mail_url(text: str) -> MailServer:
    """The server that a URL names.

    Raises:
        ValueError: it names none; the message does not repeat the URL, which may hold a password.
    """
    url = urlsplit(text)
    if url.scheme not in set(Security) or not url.hostname or url.path.strip("/") or url.query:
        raise ValueError(f"is not known: write {MAIL_SCHEMES}.")
    security = Security(url.scheme)
    if security is Security.NONE and url.hostname not in _THIS_MACHINE:
        raise ValueError(
            "would send codes that reset passwords readable by everyone on the way: write smtp+starttls:// or"
            " smtps://, or smtp:// for a server on this machine."
        )
    if (url.username is None) != (url.password is None):
        raise ValueError("has a user or a password, and not the other: write user:password@host.")
    try:
        port = url.port
    except ValueError:
        raise ValueError("has a port that is none: write a number from 1 to 65535.") from None
    return MailServer(
        security,
        url.hostname,
        port or _PORTS[security],
        unquote(url.username or ""),
        unquote(url.password or ""),
    )


def is_sender(text: str) -> bool:
    """Whether a text names one address to send from, such as `Shop <shop@example.com>`."""
    return text.isprintable() and _ADDRESS.fullmatch(parseaddr(text)[1]) is not None


class Conversation:
    """An open connection to the server."""

    def __init__(self, connection: smtplib.SMTP) -> None:
        self._connection = connection

    def send(self, message: EmailMessage) -> None:
        """Hand over one message.

        Raises:
            Refused: its recipient or its content is refused for good.
            NotSent: it may be sent later.
        """
        with _without_addresses():
            try:
                self._connection.send_message(message)
            except smtplib.SMTPRecipientsRefused as refused:
                (code, _), *_others = refused.recipients.values()
                raise _kind(code)(f"the server refused the recipient ({code})") from None
            except smtplib.SMTPDataError as refused:
                raise _kind(refused.smtp_code)(f"the server refused the text ({refused.smtp_code})") from None

    def interrupt(self) -> None:
        """End the connection, from another thread: the step that is under way fails at once."""
        if self._connection.sock is not None:
            with suppress(OSError):
                self._connection.sock.shutdown(socket.SHUT_RDWR)


@contextmanager
def conversation(server: MailServer, own_name: str) -> Iterator[Conversation]:
    """Connect, secure the connection, sign in; take leave at the end.

    Args:
        own_name: the domain that the host greets with.

    Raises:
        NotSent: the server can't be reached, is not who it should be, or does not let this host in.
    """
    context = ssl.create_default_context()
    with _without_addresses():
        if server.security is Security.TLS:
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, own_name, timeout=TIMEOUT_SECONDS, context=context
            )
        else:
            connection = smtplib.SMTP(server.host, server.port, own_name, timeout=TIMEOUT_SECONDS)
    try:
        with _without_addresses():
            if server.security is Security.STARTTLS:
                connection.starttls(context=context)
            if server.user:
                connection.login(server.user, server.password)
        yield Conversation(connection)
        with suppress(smtplib.SMTPException, OSError):
            connection.quit()
    finally:
        connection.close()


@contextmanager
def _without_addresses() -> Iterator[None]:
    """Faults as NotSent, by their kind and code: a server's own words quote addresses and names of users."""
    try:
        yield
    except smtplib.SMTPAuthenticationError as error:
        raise NotSent(f"the server does not take the user and password ({error.smtp_code})") from None
    except smtplib.SMTPResponseException as error:
        raise NotSent(f"{type(error).__name__} ({error.smtp_code})") from None
    except smtplib.SMTPNotSupportedError as error:
        raise NotSent(f"the server lacks what this needs: {error}") from None
    except smtplib.SMTPException as error:
        raise NotSent(type(error).__name__) from None
    except OSError as error:
        raise NotSent(f"{type(error).__name__}: {error}") from None


def _kind(code: int) -> type[NotSent]:
    # RFC 5321, 4.2.1: 5yz is for good, 4yz for now.
    return Refused if code >= 500 else NotSent
