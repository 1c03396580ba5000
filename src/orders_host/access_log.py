"""One JSON line a request, with the fields of the access log that API Gateway writes (infra/modules/api)."""

import sys
from typing import Final, TextIO

import msgspec
from msgspec import Struct

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
    def __init__(self, stream: TextIO = sys.stdout) -> None:
        self._stream = stream

    def write(self, entry: AccessLogEntry) -> None:
        try:
            self._stream.write(_encoder.encode(entry).decode() + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            # Whoever read the log is gone, or its disk is full; requests go on.
            return
