"""uvicorn's server with this host's bounds: on connections, on their pace, on the time a stop takes."""

import asyncio
import logging
import os
import signal
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

import uvicorn

from orders_host.connection_table import ConnectionTable

DRAIN_SECONDS: Final = 5.0
"""How long a stopping host waits for requests to come and answers to be taken."""

GRACEFUL_SECONDS: Final = 8
"""How long it waits for requests that are being answered."""

MAX_STOP_SECONDS: Final = 25.0
"""After that the process ends, whatever it waits for. All that was acknowledged is on the disk."""

MAX_ACCEPTED_PER_TURN: Final = 64
"""New connections that one turn of the event loop accepts at most."""

_CONNECTIONS_PER_LISTENER: Final = 16
_SWEEP_SECONDS: Final = 1.0
_FAILED_TO_STOP: Final = 70  # EX_SOFTWARE of sysexits.h
_BY_SIGNAL: Final = 128  # the shell's convention: 128 + the signal's number

_log = logging.getLogger(__name__)


class BoundedServer(uvicorn.Server):
    """Serves until SIGTERM or SIGINT, then returns; a second signal ends the process at once.

    SIGHUP reads the TLS certificate and its key again.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        connections: ConnectionTable,
        ready: Callable[[], None],
        stopping: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._connections = connections
        self._ready = ready
        self._stopping = stopping

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening, then say so."""
        await super().startup(sockets)
        self._sweeper = asyncio.create_task(self._sweep())
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer what was asked, then stop; end the process by force if that takes too long."""
        _end_process_after(MAX_STOP_SECONDS)
        self._stopping()
        # Answers that leave from now on carry "Connection: close"; idle connections are closed by uvicorn.
        asyncio.get_running_loop().call_later(DRAIN_SECONDS, self._connections.abort_all)
        await super().shutdown(sockets)
        self._sweeper.cancel()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle signals while serving.

        uvicorn's own raises them again afterwards, which ends the process before its files are closed.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        handlers = {signal.SIGTERM: self._stop, signal.SIGINT: self._stop, signal.SIGHUP: self._reload}
        before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self, number: int, _: FrameType | None) -> None:
        if self.should_exit:
            os._exit(_BY_SIGNAL + number)
        self.should_exit = True

    def _reload(self, _: int, __: FrameType | None) -> None:
        config = self.config
        if config.ssl is None or config.ssl_certfile is None:
            return
        try:
            config.ssl.load_cert_chain(config.ssl_certfile, config.ssl_keyfile)
        except (OSError, ssl.SSLError) as error:
            _log.error("the certificate can't be read again, the old one stays: %s", error)
        else:
            _log.info("the certificate was read again; new connections get it")

    async def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            self._connections.sweep(loop.time())


def ignore_hangup() -> None:
    """Let no SIGHUP end this process: neither before the server handles it nor while files are closed."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


def _end_process_after(seconds: float) -> None:
    def end() -> None:
        _log.error("the host did not stop within %d seconds and ends now", seconds)
        logging.shutdown()  # which waits for the line to be written
        os._exit(_FAILED_TO_STOP)

    watchdog = threading.Timer(seconds, end)
    watchdog.daemon = True
    watchdog.start()


def descriptors_of(listener: socket.socket, max_connections: int) -> list[socket.socket]:
    """Return the listener and duplicates of it, to be served together.

    libuv accepts one connection for each listening descriptor in a turn of the loop. A turn serves a request
    of every open connection, so that with one descriptor the last of 64 busy clients that come at once waits
    for 64 turns: about a second, where an answer takes 20 ms.

    A process that may open few files gets fewer of them. A connection that makes room for another is closed
    at the end of the turn, so that for a moment there are as many more connections as one turn accepts.
    """
    wanted = min(MAX_ACCEPTED_PER_TURN, max(max_connections // _CONNECTIONS_PER_LISTENER, 1))
    return [listener, *(listener.dup() for _ in range(wanted - 1))]
