"""What the host serves beside the API: health, metrics, the contract, the user pool, the console."""

import hmac
import mimetypes
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import msgspec

from orders_core.problems import FORBIDDEN, STORE_UNAVAILABLE, Problem, no_such_resource
from orders_core.proxy import EXPOSED_HEADERS, ProxyResponse, response
from orders_core.stores import StoreUnavailable
from orders_host import contract_text, metrics, security_txt
from orders_host.addresses import is_loopback
from orders_host.invocation import Invocation
from orders_host.metrics import PrometheusTelemetry
from orders_host.options import Options
from orders_host.proxy import HttpRequest
from orders_host.routing import Answer, Call, Route
from orders_host.user_pool import CognitoEndpoint, UserPool

_FORWARDED: Final = {"forwarded", "x-forwarded-for", "via"}
_METRICS_REFUSED: Final = (
    "Metrics are for clients on the host's machine, or for those that send the metrics token of its options"
    " as Authorization: Bearer <token>."
)

CONSOLE: Final = Path(__file__).parent / "console"

_HTML_POLICY: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_ANY_ORIGIN: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": ", ".join(EXPOSED_HEADERS),
}
_COGNITO_PREFLIGHT: Final = _ANY_ORIGIN | {
    "Access-Control-Allow-Methods": "POST, GET, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, X-Amz-Target, X-Amz-User-Agent,"
    " Amz-Sdk-Invocation-Id, Amz-Sdk-Request",
    "Access-Control-Max-Age": "600",
}


class Pages:
    """Answers the paths that are not the API's own; `routes` are their rows of the host's table."""

    def __init__(
        self,
        contract: dict[str, Any],
        config: dict[str, str | None],
        pool: UserPool,
        invocation: Invocation,
        telemetry: PrometheusTelemetry,
        options: Options,
    ) -> None:
        self._contract = contract
        self._config = config
        self._pool = pool
        self._cognito = CognitoEndpoint(pool)
        self._invocation = invocation
        self._telemetry = telemetry
        self._options = options
        key_set = f"/cognito/{pool.pool_id}/.well-known"
        self.routes = [
            _page("/", self._home),
            _page("/console", self._home),
            _page("/console/", self._console),
            # The console's pages find both beside their own files, whatever path is before these.
            _page("/console/config.json", self._configuration),
            _page("/console/openapi.json", self._contract_as_json),
            _page("/console/{file+}", self._console),
            _page("/healthz", self._health),
            _page("/metrics", self._metrics),
            _page("/openapi.yaml", self._contract_as_yaml),
            _page("/openapi.json", self._contract_as_json),
            _page("/config.json", self._configuration),
            _page("/docs", self._docs),
            _page(security_txt.PATH, self._security),
            _page(f"{key_set}/jwks.json", self._jwks, limited=True),
            _page(f"{key_set}/openid-configuration", self._openid, limited=True),
            *(
                Route(path, ("OPTIONS", "POST"), self._user_pool, limited=True, preflight=_COGNITO_PREFLIGHT)
                for path in ("/cognito", "/cognito/")
            ),
        ]

    def close(self) -> None:
        """Wait for what the user pool is doing."""
        self._cognito.close()

    async def _home(self, call: Call) -> ProxyResponse:
        page = "/console/" if CONSOLE.is_dir() else "/docs"
        return response(302, headers={"Location": call.request.root_path + page})

    async def _console(self, call: Call) -> ProxyResponse:
        return static_file(CONSOLE, call.parameters.get("file", "index.html"))

    async def _health(self, _: Call) -> ProxyResponse:
        try:
            await self._invocation.probe()
        except StoreUnavailable as error:
            raise Problem(STORE_UNAVAILABLE, f"The host is not healthy: {error}.") from error
        return response(200, b'{"status":"ok"}', {"Cache-Control": "no-store"})

    async def _metrics(self, call: Call) -> ProxyResponse:
        if not _may_read_metrics(call.request, self._options):
            raise Problem(FORBIDDEN, _METRICS_REFUSED)
        return response(200, self._telemetry.text(), {"Content-Type": metrics.CONTENT_TYPE})

    async def _contract_as_yaml(self, _: Call) -> ProxyResponse:
        return response(200, self._yaml.encode(), {"Content-Type": "application/yaml", **_ANY_ORIGIN})

    @cached_property
    def _yaml(self) -> str:
        return contract_text.as_yaml(self._contract)

    async def _contract_as_json(self, _: Call) -> ProxyResponse:
        return response(200, msgspec.json.encode(self._contract), _ANY_ORIGIN)

    async def _configuration(self, call: Call) -> ProxyResponse:
        # Without a public URL, clients are told the one that they asked.
        here = self._options.base_url or call.request.base_url
        config = self._config | {"api_url": here, "cognito_url": f"{here}/cognito"}
        return response(200, msgspec.json.encode(config), {"Cache-Control": "no-cache", **_ANY_ORIGIN})

    async def _docs(self, _: Call) -> ProxyResponse:
        page = static_file(CONSOLE, "docs.html")
        # Its links are relative to where its files are.
        page["body"] = page["body"].replace('="./', '="console/')
        return page

    async def _security(self, _: Call) -> ProxyResponse:
        mail_from = self._options.mail_from
        if mail_from is None:
            raise no_such_resource()
        text = security_txt.security_txt(mail_from, datetime.now(UTC))
        return response(200, text.encode(), {"Content-Type": "text/plain; charset=utf-8"})

    async def _jwks(self, _: Call) -> ProxyResponse:
        return response(200, msgspec.json.encode(self._pool.keys.jwks()), _ANY_ORIGIN)

    async def _openid(self, _: Call) -> ProxyResponse:
        return response(200, msgspec.json.encode(self._pool.openid_configuration()), _ANY_ORIGIN)

    async def _user_pool(self, call: Call) -> ProxyResponse:
        request = call.request
        reply = await self._cognito(request.headers.get("x-amz-target", ""), call.body, request.address)
        return response(reply.status, reply.body, {**reply.headers, **_ANY_ORIGIN})


def _page(path: str, answer: Answer, limited: bool = False) -> Route:
    return Route(path, ("GET", "HEAD"), answer, limited)


def static_file(folder: Path, name: str) -> ProxyResponse:
    """A text file below the folder.

    Raises:
        Problem: 404 when there is no such file, or it is outside the folder.
    """
    try:
        path = (folder / name).resolve()
        found = path.is_relative_to(folder.resolve()) and path.is_file()
    except (OSError, ValueError):
        # A name that no file can have: too long, or with a NUL in it.
        found = False
    if not found:
        raise no_such_resource()
    content_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    charset = "" if content_type.endswith("json") else "; charset=utf-8"
    headers = {"Content-Type": content_type + charset, "Cache-Control": "no-cache", **_HTML_POLICY}
    return response(200, path.read_bytes(), headers)


def _may_read_metrics(request: HttpRequest, options: Options) -> bool:
    """Metrics tell the shop's revenue: they are not for every client of the API."""
    if options.metrics_token is not None:
        given = request.headers.get("authorization", "").encode("latin-1")
        return hmac.compare_digest(given, f"Bearer {options.metrics_token}".encode())
    # A proxy on this machine brings its clients' requests from a local address; it says so, if it is honest.
    is_direct = options.knows_its_clients and not _FORWARDED & request.headers.keys()
    return is_direct and is_loopback(request.address)
