"""A redis-server of a test's own, to be killed, stopped, filled and started again."""

import os
import signal
from contextlib import suppress
from pathlib import Path

from tests.real_parts.missing import program
from tests.real_parts.process import Server, free_port, start, stop
from tests.real_parts.redis import HOW, PART

from orders_aws.cache.redis_client import RedisClient, RedisReply


class RedisServer:
    """Keeps its port and its folder over all of its runs."""

    def __init__(self, folder: Path, *options: str) -> None:
        self._folder = folder
        self._options = options
        self._port = free_port()
        self._server: Server | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._port}"

    def start(self, *more: str) -> None:
        argv: list[str | Path] = [program("redis-server", PART, HOW)]
        argv += ["--port", str(self._port), "--bind", "127.0.0.1"]
        argv += ["--dir", str(self._folder), "--save", "", *self._options, *more]
        self._server = start(argv, self._port, self._folder / "redis.log")

    def kill(self) -> None:
        """As a machine that goes away: nothing is saved, nobody is told."""
        os.kill(self._pid, signal.SIGKILL)
        stop(self._running)

    def hang(self) -> None:
        """It accepts connections, and answers nothing."""
        os.kill(self._pid, signal.SIGSTOP)

    def go_on(self) -> None:
        os.kill(self._pid, signal.SIGCONT)

    def stop(self) -> None:
        with suppress(ProcessLookupError):
            self.go_on()
        stop(self._running)

    def ask(self, *command: str | int) -> RedisReply:
        client = RedisClient(self.url, patience=30)
        try:
            return client.call(command).replies[0]
        finally:
            client.close()

    @property
    def _running(self) -> Server:
        assert self._server is not None
        return self._server

    @property
    def _pid(self) -> int:
        return self._running.pid
