"""One JSON line a request, with the fields of the access log that API Gateway writes (infra/modules/api)."""

import sys
from typing import Final

import msgspec
from msgspec import Struct

from orders_host.log_lines import LineWriter

MAX_FIELD_CHARACTERS: Final = 512
"""How much of a text that the client chose is logged."""

_encoder: Final = msgspec.json.Encoder()


class AccessLogEntry(Struct, rename="camel"):
    """Times are milliseconds; `time` since the epoch. What only AWS can know stays null."""

    request_id: str
    ip: str
    method: str
    path: str
    resource_path: str | None
    status: int
    latency: float
    response_length: int
    user_agent: str | None
    time: int
    sub: str | None = None
    api_key_id: str | None = None
    error_message: str | None = None
    authorizer_error: str | None = None
    integration_latency: float | None = None
    integration_error: str | None = None
    extended_request_id: str | None = None
    waf_status: str | None = None
    xray_trace_id: str | None = None


class AccessLog:
    """The access log on standard output. A reader that is too slow loses lines, and delays no request."""

    def __init__(self, lines: LineWriter | None = None) -> None:
        self._lines = lines or LineWriter(sys.stdout)

    def write(self, entry: AccessLogEntry) -> None:
        """Write one line, with long texts cut off."""
        self._lines.write(_encoder.encode(entry).decode() + "\n")

    def close(self) -> None:
        """Write what is left."""
        self._lines.close()


def shortened(text: str | None) -> str | None:
    """A text that the client chose, as far as it is logged."""
    return text if text is None or len(text) <= MAX_FIELD_CHARACTERS else text[:MAX_FIELD_CHARACTERS] + "…"
