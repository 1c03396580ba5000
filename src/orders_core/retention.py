"""How long what is left of a deleted order is kept: its events, and that its id is taken.

docs/decisions/retention.md says why.
"""

from datetime import datetime, timedelta
from typing import Final

KEEP_DAYS: Final = 400
"""Where no setting says otherwise."""


def expires_at(deleted_at: str) -> int:
    """When what is left of an order goes that was deleted then (RFC 3339), in Unix seconds."""
    return int((datetime.fromisoformat(deleted_at) + timedelta(days=KEEP_DAYS)).timestamp())
