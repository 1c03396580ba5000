"""What is sent to one person, and who takes it."""

from __future__ import annotations

from email.message import EmailMessage
from email.utils import formatdate
from typing import NamedTuple, Protocol


class Letter(NamedTuple):
    """A text for one address. After `expires_at` (Unix time, seconds) it is no longer worth sending."""

    address: str
    subject: str
    text: str
    expires_at: float

    def as_message(self, sender: str, written_at: float) -> EmailMessage:
        """The letter as RFC 5322 has it, with its time in Unix seconds."""
        message = EmailMessage()
        message["From"] = sender
        message["To"] = self.address
        message["Date"] = formatdate(written_at)
        message["Subject"] = self.subject
        # RFC 3834: no holiday notice should answer it.
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(self.text)
        return message


class Mail(Protocol):
    """Where letters are left."""

    def deliver(self, letter: Letter) -> None:
        """Take the letter; when this returns, it is on the disk."""
