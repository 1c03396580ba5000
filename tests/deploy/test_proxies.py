"""The recipes of `deploy/`: clients reach all of the host by its public URL, through nginx and Caddy."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest
from tests.hosts.own import MUGS, OwnHost, add_user, claims_of, own_host, sign_in
from tests.real_parts.certificate import certificate
from tests.real_parts.process import free_port
from tests.real_parts.proxies import RECIPES, Place, caddy, nginx

ANA = "ana@example.com"
# Linux has all of 127.0.0.0/8; the proxies and the host are at 127.0.0.1.
CLIENT = "127.0.0.2"

NGINX = (RECIPES / "nginx.conf").read_text()
CADDY = (RECIPES / "Caddyfile").read_text()
# With nothing said about headers, versions of HTTP, buffers.
NGINX_AS_IT_IS = """
server {
    listen 443 ssl;
    ssl_certificate x;
    ssl_certificate_key x;
    location /api/ { proxy_pass http://127.0.0.1:8080/; }
}
"""


@dataclass(frozen=True)
class Setup:
    """A proxy with its settings, the path of the public URL, and whether the host believes the proxy."""

    proxy: Callable[[Place, str], AbstractContextManager[None]]
    settings: str
    path: str = ""
    trusted: bool = True


def caddy_below(handler: str) -> str:
    start = CADDY.index("\treverse_proxy")
    return f"{CADDY[:start]}\t{handler} /api/* {{\n{CADDY[start:].rstrip().removesuffix('}')}\t}}\n}}\n"


SETUPS = {
    "nginx": Setup(nginx, NGINX),
    "nginx below a path": Setup(nginx, NGINX.replace("location / {", "location /api/ {"), "/api"),
    "nginx as it is": Setup(nginx, NGINX_AS_IT_IS, "/api", trusted=False),
    "Caddy": Setup(caddy, CADDY),
    "Caddy below a path": Setup(caddy, caddy_below("handle"), "/api"),
    "Caddy that removes the path": Setup(caddy, caddy_below("handle_path"), "/api"),
}


@dataclass(frozen=True)
class Site:
    """A host behind a proxy, as a client at CLIENT sees it; `known_as` is the address in the log."""

    host: OwnHost
    known_as: str
    url: str
    client: httpx.Client


@contextmanager
def site_of(setup: Setup, folder: Path) -> Iterator[Site]:
    data_dir, port = folder / "data", free_port()
    add_user(data_dir, ANA)
    url = f"https://127.0.0.1:{port}{setup.path}"
    shown = certificate(folder)
    trusts = ("--trusted-proxies", "127.0.0.1") if setup.trusted else ()
    transport = httpx.HTTPTransport(
        local_address=CLIENT, verify=ssl.create_default_context(cafile=str(shown[0]))
    )
    with (
        own_host(data_dir, "--public-url", url, *trusts) as host,
        setup.proxy(Place(folder, port, shown, host.url.removeprefix("http://")), setup.settings),
        httpx.Client(base_url=url, transport=transport, timeout=30) as client,
    ):
        config = client.get("/config.json").json()
        client.headers["Authorization"] = f"Bearer {sign_in(client, config, ANA)}"
        yield Site(host, CLIENT if setup.trusted else "127.0.0.1", url, client)


@pytest.fixture(scope="module", params=SETUPS)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site_of(SETUPS[request.param], tmp_path_factory.mktemp("site")) as started:
        yield started


def test_an_order_is_placed_and_found_where_the_answer_says(site: Site) -> None:
    placed = site.client.post("/v1/orders", json=MUGS)
    assert placed.status_code == 201
    found = site.client.get(urljoin(str(placed.request.url), placed.headers["location"]))
    assert found.json() == placed.json()


def test_clients_learn_the_public_url(site: Site) -> None:
    config = site.client.get("/config.json").json()
    assert (config["api_url"], config["cognito_url"]) == (site.url, f"{site.url}/cognito")
    assert site.client.get("/openapi.json").json()["servers"][0]["url"] == site.url


def test_the_issuer_of_tokens_is_found_by_discovery(site: Site) -> None:
    issuer = claims_of(site.client.headers["Authorization"])["iss"]
    assert issuer.startswith(f"{site.url}/cognito/")
    found = site.client.get(f"{issuer}/.well-known/openid-configuration").json()
    assert found["issuer"] == issuer
    assert site.client.get(found["jwks_uri"]).json()["keys"]


def test_pages_and_their_parts_are_there(site: Site) -> None:
    console = site.client.get("/", follow_redirects=True)
    assert (console.status_code, str(console.url)) == (200, f"{site.url}/console/")
    for part in ("js/main.js", "css/base.css", "config.json", "../docs"):
        assert site.client.get(urljoin(str(console.url), part)).status_code == 200, part


def test_metrics_are_not_for_the_public(site: Site) -> None:
    assert site.client.get("/metrics").status_code == 403


def test_events_are_not_kept_back(site: Site) -> None:
    """A proxy that collects answers before it passes them on would let this wait for ever."""
    with site.client.stream("GET", "/v1/events") as stream:
        lines = stream.iter_lines()
        assert next(lines).startswith("retry:")
        order = site.client.post("/v1/orders", json=MUGS).json()
        assert any(order["order_id"] in line for line in lines)


@pytest.mark.parametrize("made_up", ["X-Forwarded-For: 192.0.2.1", "Forwarded: for=192.0.2.1"])
def test_the_log_names_the_client_whatever_it_says_itself(site: Site, made_up: str) -> None:
    name, _, value = made_up.partition(": ")
    answer = site.client.get("/v1/orders", headers={name: value})
    assert answer.status_code == 200
    request_id = answer.headers["x-amzn-RequestId"]
    seen = site.host.logged(lambda line: line.get("requestId") == request_id)["ip"]
    assert seen == site.known_as
