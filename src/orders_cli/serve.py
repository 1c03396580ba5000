"""`orders serve` and `orders demo`: the host itself."""

import json
import logging
import shlex
import sys
from pathlib import Path
from typing import Any

import click

from orders_cli.common import data_dir_option
from orders_host.options import DEFAULT_KEEP_EVENTS_DAYS, MAX_KEEP_EVENTS_DAYS, InvalidOption, Options
from orders_host.throttling import PLANS
from orders_host.tracing import current


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, envvar="ORDERS_HOST", help="Address to bind.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    envvar="ORDERS_PORT",
    help="Port to listen on; 0 takes a free one.",
)
@data_dir_option
@click.option(
    "--store",
    default="sqlite",
    show_default=True,
    envvar="ORDERS_STORE",
    help="sqlite, or dynamodb://TABLE?region=…&endpoint_url=….",
)
@click.option(
    "--cache-url",
    envvar="ORDERS_CACHE_URL",
    help="Keep copies of a dynamodb:// store's orders in this Redis or Valkey: redis[s]://….",
)
@click.option(
    "--rate-limit",
    type=click.IntRange(min=1),
    default=250,
    show_default=True,
    envvar="ORDERS_RATE_LIMIT",
    help="Requests a second for each caller.",
)
@click.option(
    "--burst",
    type=click.IntRange(min=1),
    default=500,
    show_default=True,
    envvar="ORDERS_BURST",
    help="Requests at once for each caller.",
)
@click.option(
    "--daily-quota",
    "daily_quotas",
    multiple=True,
    metavar="PLAN=N",
    envvar="ORDERS_DAILY_QUOTA",
    help=f"Requests a day for each key of a usage plan ({', '.join(PLANS)}); none by default.",
)
@click.option(
    "--require-api-key", is_flag=True, envvar="ORDERS_REQUIRE_API_KEY", help="Refuse requests without."
)
@click.option("--jwt-issuer", envvar="ORDERS_JWT_ISSUER", help="Accept this OIDC issuer's tokens instead.")
@click.option("--jwt-audience", envvar="ORDERS_JWT_AUDIENCE", help="The client id those tokens must be for.")
@click.option(
    "--certfile",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    envvar="ORDERS_CERTFILE",
    help="Serve TLS 1.2 or later with this certificate chain (PEM).",
)
@click.option(
    "--keyfile",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    envvar="ORDERS_KEYFILE",
    help="The certificate's private key (PEM).",
)
@click.option(
    "--otlp-endpoint",
    envvar="ORDERS_OTLP_ENDPOINT",
    help="Send traces to this OpenTelemetry collector (OTLP over HTTP), such as http://127.0.0.1:4318.",
)
@click.option(
    "--cors-allow-origin",
    default="*",
    show_default=True,
    envvar="ORDERS_CORS_ALLOW_ORIGIN",
    help="CORS.",
)
@click.option(
    "--metrics-token",
    envvar="ORDERS_METRICS_TOKEN",
    help="Show /metrics to who sends this as a bearer token; without it, to this machine only.",
)
@click.option(
    "--keep-events-days",
    type=click.IntRange(min=0, max=MAX_KEEP_EVENTS_DAYS),
    default=DEFAULT_KEEP_EVENTS_DAYS,
    show_default=True,
    envvar="ORDERS_KEEP_EVENTS_DAYS",
    help="How long a deleted order's events are kept; 0 keeps them forever.",
)
@click.option("--demo", is_flag=True, envvar="ORDERS_DEMO", help="Add demo users and orders at first.")
def serve(daily_quotas: tuple[str, ...], **given: Any) -> None:  # noqa: ANN401 - the options above, by name
    """Serve the API, its user pool and its console, until SIGTERM or Ctrl-C."""
    from orders_host import host
    from orders_host.demo import instructions, seed

    options = Options(**given, daily_quotas=_quotas(daily_quotas))
    _log_to_stderr()
    if options.demo:
        seed(options.data_dir)
    invoked_as = shlex.quote(_relative(Path(sys.argv[0])))
    host.serve(
        options,
        lambda url: click.echo(instructions(url, invoked_as, options) if options.demo else f"Serving {url}"),
    )


@click.command()
@data_dir_option
def demo(data_dir: Path) -> None:
    """Add the demo users and about 200 orders of the last 30 days, if there are no users yet."""
    from orders_host.demo import seed

    click.echo("Added demo users and orders." if seed(data_dir) else "There are users already.")


def _quotas(texts: tuple[str, ...]) -> dict[str, int]:
    quotas: dict[str, int] = {}
    for text in texts:
        plan, _, number = text.partition("=")
        if plan not in PLANS or not number.isdigit() or int(number) < 1:
            raise InvalidOption(f"--daily-quota {text}: write a plan ({', '.join(PLANS)}), = and a number.")
        quotas[plan] = int(number)
    return quotas


def _relative(path: Path) -> str:
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _log_to_stderr() -> None:
    handler = logging.StreamHandler()
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
