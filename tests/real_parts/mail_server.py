"""A mail server (aiosmtpd) in a thread of the tests, which keeps what it takes."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.real_parts.process import free_port

USER, PASSWORD = "shop", "p@ss/word"
ACCEPTED = "250 OK"


class Postbox:
    """What was received; `arrived` is set by the first message.

    `to_recipient` and `to_text` are what the server answers to RCPT and to DATA.
    """

    def __init__(self) -> None:
        self.received: list[EmailMessage] = []
        self.offered: list[str] = []
        self.arrived = threading.Event()
        self.to_recipient = self.to_text = ACCEPTED

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.to_recipient == ACCEPTED:
            envelope.rcpt_tos.append(address)
        return self.to_recipient

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content.replace(b"\r\n", b"\n"), policy=default)
        assert isinstance(message, EmailMessage)
        self.offered.append(str(message["Message-ID"]))
        if self.to_text == ACCEPTED:
            self.received.append(message)
            self.arrived.set()
        return self.to_text


@contextmanager
def mail_server(
    certificate: tuple[Path, Path] | None = None, *, starttls: bool = True, port: int = 0
) -> Iterator[tuple[Postbox, int]]:
    """The server's postbox and port; with a certificate it speaks TLS and takes USER with PASSWORD only."""
    postbox = Postbox()
    context = None
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*certificate)
    by_starttls = context is not None and starttls
    controller = Controller(
        postbox,
        hostname="127.0.0.1",
        port=port or free_port(),
        server_hostname="mail.test",
        ssl_context=None if starttls else context,
        tls_context=context if starttls else None,
        require_starttls=by_starttls,
        authenticator=_authenticate if context else None,
        # aiosmtpd does not see that a connection began with TLS.
        auth_required=by_starttls,
        auth_require_tls=starttls,
    )
    controller.start()
    try:
        yield postbox, controller.port
    finally:
        controller.stop()


def _authenticate(_: SMTP, __: Session, ___: Envelope, ____: str, given: LoginPassword) -> AuthResult:
    success = (given.login, given.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=success, handled=success)
