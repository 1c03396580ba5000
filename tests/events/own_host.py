"""A host of a test's own, that it may kill and start again on the same data."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.hosts.embedded import ORDERS
from tests.real_parts.process import Server, free_port, start, stop

from orders_host.database import Database
from orders_host.mail.mailbox import Mailbox
from orders_host.user_pool import UserPool

EMAIL = "staff@example.com"
PASSWORD = "Demo-orders-2026!"


class OwnHost:
    """`orders serve` on a free port, with one user, of the group staff."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.log = folder / "log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        database = Database(self.data / "gateway.db")
        pool = UserPool(database, Mailbox(self.data / "mail"), f"{self.url}/cognito")
        pool.add_user(EMAIL, PASSWORD, groups=("staff",), permanent=True)
        self.authorization = f"Bearer {pool.issue_tokens(EMAIL).id_token}"
        database.close()

    def start(self) -> Server:
        options = ["--port", str(self.port), "--data-dir", str(self.data), "--rate-limit", "100000"]
        argv: list[str | Path] = [ORDERS, "serve", *options, "--burst", "100000"]
        return start(argv, self.port, self.log)

    @contextmanager
    def running(self) -> Iterator[Server]:
        server = self.start()
        try:
            yield server
        finally:
            stop(server)

    def run(self, *argv: str) -> str:
        """The output of a command on this host's data."""
        command = [str(ORDERS), *argv, "--data-dir", str(self.data)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
