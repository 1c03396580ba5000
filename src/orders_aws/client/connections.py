"""HTTP connections to one host that are kept open between requests."""

import http.client
from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import urlsplit

_CONNECT_TIMEOUT_SECONDS: Final = 1.0
_READ_TIMEOUT_SECONDS: Final = 3.0
_MAX_IDLE: Final = 64


class AwsReply(NamedTuple):
    status: int
    body: bytes


class BrokenConnection(Exception):
    """No reply came; the request may have been carried out all the same."""


class Connections:
    """As many connections as there are threads that need one at a time."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._authority = parts.netloc
        self._type = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._idle: list[http.client.HTTPConnection] = []

    @property
    def authority(self) -> str:
        """Host and port, as the `host` header has them."""
        return self._authority

    def post(self, path: str, headers: Mapping[str, str], body: bytes) -> AwsReply:
        """Raises BrokenConnection."""
        connection: http.client.HTTPConnection | None = None
        try:
            connection = self._idle_one() or self._open()
            connection.request("POST", path, body, headers)
            response = connection.getresponse()
            reply = AwsReply(response.status, response.read())
        except (OSError, http.client.HTTPException) as error:
            if connection is not None:
                connection.close()
            # One that the server has closed says the same of the others; the next attempt needs a new one.
            self.close()
            raise BrokenConnection(f"{type(error).__name__}: {error}") from error
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

    def _open(self) -> http.client.HTTPConnection:
        connection = self._type(self._authority, timeout=_CONNECT_TIMEOUT_SECONDS)
        connection.connect()
        connection.sock.settimeout(_READ_TIMEOUT_SECONDS)
        return connection
