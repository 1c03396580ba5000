"""`orders serve` and `orders demo`: the host itself."""

import json
import logging
import shlex
import sys
from pathlib import Path
from typing import Any

import click

from orders_cli.common import data_dir_option
from orders_cli.options import host_options
from orders_host.log_lines import LineHandler, LineWriter
from orders_host.options import Options
from orders_host.tracing import current


@click.command()
@host_options()
def serve(**given: Any) -> None:  # noqa: ANN401 - fields of Options
    """Serve the API, its user pool and its console, until SIGTERM or Ctrl-C."""
    from orders_host import host
    from orders_host.demo import seed

    options = Options(**given)
    _log_to_stderr()
    if options.demo:
        seed(options.data_dir)
    invoked_as = shlex.quote(_relative(Path(sys.argv[0])))

    def announce(url: str) -> None:
        public = f" as {options.public_url}" if options.public_url else ""
        click.echo(_instructions(url, invoked_as, options) if options.demo else f"Serving {url}{public}")

    host.serve(options, announce)


@click.command()
@data_dir_option
def demo(data_dir: Path) -> None:
    """Add the demo users and about 200 orders of the last 30 days, if there are no users yet."""
    from orders_host.demo import seed

    click.echo("Added demo users and orders." if seed(data_dir) else "There are users already.")


def _instructions(url: str, orders: str, options: Options) -> str:
    """How to sign in to the demo, and three commands that work as pasted."""
    from orders_host.demo import PASSWORD, USERS

    token = f"$({orders} token ana@example.com --data-dir {options.data_dir})"
    body = '{"items": [{"product_id": "A-1", "name": "Mug", "quantity": 2, "unit_price": "9.50"}]}'
    users = ", ".join(email for email, _ in USERS)
    return f"""
Orders API on {url} — console at {url}/console/, API at {url}/docs
Sign in as {users} with password {PASSWORD}

TOKEN={token}
curl -s {url}/v1/orders -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" -d '{body}'
curl -s "{url}/v1/orders?limit=2" -H "Authorization: Bearer $TOKEN"
curl -s "{url}/v1/orders?status=SHIPPED&limit=1" -H "Authorization: Bearer $TOKEN"
"""


def _relative(path: Path) -> str:
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _log_to_stderr() -> None:
    handler = LineHandler(LineWriter(sys.stderr))
    handler.setFormatter(_JsonFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    # Its start and stop are ours to tell.
    logging.getLogger("uvicorn").setLevel(logging.WARNING)


class _JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        entry = {"time": self.formatTime(record), "level": record.levelname, "message": record.getMessage()}
        if trace := current.get():
            entry["xray_trace_id"] = trace.xray_id
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)
