"""nginx and Caddy with TLS, by the recipes in `deploy/` or by settings of a test's own."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.real_parts.missing import program
from tests.real_parts.process import running

RECIPES = Path(__file__).parents[2] / "deploy"
UPSTREAM = "127.0.0.1:8080"
"""Where the host listens in the recipes."""

# What the packages put around a site: everything that they write goes to the folder.
_NGINX = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
{user}
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {site}
}}
"""


@dataclass(frozen=True)
class Place:
    """Where on 127.0.0.1 a proxy listens, and the address of the host that it is before."""

    folder: Path
    port: int
    certificate: tuple[Path, Path]
    upstream: str


@contextmanager
def nginx(place: Place, site: str) -> Iterator[None]:
    """Run nginx with a site such as `deploy/nginx.conf`.

    Raises:
        MissingPartError: nginx is not installed.
    """
    path = program("nginx", "nginx", "apt-get install nginx-light")
    folder = place.folder
    certfile, keyfile = place.certificate
    for old, new in (
        (r"listen 443", f"listen 127.0.0.1:{place.port}"),
        (r"(ssl_certificate) [^;]+", rf"\1 {certfile}"),
        (r"(ssl_certificate_key) [^;]+", rf"\1 {keyfile}"),
        (re.escape(UPSTREAM), place.upstream),
    ):
        site, count = re.subn(old, new, site)
        assert count == 1, old
    # As root it would give its work to a user who can't read a test's folder.
    user = "user root;" if os.geteuid() == 0 else ""
    settings = folder / "nginx.conf"
    settings.write_text(_NGINX.format(folder=folder, user=user, site=site))
    with running([path, "-c", settings, "-e", folder / "nginx.log"], place.port, folder / "nginx.out"):
        yield


@contextmanager
def caddy(place: Place, caddyfile: str) -> Iterator[None]:
    """Run Caddy with a Caddyfile such as `deploy/Caddyfile`.

    Raises:
        MissingPartError: Caddy is not installed.
    """
    path = program("caddy", "Caddy", "apt-get install caddy")
    certfile, keyfile = place.certificate
    # With a certificate at hand it asks nobody for one, and with `admin off` it takes no second port.
    settings = place.folder / "Caddyfile"
    site, count = re.subn(r"(?m)^(\{\$ORDERS_SITE.*\{)$", rf"\1\n\ttls {certfile} {keyfile}", caddyfile)
    assert count == 1
    settings.write_text("{\n\tadmin off\n\tauto_https disable_redirects\n}\n" + site)
    env = {
        "ORDERS_SITE": f"https://127.0.0.1:{place.port}",
        "ORDERS_UPSTREAM": place.upstream,
        "XDG_DATA_HOME": str(place.folder),
        "XDG_CONFIG_HOME": str(place.folder),
    }
    command: list[str | Path] = [path, "run", "--config", settings, "--adapter", "caddyfile"]
    with running(command, place.port, place.folder / "caddy.out", env=env):
        yield
