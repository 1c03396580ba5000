"""`/.well-known/security.txt`: where to report a vulnerability of this host (RFC 9116)."""

from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Final

PATH: Final = "/.well-known/security.txt"

FRESH: Final = timedelta(days=30)
"""How long a copy may be believed; the standard recommends less than a year (§2.5.5)."""


def security_txt(mail_from: str, now: datetime) -> str:
    """Name the sender of the host's mail as the contact.

    Args:
        mail_from: an address, with or without a name: `Shop <shop@example.com>`.
        now: the time, in UTC.
    """
    expires = (now + FRESH).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"Contact: mailto:{parseaddr(mail_from)[1]}\nExpires: {expires}\nPreferred-Languages: en, es\n"
