"""Times as this project writes them: RFC 3339 in UTC with milliseconds, so that texts sort as times do."""

from datetime import UTC, datetime
from typing import Annotated

from msgspec import Meta

Timestamp = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
"""Such a time in a body."""


def utc_now() -> str:
    """The present."""
    return to_text(datetime.now(UTC))


def to_text(moment: datetime) -> str:
    """A moment, whatever its offset: ``2026-01-31T09:30:00.123Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
