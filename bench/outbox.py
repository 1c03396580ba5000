"""What events cost a write: `python -m bench.outbox` compares durable POSTs with and without them in turn.

Without: no outbox and no relay. With: both, and nobody subscribed but the log, which is how the host runs.
With a webhook: an endpoint on this machine takes every event while the load lasts, from the same two cores.
"""

import http.server
import statistics
import subprocess
import sys
import tempfile
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from bench.environment import BENCH, cache_dir
from bench.host import run_cell
from bench.sides import ORDERS, OrdersApi


class WithoutEvents(OrdersApi):
    name = "without events"

    def command(self) -> list[str | Path]:
        return [sys.executable, BENCH / "reference" / "without_events.py", *super().command()[1:]]


class WithEvents(OrdersApi):
    name = "with events"


class WithWebhook(OrdersApi):
    name = "with a webhook"

    def subscribe(self, url: str) -> None:
        options = ["--allow-http", "--data-dir", str(self.data)]
        subprocess.run([ORDERS, "webhook", "add", url, *options], check=True, stdout=subprocess.DEVNULL)


class Endpoint(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@contextmanager
def endpoint() -> Iterator[str]:
    """The URL of a webhook's endpoint that takes everything."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@click.command()
@click.option("--rounds", default=5, show_default=True)
@click.option("--seconds", default=2.0, show_default=True, help="Seconds a side in each round.")
@click.option("--connections", default=16, show_default=True)
def main(rounds: int, seconds: float, connections: int) -> None:
    """Print POSTs a second of each side, and their ratio to the same round's without events."""
    cache_dir().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache_dir()) as scratch, ExitStack() as running:
        with_webhook = WithWebhook(Path(scratch))
        sides = [WithoutEvents(Path(scratch)), WithEvents(Path(scratch)), with_webhook]
        for side in sides:
            side.prepare()
        with_webhook.subscribe(running.enter_context(endpoint()))
        rates = defaultdict[str, list[float]](list)
        for _ in range(rounds):
            for side in sides:
                # One at a time: a webhook's backlog must not slow the others down.
                with side.running():
                    rates[side.name].append(run_cell(side, "POST", connections, seconds).rate)
    for name, found in rates.items():
        ratios = [rate / base for rate, base in zip(found, rates[WithoutEvents.name], strict=True)]
        click.echo(
            f"{name:15} {statistics.median(found):7.0f} POST/s  {statistics.median(ratios):5.2f} of those"
        )


if __name__ == "__main__":
    main()
