"""HTTP connections to one host that are kept open between requests."""

import http.client
import time
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from ssl import SSLContext

MAX_CONNECT_SECONDS: Final = 1.0
MAX_SILENCE_SECONDS: Final = 3.0
"""Most time between two parts of a reply."""

_MAX_IDLE: Final = 64
_READ_BYTES: Final = 1 << 20


class AwsReply(NamedTuple):
    """`date` is the server's clock; `error` names what went wrong, where a service does so in a header."""

    status: int
    body: bytes
    date: str = ""
    error: str = ""


class BrokenConnection(Exception):
    """No reply came. If the request was `sent`, it may have been carried out all the same."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class Connections:
    """As many connections as there are threads that need one at a time."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._authority = parts.netloc
        self._over_tls = parts.scheme == "https"
        self._idle: list[http.client.HTTPConnection] = []

    @property
    def authority(self) -> str:
        """Host and port, as the `host` header has them."""
        return self._authority

    def post(self, path: str, headers: Mapping[str, str], body: bytes, seconds: float) -> AwsReply:
        """Send a request and return its reply, in at most so many seconds.

        Raises:
            BrokenConnection: there is no complete reply by then.
        """
        until = time.monotonic() + seconds
        connection: http.client.HTTPConnection | None = None
        sent = False
        try:
            connection = self._idle_one() or self._open(seconds)
            connection.sock.settimeout(_patience(until))
            connection.request("POST", path, body, headers)
            sent = True
            response = connection.getresponse()
            reply = AwsReply(
                response.status,
                _content(response, connection, until),
                response.headers.get("Date", ""),
                response.headers.get("x-amzn-ErrorType", ""),
            )
        except (OSError, http.client.HTTPException) as error:
            if connection is not None:
                connection.close()
            # One that the server has closed says the same of the others; the next attempt needs a new one.
            self.close()
            raise BrokenConnection(f"{type(error).__name__}: {error}", sent=sent) from error
        if response.will_close or len(self._idle) >= _MAX_IDLE:
            connection.close()
        else:
            self._idle.append(connection)
        return reply

    def close(self) -> None:
        """Close the idle ones."""
        while connection := self._idle_one():
            connection.close()

    def _idle_one(self) -> http.client.HTTPConnection | None:
        # Taking and giving back are atomic, looking first is not: another thread may take the last one.
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _open(self, seconds: float) -> http.client.HTTPConnection:
        timeout = min(MAX_CONNECT_SECONDS, seconds)
        connection = (
            http.client.HTTPSConnection(self._authority, timeout=timeout, context=_tls_context())
            if self._over_tls
            else http.client.HTTPConnection(self._authority, timeout=timeout)
        )
        connection.connect()
        return connection


@cache
def _tls_context() -> "SSLContext":
    """The one of all connections: loading the certificate authorities takes about 20 ms of CPU."""
    import ssl

    return ssl.create_default_context()


def _content(
    response: http.client.HTTPResponse, connection: http.client.HTTPConnection, until: float
) -> bytes:
    """Read the body part by part, so that one that comes slowly ends at the deadline too."""
    parts: list[bytes] = []
    while response.length != 0 and (part := response.read1(_READ_BYTES)):
        parts.append(part)
        if response.length:
            connection.sock.settimeout(_patience(until))
    if response.length:
        raise http.client.IncompleteRead(b"", response.length)
    # What is read by parts is not taken for finished by itself, and the connection could not be used again.
    response.close()
    return b"".join(parts)


def _patience(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("no complete reply in time")
    return min(MAX_SILENCE_SECONDS, left)
