"""The two servers that bench.host measures: how each is started, given its orders and its tokens."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import cycle, islice, repeat
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

from joserfc import jwt
from joserfc.jwk import RSAKey

from bench import client
from bench.environment import BENCH, reference_python
from bench.workload import CUSTOMER, ORDER_JSON

ORDERS = Path(sys.executable).with_name("orders")
HOST = "127.0.0.1"
PRELOADED = 10_000
SESSIONS = 64
READER, WRITER, PASSWORD = "reader@example.com", "writer@example.com", "Bench-orders-2026!"


class Side(ABC):
    """One server and its database. The reader has PRELOADED orders; new orders are the writer's.

    Each user has SESSIONS tokens, one a connection, as clients have.
    """

    name: str

    def __init__(self, scratch: Path) -> None:
        self.port = free_port()
        self.data = scratch / type(self).__name__
        self.data.mkdir()
        self.reader = ""
        self.reader_tokens: list[str] = []
        self.writer_tokens: list[str] = []
        self.order_ids: list[str] = []

    @abstractmethod
    def prepare(self) -> None:
        """Make the database, the users' tokens and the orders."""

    @abstractmethod
    def command(self) -> list[str | Path]:
        """The command that starts the server."""

    def environment(self) -> dict[str, str]:
        """The server's environment variables."""
        return dict(os.environ)

    @contextmanager
    def running(self) -> Iterator[None]:
        """The server, from its first answer of /healthz on; its output goes to a file beside its database."""
        with (self.data / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command(), env=self.environment(), stdout=log, stderr=log, cwd=BENCH / "reference"
            )
        try:
            self.wait_until_ready()
            yield
        finally:
            self.process.terminate()
            self.process.wait()

    def wait_until_ready(self) -> None:
        while self.process.poll() is None:
            try:
                urllib.request.urlopen(f"http://{HOST}:{self.port}/healthz").close()
            except urllib.error.URLError:
                time.sleep(0.002)
            else:
                return
        raise RuntimeError(f"{self.name} did not start:\n{(self.data / 'log').read_text()}")

    def requests(self, operation: str, connections: int) -> list[client.Requests]:
        """What each connection sends: `operation` is POST, GET (orders at random) or LIST (the 20 newest)."""
        host = f"{HOST}:{self.port}"
        if operation == "POST":
            return [
                repeat(client.request("POST", "/v1/orders", host=host, token=token, body=ORDER_JSON.encode()))
                for token in self.writer_tokens[:connections]
            ]
        if operation == "LIST":
            target = f"/v1/orders?customer_id={self.reader}"
            return [
                repeat(client.request("GET", target, host=host, token=token))
                for token in self.reader_tokens[:connections]
            ]
        return [
            cycle(
                [
                    client.request("GET", f"/v1/orders/{order_id}", host=host, token=token)
                    for order_id in Random(number).sample(self.order_ids, 500)
                ]
            )
            for number, token in enumerate(self.reader_tokens[:connections])
        ]

    def memory(self, figure: str) -> float:
        """MiB of the process now: `figure` is VmRSS (resident) or VmHWM (its peak), as in proc(5)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith(figure))
        return int(line.split()[1]) / 1024


class OrdersApi(Side):
    """This project's host, with its limits out of the way."""

    name = "Orders API"

    def orders(self) -> list[str | Path]:
        """The command line that it is started by."""
        return [ORDERS]

    def command(self) -> list[str | Path]:
        limits = ["--rate-limit", "1000000", "--burst", "1000000"]
        return [*self.orders(), "serve", "--port", str(self.port), "--data-dir", self.data, *limits]

    def prepare(self) -> None:
        for user in (READER, WRITER):
            subprocess.run(
                [*self.orders(), "user", "add", user, "--password", PASSWORD, "--data-dir", self.data],
                env=self.environment(),
                check=True,
                stdout=subprocess.DEVNULL,
            )
        with self.running():
            self.client_id = self.call("/config.json")["client_id"]
            self.reader_tokens = self.sign_in(READER)
            self.writer_tokens = self.sign_in(WRITER)
            host = f"{HOST}:{self.port}"
            posts = [
                client.request("POST", "/v1/orders", host=host, token=token, body=ORDER_JSON.encode())
                for token in self.reader_tokens
            ]
            each = [islice(repeat(post), PRELOADED // SESSIONS + 1) for post in posts]
            result = client.run(HOST, self.port, each, keep_bodies=True)
        orders = [json.loads(body) for body in result.bodies]
        self.reader = orders[0]["customer_id"]
        self.order_ids = [order["order_id"] for order in orders]

    def sign_in(self, user: str) -> list[str]:
        """SESSIONS different ID tokens: one by password, the others by refresh."""
        first = self.initiate_auth("USER_PASSWORD_AUTH", USERNAME=user, PASSWORD=PASSWORD)
        refresh = first["RefreshToken"]
        others = [
            self.initiate_auth("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=refresh)["IdToken"]
            for _ in range(SESSIONS - 1)
        ]
        return [first["IdToken"], *others]

    def initiate_auth(self, flow: str, **parameters: str) -> dict[str, str]:
        body = {"AuthFlow": flow, "ClientId": self.client_id, "AuthParameters": parameters}
        answer: dict[str, str] = self.call("/cognito", body)["AuthenticationResult"]
        return answer

    def call(self, path: str, body: object = None) -> dict[str, Any]:
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth",
        }
        data = json.dumps(body).encode() if body else None
        request = urllib.request.Request(f"http://{HOST}:{self.port}{path}", data, headers)
        with urllib.request.urlopen(request) as response:
            answer: dict[str, Any] = json.load(response)
        return answer


class FastApi(Side):
    """The stack a user would otherwise pick; see bench/reference/fastapi_app.py."""

    name = "FastAPI + SQLAlchemy"
    issuer, audience = "https://issuer.example.com", "orders"

    def __init__(self, scratch: Path) -> None:
        super().__init__(scratch)
        self.key = RSAKey.generate_key(2048)
        self.python = reference_python()

    def command(self) -> list[str | Path]:
        server = ["uvicorn", "fastapi_app:app", "--loop", "uvloop", "--http", "httptools"]
        return [self.python, "-m", *server, "--host", HOST, "--port", str(self.port)]

    def environment(self) -> dict[str, str]:
        return {
            **super().environment(),
            "DATABASE_URL": f"sqlite:///{self.data / 'orders.db'}",
            "JWT_PUBLIC_KEY": self.key.as_pem(private=False).decode(),
            "JWT_ISSUER": self.issuer,
            "JWT_AUDIENCE": self.audience,
        }

    def prepare(self) -> None:
        seed = subprocess.run(
            [self.python, BENCH / "reference" / "fastapi_app.py", "seed", str(PRELOADED), CUSTOMER],
            env=self.environment(),
            input=ORDER_JSON,
            capture_output=True,
            text=True,
            check=True,
        )
        self.reader = CUSTOMER
        self.order_ids = seed.stdout.split()
        self.reader_tokens = [self.token(CUSTOMER) for _ in range(SESSIONS)]
        self.writer_tokens = [self.token(str(uuid4())) for _ in range(SESSIONS)]

    def token(self, subject: str) -> str:
        """An ID token with the claims that Cognito gives one."""
        now = int(datetime.now(UTC).timestamp())
        claims = {
            "sub": subject,
            "iss": self.issuer,
            "aud": self.audience,
            "token_use": "id",
            "email": "reader@example.com",
            "email_verified": True,
            "cognito:username": subject,
            "auth_time": now,
            "iat": now,
            "exp": now + 3600,
            "jti": str(uuid4()),
            "origin_jti": str(uuid4()),
            "event_id": str(uuid4()),
        }
        return jwt.encode({"alg": "RS256", "kid": self.key.thumbprint()}, claims, self.key)


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        port: int = listener.getsockname()[1]
    return port
