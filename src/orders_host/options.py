"""What the host can be told, checked before anything is opened."""

from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import parse_qs, urlsplit

DEFAULT_KEEP_EVENTS_DAYS: Final = 400
"""Thirteen months: last year's figures can be explained, and a deleted order's personal data goes."""

MIN_KEEP_EVENTS_DAYS: Final = 7
"""Later than this a request that is repeated with its `Idempotency-Key` may place a deleted order again."""

MAX_KEEP_EVENTS_DAYS: Final = 36_500

_THIS_MACHINE = ("127.0.0.1", "localhost")


class InvalidOption(ValueError):
    """An option that can't be served; the message says why and what to write instead."""


class Options(NamedTuple):
    """The options of `orders serve`. `rate_limit` is requests a second, `daily_quotas` requests by plan."""

    host: str = "127.0.0.1"
    port: int = 8080
    data_dir: Path = Path("data")
    store: str = "sqlite"
    cache_url: str | None = None
    rate_limit: int = 250
    burst: int = 500
    daily_quotas: dict[str, int] = {}  # noqa: RUF012 - never changed
    require_api_key: bool = False
    jwt_issuer: str | None = None
    jwt_audience: str | None = None
    certfile: Path | None = None
    keyfile: Path | None = None
    otlp_endpoint: str | None = None
    cors_allow_origin: str = "*"
    metrics_token: str | None = None
    keep_events_days: int = DEFAULT_KEEP_EVENTS_DAYS
    demo: bool = False

    @property
    def scheme(self) -> str:
        """`https` if there is a certificate, else `http`."""
        return "https" if self.certfile else "http"

    def check(self) -> None:
        """Raise InvalidOption for options that contradict each other."""
        if self.cache_url is not None and self.store == "sqlite":
            raise InvalidOption(
                "--cache-url goes with --store dynamodb://…: SQLite answers faster than any cache could."
            )
        if self.cache_url is not None and not self.cache_url.startswith(("redis://", "rediss://")):
            raise InvalidOption(f"--cache-url {self.cache_url} is not known: write redis://… or rediss://….")
        if self.otlp_endpoint is not None and not self.otlp_endpoint.startswith(("http://", "https://")):
            raise InvalidOption(f"--otlp-endpoint {self.otlp_endpoint} is not known: write http[s]://….")
        if 0 < self.keep_events_days < MIN_KEEP_EVENTS_DAYS:
            raise InvalidOption(
                f"--keep-events-days {self.keep_events_days} is too few: write {MIN_KEEP_EVENTS_DAYS} or"
                " more, or 0 to keep everything."
            )
        if (self.jwt_issuer is None) != (self.jwt_audience is None):
            raise InvalidOption("--jwt-issuer and --jwt-audience go together: give both, or neither.")
        if (self.certfile is None) != (self.keyfile is None):
            raise InvalidOption("--certfile and --keyfile go together: give both, or neither.")
        if self.jwt_issuer and not _is_trustworthy(self.jwt_issuer):
            raise InvalidOption(
                "--jwt-issuer must be an https:// URL: over plain http another server could answer in its"
                " place, and sign in any user."
            )


class DynamoDBStore(NamedTuple):
    """A table somewhere: `dynamodb://TABLE?region=eu-west-1&endpoint_url=http://127.0.0.1:8000`."""

    table: str
    region: str
    endpoint_url: str


def parse_store(text: str, region: str) -> DynamoDBStore | None:
    """The DynamoDB table that `--store` names, or None for SQLite.

    Raises:
        InvalidOption: the text is neither.
    """
    if text == "sqlite":
        return None
    url = urlsplit(text)
    parameters = parse_qs(url.query, strict_parsing=bool(url.query))
    if url.scheme != "dynamodb" or not url.netloc or parameters.keys() - {"region", "endpoint_url"}:
        raise InvalidOption(
            f"--store {text} is not known: write sqlite, or dynamodb://TABLE?region=…&endpoint_url=…"
        )
    return DynamoDBStore(
        url.netloc, parameters.get("region", [region])[0], parameters.get("endpoint_url", [""])[0]
    )


def _is_trustworthy(issuer: str) -> bool:
    url = urlsplit(issuer)
    return url.scheme == "https" or (url.scheme == "http" and url.hostname in _THIS_MACHINE)
