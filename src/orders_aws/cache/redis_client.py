"""A client for Redis and Valkey that knows the few commands we send and never waits long for an answer.

It speaks RESP2: https://redis.io/docs/latest/develop/reference/protocol-spec/
Why it is not a library: docs/decisions.
"""

import socket
from time import monotonic
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from ssl import SSLContext

PATIENCE_SECONDS: Final = 0.01
"""Most time for the replies to one call. A cache in the same network takes a tenth of it."""

_PATIENCE_TO_CONNECT: Final = 5
_RECEIVE_BYTES: Final = 65_536

Argument = str | bytes | int
RedisReply = bytes | int | None


class CacheUnavailable(Exception):
    """The cache is away, too slow, or refuses the command."""


class CommandReplies(NamedTuple):
    """The reply to each command, and the run of the server that gave them: another run, another `server`."""

    replies: list[RedisReply]
    server: bytes


class RedisClient:
    """Calls one server; threads may share it, each call has a connection to itself."""

    def __init__(self, url: str, patience: float = PATIENCE_SECONDS) -> None:
        """`url` is `redis://[[user]:password@]host[:port][/database]`, or `rediss://` for TLS.

        `patience` is in seconds; a new connection, with its TLS handshake, may take five times as long.
        """
        self._url = url
        self._patience = patience
        self._tls = _tls_context() if url.startswith("rediss:") else None
        self._idle: list[_Connection] = []

    def call(self, *commands: tuple[Argument, ...]) -> CommandReplies:
        """Send the commands in one go and return what each is answered. All of them can be repeated safely.

        Raises:
            CacheUnavailable: there is no answer in time, or a command is refused.
        """
        while self._idle:
            # An idle connection may be broken while the server is well: it was restarted meanwhile.
            try:
                return self._exchange(self._idle.pop(), commands)
            except (IndexError, ConnectionError):
                continue
            except OSError as error:
                raise CacheUnavailable(str(error)) from error
        try:
            return self._exchange(_Connection(self._url, self._patience, self._tls), commands)
        except OSError as error:
            raise CacheUnavailable(str(error) or type(error).__name__) from error

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().close()

    def _exchange(
        self, connection: "_Connection", commands: tuple[tuple[Argument, ...], ...]
    ) -> CommandReplies:
        try:
            replies = connection.exchange(commands)
        except BaseException:
            # What is still on its way would be taken for the answer to the next call.
            connection.close()
            raise
        self._idle.append(connection)
        refusal = next((reply for reply in replies if isinstance(reply, _Refusal)), None)
        if refusal is not None:
            raise CacheUnavailable(str(refusal))
        return CommandReplies(
            [reply for reply in replies if not isinstance(reply, _Refusal)], connection.server
        )


class _Refusal(Exception):
    """An error that the server replies with, such as OOM when it is full."""


class _Connection:
    def __init__(self, url: str, patience: float, tls: "SSLContext | None") -> None:
        where = urlsplit(url)
        host = where.hostname or "127.0.0.1"
        self._patience = patience
        self._received = bytearray()
        self._socket = socket.create_connection(
            (host, where.port or 6379), timeout=_PATIENCE_TO_CONNECT * patience
        )
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls is not None:
                self._socket = tls.wrap_socket(self._socket, server_hostname=host)
            self.server = self._introduce(where.username, where.password, where.path.strip("/"))
        except BaseException:
            self._socket.close()
            raise

    def close(self) -> None:
        self._socket.close()

    def exchange(self, commands: tuple[tuple[Argument, ...], ...]) -> "list[RedisReply | _Refusal]":
        """Raises OSError, TimeoutError among them, when the replies do not come."""
        self._deadline = monotonic() + self._patience
        self._socket.settimeout(self._patience)
        self._socket.sendall(b"".join(map(_encoded, commands)))
        return [self._reply() for _ in commands]

    def _introduce(self, user: str | None, password: str | None, database: str) -> bytes:
        """Sign in, choose the database, and learn which run of the server this is."""
        commands: list[tuple[Argument, ...]] = [("INFO", "server")]
        if database:
            commands.insert(0, ("SELECT", database))
        if password:
            commands.insert(0, ("AUTH", *([unquote(user)] if user else []), unquote(password)))
        *rest, info = self.exchange(tuple(commands))
        for reply in (*rest, info):
            if isinstance(reply, _Refusal):
                raise ConnectionRefusedError(str(reply))
        return _run_id(info if isinstance(info, bytes) else b"")

    def _reply(self) -> "RedisReply | _Refusal":
        line = self._line()
        kind, content = line[:1], line[1:]
        if kind == b"$":
            return None if content == b"-1" else self._block(int(content))
        if kind == b":":
            return int(content)
        if kind == b"+":
            return content
        if kind == b"-":
            return _Refusal(content.decode(errors="replace"))
        raise ConnectionError(f"not a reply of Redis: {line[:40]!r}")

    def _line(self) -> bytes:
        while (end := self._received.find(b"\r\n")) < 0:
            self._receive()
        return self._take(end)

    def _block(self, size: int) -> bytes:
        while len(self._received) < size + 2:
            self._receive()
        return self._take(size)

    def _take(self, size: int) -> bytes:
        taken = bytes(self._received[:size])
        del self._received[: size + 2]
        return taken

    def _receive(self) -> None:
        left = self._deadline - monotonic()
        if left <= 0:
            raise TimeoutError("no reply in time")
        self._socket.settimeout(left)
        received = self._socket.recv(_RECEIVE_BYTES)
        if not received:
            raise ConnectionResetError("the server closed the connection")
        self._received += received


def _encoded(command: tuple[Argument, ...]) -> bytes:
    parts = [f"*{len(command)}\r\n".encode()]
    for argument in command:
        text = argument if isinstance(argument, bytes) else str(argument).encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(text), text))
    return b"".join(parts)


def _run_id(info: bytes) -> bytes:
    lines = dict(line.split(b":", 1) for line in info.splitlines() if b":" in line)
    return lines.get(b"run_id", b"")


def _tls_context() -> "SSLContext":
    import ssl

    return ssl.create_default_context()
