"""The host's gateway and user pool over its application, put together as `orders_host.host` does it."""

import json
from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import cache
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import orders_contract as contract
from orders_host.access_log import AccessLog
from orders_host.api import api_routes
from orders_host.api_keys import ApiKeys
from orders_host.app import Dependencies, Gateway
from orders_host.asgi import Message
from orders_host.authorizer import Authorizer
from orders_host.data_dir import GATEWAY_DB
from orders_host.database import Database
from orders_host.host import _lifespan
from orders_host.invocation import Invocation
from orders_host.log_lines import LineWriter
from orders_host.mail.mailbox import Mailbox
from orders_host.metrics import PrometheusTelemetry
from orders_host.relay import Relay
from orders_host.routing import Router
from orders_host.throttling import Plan, Quotas, Throttle
from orders_host.user_pool.cognito import TARGET_PREFIX, CognitoReply, answer
from orders_host.user_pool.pool import UserPool
from tests.api import Json
from tests.simulation.loop import FIRST_WALL_CLOCK, SimulatedLoop
from tests.simulation.randomness import deterministic
from tests.simulation.scenario import CUSTOMERS, STAFF_NAMES

DEFAULT_PLAN = Plan(rate=40, burst=40)
PLANS = {"basic": Plan(rate=2, burst=5), "premium": Plan(rate=40, burst=40, daily=40)}
"""So little that clients feel it: the first of its rate, the second of its day."""

PLAN_OF = dict(zip(CUSTOMERS, PLANS, strict=False))
"""The clients that have an API key."""

_CONTRACT = contract.build()


class Reply(NamedTuple):
    """An HTTP response; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    document: Json


class Accounts(NamedTuple):
    """The users of every history: gateway.db as a file's content, and the API keys of some clients."""

    database: bytes
    api_keys: Mapping[str, str]


@cache
def accounts() -> Accounts:
    """A user for each client, with a password that is the same in every process."""
    with TemporaryDirectory() as folder, deterministic(0):
        path = Path(folder) / GATEWAY_DB
        database = Database(path)
        pool = UserPool(database, Mailbox(Path(folder)), clock=lambda: FIRST_WALL_CLOCK)
        for name in (*CUSTOMERS, *STAFF_NAMES):
            pool.add_user(email(name), PASSWORD, groups=("staff",) if name in STAFF_NAMES else ())
        keys = ApiKeys(database, lambda: FIRST_WALL_CLOCK)
        secrets = {name: keys.create(name, plan)[1] for name, plan in PLAN_OF.items()}
        database.close()
        return Accounts(path.read_bytes(), secrets)


PASSWORD = "Correct-horse-1"


def email(name: str) -> str:
    """The address that a client signs in with."""
    return f"{name}@example.com"


class SimulatedGateway:
    """What clients reach of the host: the API with its gateway, and the user pool."""

    def __init__(self, folder: Path, loop: SimulatedLoop, invocation: Invocation, relay: Relay) -> None:
        self._loop = loop
        self._relay = relay
        self.database = Database(folder / GATEWAY_DB)
        self.pool = UserPool(self.database, Mailbox(folder / "mail"), clock=loop.wall_clock)
        self._quotas = Quotas(self.database, loop.wall_clock)
        self._access_log = AccessLog(LineWriter(StringIO()))
        throttle = Throttle(DEFAULT_PLAN, self._quotas, PLANS, clock=lambda: int(loop.now * 1_000_000_000))
        parts = Dependencies(
            router=Router(api_routes(_CONTRACT, invocation, "*")),
            throttle=throttle,
            api_keys=ApiKeys(self.database, loop.wall_clock),
            require_api_key=False,
            authorizer=Authorizer(
                self.pool.keys,
                self.pool.issuer,
                self.pool.client_id,
                sessions=self.pool.tokens,
                clock=loop.wall_clock,
            ),
            telemetry=PrometheusTelemetry(),
            access_log=self._access_log,
            export=None,
            cors_allow_origin="*",
            root_path="",
        )
        self._lifespan = _lifespan(self._quotas, [relay])
        self._gateway = Gateway(parts, self._lifespan)
        self._stack = AsyncExitStack()

    async def start(self) -> None:
        await self._stack.enter_async_context(self._lifespan)

    async def stop(self) -> None:
        await self._stack.aclose()

    def close(self) -> None:
        self._access_log.close()
        self.database.close()

    async def ask(
        self, method: str, path: str, query: str, headers: Mapping[str, str], content: bytes, address: str
    ) -> Reply:
        """One request over HTTP."""
        scope: dict[str, Any] = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": (address, 40_000),
            "scheme": "http",
        }
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        await self._gateway(scope, receive, send)
        start, body = sent
        told = {name.decode(): value.decode() for name, value in start["headers"]}
        return Reply(start["status"], told, json.loads(body["body"]) if body["body"] else {})

    async def ask_pool(self, operation: str, request: Json, address: str) -> Reply:
        """One operation of the user pool, in a thread."""
        content = json.dumps({"ClientId": self.pool.client_id, **request}).encode()
        told: CognitoReply = await self._loop.run_in_executor(
            None, answer, self.pool, TARGET_PREFIX + operation, content, address
        )
        return Reply(told.status, told.headers, json.loads(told.body))
