"""Learns from a reply by how much this machine's clock is wrong: AWS refuses what is signed minutes off.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
"""

import time
from typing import Final

_KINDS: Final = frozenset(
    {
        "AuthFailure",
        "InvalidSignatureException",
        "RequestExpired",
        "RequestInTheFuture",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
    }
)
"""Names under which services refuse a signature for its time, among other reasons."""

_MIN_SKEW_SECONDS: Final = 240
"""AWS tolerates 300; below this the time is not what is wrong with a signature."""


def skew_told_by(kind: str, date: str, corrected: float) -> float | None:
    """Return the seconds to add to our clock; None if the clock is not why a request was refused.

    Args:
        kind: the name of the refusal.
        date: the reply's Date header (RFC 9110, section 5.6.7); empty if there is none.
        corrected: seconds that were added when the request was signed.
    """
    if kind not in _KINDS or not date:
        return None
    # Only a wrong clock needs the module, and a cold start should not pay for its import.
    from email.utils import parsedate_to_datetime

    now = time.time()
    try:
        skew = parsedate_to_datetime(date).timestamp() - now
    except ValueError:
        return None
    return skew if abs(skew - corrected) >= _MIN_SKEW_SECONDS else None
