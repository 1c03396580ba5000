"""The console as each host serves it: from `orders serve`, or as static files before the deployed API."""

import json
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import orders_contract as contract
from tests.hosts import PASSWORD, Host, cognito
from tests.hosts.embedded import ORDERS
from tests.real_parts.process import Server, free_port, start, stop

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp.type_defs import AttributeTypeTypeDef

CONSOLE = Path(__file__).parents[2] / "src/orders_host/console"


@dataclass(frozen=True)
class Site:
    """A console that can be visited. Its pages may talk to `origins` and to nobody else.

    `data` is the embedded host's folder.
    """

    name: str
    console: str
    docs: str
    origins: tuple[str, ...]
    data: Path | None = None

    def config(self) -> dict[str, str]:
        """What the site tells its clients."""
        with urllib.request.urlopen(f"{self.origins[0]}/config.json") as response:
            config: dict[str, str] = json.load(response)
        return config

    def add_user(self, email: str, *options: str) -> None:
        """Adds a user with the usual password; the embedded pool takes options of `orders user add`."""
        if self.data is None:
            sign_up(self.config(), email)
            return
        arguments = ["user", "add", email, "--password", PASSWORD, *options, "--data-dir", str(self.data)]
        subprocess.run([str(ORDERS), *arguments], stdin=subprocess.DEVNULL, capture_output=True, check=True)

    def mailed_code(self, email: str) -> str:
        """The last code that the embedded pool sent to an address."""
        return self.mailed_text(email).partition("\n")[0].rpartition(": ")[2].strip()

    def mailed_text(self, email: str) -> str:
        """The text of the last letter that the embedded pool sent to an address."""
        assert self.data is not None
        letters = sorted(
            (self.data / "mail").glob(f"*-{email}-*.eml"), key=lambda path: path.stat().st_mtime_ns
        )
        message = message_from_bytes(letters[-1].read_bytes(), policy=default)
        assert isinstance(message, EmailMessage)
        text: str = message.get_content()
        return text


def sign_up(config: dict[str, str], email: str) -> None:
    """A user who signed up, and whom an administrator confirmed."""
    pool = cognito(config["cognito_url"])
    attributes: list[AttributeTypeTypeDef] = [{"Name": "email", "Value": email}]
    pool.sign_up(ClientId=config["client_id"], Username=email, Password=PASSWORD, UserAttributes=attributes)
    pool.admin_confirm_sign_up(UserPoolId=config["user_pool_id"], Username=email)


def start_console_host(data: Path, log: Path, *options: str, port: int = 0) -> Server:
    """`orders serve` with its demo users, as a newcomer starts it."""
    port = port or free_port()
    return start(
        [ORDERS, "serve", "--demo", "--port", str(port), "--data-dir", str(data), *options], port, log
    )


def site_of(server: Server, data: Path) -> Site:
    return Site("embedded", f"{server.url}/console/", f"{server.url}/docs", (server.url,), data)


@contextmanager
def own_site(folder: Path, *options: str) -> Iterator[tuple[Site, Server]]:
    """A host of the test's own, with more options."""
    data = folder / "data"
    server = start_console_host(data, folder / "host.log", *options)
    try:
        yield site_of(server, data), server
    finally:
        stop(server)


@contextmanager
def deployed_site(host: Host, api_key: str) -> Iterator[Site]:
    """The console's files at the root of a static site, with the headers that CloudFront adds."""
    api_url = f"http://{host.host_header}{host.prefix}"
    config = {
        "environment": "test",
        "region": "eu-west-1",
        "store": "dynamodb",
        "api_url": api_url,
        "api_key": api_key,
        "cognito_url": host.cognito_url,
        "user_pool_id": host.user_pool_id,
        "client_id": host.client_id,
    }
    origins = tuple(f"{url.scheme}://{url.netloc}" for url in map(urlsplit, (api_url, host.cognito_url)))
    answers: dict[str, object] = {"/config.json": config, "/openapi.json": contract.build()}
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_StaticFiles, origins, answers))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        origin = f"http://127.0.0.1:{server.server_address[1]}"
        yield Site("deployed", f"{origin}/", f"{origin}/docs.html", (origin, *origins))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _StaticFiles(SimpleHTTPRequestHandler):
    def __init__(
        self, connects_to: tuple[str, ...], answers: dict[str, object], *args: object, **kwargs: object
    ) -> None:
        self._connects_to = connects_to
        self._answers = answers
        super().__init__(*args, directory=str(CONSOLE), **kwargs)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        answer = self._answers.get(urlsplit(self.path).path)
        if answer is None:
            super().do_GET()
            return
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def end_headers(self) -> None:
        # As infra/modules/console has it.
        policy = (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
            f" manifest-src 'self'; connect-src 'self' {' '.join(self._connects_to)}; base-uri 'none';"
            " form-action 'self'; frame-ancestors 'none'"
        )
        self.send_header("Content-Security-Policy", policy)
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass
