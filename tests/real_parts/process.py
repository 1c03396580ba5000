"""Starts a server on a free port, waits until it listens, and stops it by its process id."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 60
STOP_SECONDS = 15
LOG_SECONDS = 10
POLL_SECONDS = 0.02

# A Popen that is collected while its process runs would warn, and a shared part outlives its first test.
_started: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class Server:
    """A server that listens on 127.0.0.1:`port`; its output goes to the file `log`."""

    pid: int
    port: int
    log: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def free_port() -> int:
    """A TCP port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start(
    argv: Sequence[str | Path],
    port: int,
    log: Path,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Server:
    """Starts `argv` in a process group of its own and returns once it listens on `port`.

    Args:
        env: variables to add to this process's own.

    Raises:
        RuntimeError: it ended, or did not listen within START_SECONDS; the text carries the end of its log.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
            cwd=cwd,
            start_new_session=True,
        )
    _started[process.pid] = process
    server = Server(process.pid, port, str(log))
    deadline = time.monotonic() + START_SECONDS
    while not _listens(port):
        if process.poll() is not None or time.monotonic() > deadline:
            stop(server)
            raise RuntimeError(
                f"{argv[0]} does not listen on port {port}:\n{log.read_text(errors='replace')[-4000:]}"
            )
        time.sleep(POLL_SECONDS)
    return server


def stop(server: Server) -> None:
    """Ends the server's process group: politely, then by force after STOP_SECONDS."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(server.pid, sign)
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline:
            if not _alive(server.pid):
                return
            time.sleep(POLL_SECONDS)


def log_with(log: str | Path, text: str) -> str:
    """A log once it has `text`: a server may write a line a moment after the answer that it tells of.

    Raises:
        AssertionError: the text was not written within LOG_SECONDS.
    """
    deadline = time.monotonic() + LOG_SECONDS
    while text not in (written := Path(log).read_text(errors="replace")):
        assert time.monotonic() < deadline, f"{text!r} was not logged:\n{written[-4000:]}"
        time.sleep(POLL_SECONDS)
    return written


def wait_for_exit(server: Server, seconds: float) -> int:
    """The exit code of a server that this process started and that ends by itself, or by a signal (negative).

    Raises:
        subprocess.TimeoutExpired: it did not end.
    """
    return _started[server.pid].wait(timeout=seconds)


@contextmanager
def running(
    argv: Sequence[str | Path],
    port: int,
    log: Path,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Iterator[Server]:
    """As `start`, and stops the server at the end of the block."""
    server = start(argv, port, log, env=env, cwd=cwd)
    try:
        yield server
    finally:
        stop(server)


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def _alive(pid: int) -> bool:
    ours = _started.get(pid)
    if ours is not None:
        return ours.poll() is None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
