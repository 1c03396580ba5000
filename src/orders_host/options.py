"""What the host can be told, checked before anything is opened."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Final, NamedTuple, get_args, get_origin, get_type_hints
from urllib.parse import parse_qs, urlsplit

from orders_core.retention import KEEP_DAYS
from orders_host.forwarding import TrustedProxies

DEFAULT_KEEP_EVENTS_DAYS: Final = KEEP_DAYS
"""Thirteen months: last year's figures can be explained, and a deleted order's personal data goes."""

MIN_KEEP_EVENTS_DAYS: Final = 7
"""Later than this a request that is repeated with its `Idempotency-Key` may place a deleted order again."""

MAX_KEEP_EVENTS_DAYS: Final = 36_500

_THIS_MACHINE = ("127.0.0.1", "localhost")
_PUBLIC_URL: Final = re.compile(
    r"https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?"
)
_TOGETHER = "go together: give both, or neither."


class InvalidOption(ValueError):
    """An option that can't be served; the message says why and what to write instead.

    `given` holds the options that are to blame by their names, each with its value, or with None where the
    value is beside the point. The text names options as `Options` does; `told` names them as a user wrote
    them.
    """

    def __init__(self, reason: str, **given: object) -> None:
        super().__init__(reason)
        self.reason = reason
        self.given = given

    def __str__(self) -> str:
        return self.told(str)

    def told(self, spelled: Callable[[str], str]) -> str:
        """The message, with each option's name as `spelled` has it."""
        blamed = [
            spelled(name) if value is None else f"{spelled(name)} {value}"
            for name, value in self.given.items()
        ]
        return f"{' and '.join(blamed)} {self.reason}" if blamed else self.reason


class About(NamedTuple):
    """What a field of `Options` is, beyond its type and its default.

    `help` is Markdown; `unset` says what holds when there is no value; `least` and `most` bound a number.
    """

    help: str
    unset: str = "none"
    least: int | None = None
    most: int | None = None


class Option(NamedTuple):
    """One option: a field of `Options`, for those who read options from somewhere or document them."""

    name: str
    kind: type
    default: object
    about: About

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"ORDERS_{self.name.upper()}"


class Options(NamedTuple):
    """The options of `orders serve`: each is declared here, and nowhere else.

    The command line, the environment variables and the table in docs/host.md are made from these fields.
    """

    host: Annotated[str, About("Address to bind")] = "127.0.0.1"
    port: Annotated[int, About("Port to listen on; 0 takes a free one", least=0, most=65_535)] = 8080
    data_dir: Annotated[Path, About("Where the host keeps its files")] = Path("data")
    store: Annotated[
        str, About("`sqlite`, or `dynamodb://TABLE?region=…&endpoint_url=…`, with AWS's usual credentials")
    ] = "sqlite"
    cache_url: Annotated[
        str | None,
        About(
            "Keep copies of a `dynamodb://` store's orders in Redis or Valkey: `redis://…`, or `rediss://…`"
            " with TLS"
        ),
    ] = None
    rate_limit: Annotated[
        int, About("Requests a second of each caller: an API key, or else an address", least=1)
    ] = 250
    burst: Annotated[int, About("Requests at once of each caller", least=1)] = 500
    daily_quota: Annotated[
        dict[str, int],
        About("`PLAN=N`: requests a day (UTC) of each key of a usage plan; may be repeated"),
    ] = {}  # noqa: RUF012 - never changed
    public_url: Annotated[
        str | None,
        About(
            "The URL by which clients reach this host through a proxy: `https://shop.example`, or"
            " `https://shop.example/api` below a path",
            unset="as each request names it",
        ),
    ] = None
    trusted_proxies: Annotated[
        str | None,
        About(
            "Addresses and networks of proxies, such as `127.0.0.1,10.0.0.0/8`, whose `Forwarded` or"
            " `X-Forwarded-For`, `-Proto` and `-Host` are believed"
        ),
    ] = None
    require_api_key: Annotated[bool, About("Refuse requests without `x-api-key`, as AWS does")] = False
    jwt_issuer: Annotated[
        str | None, About("Take this OIDC issuer's tokens instead", unset="the embedded pool")
    ] = None
    jwt_audience: Annotated[str | None, About("The client id that those tokens must be for", unset="–")] = (
        None
    )
    rotate_keys_days: Annotated[
        int,
        About(
            "Sign the embedded pool's tokens with a new key after so many days; tokens of the former key stay"
            " valid until they expire",
            least=1,
            most=3_650,
        ),
    ] = 90
    require_mfa: Annotated[
        bool, About("Every sign-in to the embedded pool takes a code of an authenticator app")
    ] = False
    mfa_key_file: Annotated[
        Path | None,
        About(
            "Seal the secrets of authenticator apps with the key in this file, 32 random characters or more"
            " ([why](decisions/mfa.md)); keep it apart from backups",
            unset="not sealed",
        ),
    ] = None
    mail_url: Annotated[
        str | None,
        About(
            "Send mail through this server: `smtp+starttls://user:password@host:587`, `smtps://…`, or"
            " `smtp://localhost`",
            unset="files in `mail/`",
        ),
    ] = None
    mail_from: Annotated[
        str | None, About("The sender of that mail, such as `Shop <shop@example.com>`", unset="–")
    ] = None
    certfile: Annotated[
        Path | None, About("Serve TLS 1.2 or later with this certificate chain (PEM)", unset="no TLS")
    ] = None
    keyfile: Annotated[Path | None, About("The certificate's private key (PEM)", unset="–")] = None
    otlp_endpoint: Annotated[
        str | None,
        About(
            "Send a span for each request and each call of the store to this OpenTelemetry collector (OTLP"
            " over HTTP; needs the extra `otlp`), such as `http://127.0.0.1:4318`"
        ),
    ] = None
    cors_allow_origin: Annotated[str, About("Whose pages may call the API")] = "*"
    metrics_token: Annotated[
        str | None,
        About(
            "Show `/metrics` to clients that send it as `Authorization: Bearer`; without one, only to clients"
            " on this machine that come through no proxy; with a public URL this needs trusted proxies"
        ),
    ] = None
    keep_events_days: Annotated[
        int,
        About(
            "How long the events of an order are kept after it was deleted, and its id stays taken; `0`"
            " forever ([why](decisions/retention.md))",
            least=0,
            most=MAX_KEEP_EVENTS_DAYS,
        ),
    ] = DEFAULT_KEEP_EVENTS_DAYS
    demo: Annotated[bool, About("At the first start, add three users and 200 orders of the last 30 days")] = (
        False
    )

    @property
    def base_url(self) -> str | None:
        """The public URL without a slash at its end."""
        return self.public_url.rstrip("/") if self.public_url else None

    @property
    def root_path(self) -> str:
        """The path of the public URL, which clients put before each of the host's own; or empty."""
        return urlsplit(self.base_url or "").path

    @property
    def knows_its_clients(self) -> bool:
        """Whether a request from this machine is no proxy's that does not say for whom it asks."""
        return self.public_url is None or self.trusted_proxies is not None

    @property
    def scheme(self) -> str:
        """`https` if there is a certificate, else `http`."""
        return "https" if self.certfile else "http"

    def check(self) -> None:
        """Raise InvalidOption for options that contradict each other."""
        if self.cache_url is not None and self.store == "sqlite":
            raise InvalidOption(
                "goes with a dynamodb:// store: SQLite answers faster than any cache could.", cache_url=None
            )
        if self.cache_url is not None and not self.cache_url.startswith(("redis://", "rediss://")):
            raise InvalidOption("is not known: write redis://… or rediss://….", cache_url=self.cache_url)
        if self.otlp_endpoint is not None and not self.otlp_endpoint.startswith(("http://", "https://")):
            raise InvalidOption("is not known: write http[s]://….", otlp_endpoint=self.otlp_endpoint)
        self._check_mail()
        self._check_proxies()
        if 0 < self.keep_events_days < MIN_KEEP_EVENTS_DAYS:
            raise InvalidOption(
                f"is too few: write {MIN_KEEP_EVENTS_DAYS} or more, or 0 to keep everything.",
                keep_events_days=self.keep_events_days,
            )
        if (self.jwt_issuer is None) != (self.jwt_audience is None):
            raise InvalidOption(_TOGETHER, jwt_issuer=None, jwt_audience=None)
        if (self.certfile is None) != (self.keyfile is None):
            raise InvalidOption(_TOGETHER, certfile=None, keyfile=None)
        if self.jwt_issuer and not _is_trustworthy(self.jwt_issuer):
            raise InvalidOption(
                "must be an https:// URL: over plain http another server could answer in its place, and sign"
                " in any user.",
                jwt_issuer=None,
            )

    def _check_proxies(self) -> None:
        if self.public_url is not None and not _PUBLIC_URL.fullmatch(self.public_url):
            raise InvalidOption(
                "is not known: write https://shop.example, or https://shop.example/api.",
                public_url=self.public_url,
            )
        if self.trusted_proxies is not None:
            try:
                TrustedProxies(self.trusted_proxies)
            except ValueError as error:
                raise InvalidOption(
                    f"is not known: {error}. Write addresses and networks: 127.0.0.1,10.0.0.0/8.",
                    trusted_proxies=self.trusted_proxies,
                ) from None

    def _check_mail(self) -> None:
        if (self.mail_url is None) != (self.mail_from is None):
            raise InvalidOption(_TOGETHER, mail_url=None, mail_from=None)
        if self.mail_url is None or self.mail_from is None:
            return
        # Only where mail is sent: it takes a while to import.
        from orders_host.mail.smtp import is_sender, parse_mail_url

        try:
            parse_mail_url(self.mail_url)
        except ValueError as error:
            raise InvalidOption(str(error), mail_url=None) from None
        if not is_sender(self.mail_from):
            raise InvalidOption(
                "is no address: write shop@example.com or Shop <shop@example.com>.", mail_from=self.mail_from
            )


def declared() -> Iterator[Option]:
    """The options in the order of their declaration."""
    for name, hint in get_type_hints(Options, include_extras=True).items():
        type_, about = get_args(hint)
        kind = get_origin(type_)
        if kind is UnionType:  # `str | None`: a text, or no value
            kind = next(each for each in get_args(type_) if each is not NoneType)
        yield Option(name, kind or type_, Options._field_defaults[name], about)


class DynamoDBStore(NamedTuple):
    """A table somewhere: `dynamodb://TABLE?region=eu-west-1&endpoint_url=http://127.0.0.1:8000`."""

    table: str
    region: str
    endpoint_url: str


def parse_store(text: str, region: str) -> DynamoDBStore | None:
    """The DynamoDB table that the option `store` names, or None for SQLite.

    Raises:
        InvalidOption: the text is neither.
    """
    if text == "sqlite":
        return None
    url = urlsplit(text)
    parameters = parse_qs(url.query, strict_parsing=bool(url.query))
    if url.scheme != "dynamodb" or not url.netloc or parameters.keys() - {"region", "endpoint_url"}:
        raise InvalidOption(
            "is not known: write sqlite, or dynamodb://TABLE?region=…&endpoint_url=…", store=text
        )
    return DynamoDBStore(
        url.netloc, parameters.get("region", [region])[0], parameters.get("endpoint_url", [""])[0]
    )


def _is_trustworthy(issuer: str) -> bool:
    url = urlsplit(issuer)
    return url.scheme == "https" or (url.scheme == "http" and url.hostname in _THIS_MACHINE)
