"""Debian's redis-server, in memory."""

from pathlib import Path

from tests.real_parts.missing import program
from tests.real_parts.process import Server, free_port, start

PART = "Redis"
HOW = "apt-get install redis-server"


def start_redis(log: Path) -> Server:
    """Starts an empty Redis that writes nothing to disk.

    Raises:
        MissingPartError: redis-server is not installed.
    """
    redis = program("redis-server", PART, HOW)
    port = free_port()
    return start(
        [redis, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"], port, log
    )
