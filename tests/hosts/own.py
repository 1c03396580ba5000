"""A host of a test's own, to be configured, filled and killed."""

import base64
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.real_parts.process import Server, free_port, running

ORDERS = Path(sys.executable).with_name("orders")
PASSWORD = "Demo-orders-2026!"
UNLIMITED = ("--rate-limit", "1000000", "--burst", "1000000")
MUGS = {"items": [{"product_id": "A-1", "name": "Mug", "quantity": 2, "unit_price": "9.50"}]}


@dataclass(frozen=True)
class OwnHost:
    """A running host. `url` is its origin."""

    server: Server
    data_dir: Path
    url: str

    def token(self, email: str) -> str:
        """An ID token of a user."""
        return orders("token", email, data_dir=self.data_dir).strip()

    def client(self, email: str | None = None, **headers: str) -> httpx.Client:
        """An HTTP client that is signed in; close it after use."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if email:
            named["Authorization"] = f"Bearer {self.token(email)}"
        return httpx.Client(base_url=self.url, headers=named, timeout=30)

    def log(self) -> list[dict[str, Any]]:
        """What it has written: access log and messages."""
        lines = Path(self.server.log).read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def logged(self, is_wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The one wanted line, which a thread of the host may write a moment after the answer."""
        deadline = time.monotonic() + 10
        while not (found := [line for line in self.log() if is_wanted(line)]):
            assert time.monotonic() < deadline, "no such line was logged"
            time.sleep(0.05)
        (line,) = found
        return line


@contextmanager
def own_host(data_dir: Path, *options: str, env: Mapping[str, str] | None = None) -> Iterator[OwnHost]:
    """Runs `orders serve` on a free port until the block ends."""
    port = free_port()
    command: list[str | Path] = [ORDERS, "serve", "--port", str(port), "--data-dir", data_dir, *options]
    with running(command, port, data_dir.with_suffix(".log"), env=env) as server:
        yield OwnHost(server, data_dir, server.url)


def orders(*arguments: str, data_dir: Path) -> str:
    """What a command of the command line prints; it must succeed."""
    command = [str(ORDERS), *arguments, "--data-dir", str(data_dir)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def sign_in(client: httpx.Client, config: Mapping[str, str], email: str) -> str:
    """An ID token for a user with PASSWORD, by Cognito's protocol at the place that `/config.json` names."""
    parameters = {"USERNAME": email, "PASSWORD": PASSWORD}
    answer = ask_pool(
        client, config, "InitiateAuth", AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters
    )
    token: str = answer["AuthenticationResult"]["IdToken"]
    return token


def ask_pool(client: httpx.Client, config: Mapping[str, str], operation: str, **body: object) -> Any:  # noqa: ANN401 - JSON
    """What the user pool answers."""
    headers = {
        "X-Amz-Target": f"AWSCognitoIdentityProviderService.{operation}",
        "Content-Type": "application/x-amz-json-1.1",
    }
    asked = body | {"ClientId": config["client_id"]}
    answer = client.post(f"{config['cognito_url']}/", headers=headers, json=asked)
    return answer.raise_for_status().json()


def claims_of(token: str) -> dict[str, Any]:
    """What a token says, unchecked."""
    part = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


def add_user(data_dir: Path, email: str, *groups: str) -> str:
    """Adds a user with PASSWORD; its `sub`."""
    joins = [argument for group in groups for argument in ("--group", group)]
    printed = orders("user", "add", email, "--password", PASSWORD, *joins, "--json", data_dir=data_dir)
    sub: str = json.loads(printed)["sub"]
    return sub
