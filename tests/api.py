"""The application alone, called as both hosts call it: for tests that need no network."""

import itertools
import json
import traceback
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orders_contract as contract
from orders_core.application import Application
from orders_core.proxy import ProxyEvent, ProxyResponse
from orders_core.stores import Store
from orders_core.telemetry import Observation
from orders_host.api import api_routes, to_event
from orders_host.proxy import HttpRequest
from orders_host.routing import Call, Claims, Router

ORDERS = "/v1/orders"
Json = dict[str, Any]


@dataclass(frozen=True)
class Caller:
    """Whoever a token speaks for; nobody without a `sub`."""

    sub: str
    groups: str = ""

    @property
    def claims(self) -> dict[str, str]:
        groups = {"cognito:groups": self.groups} if self.groups else {}
        return {"sub": self.sub, "token_use": "id", **groups} if self.sub else {}


ANA, LUIS, STAFF, DUMMY_HASH = Caller("ana"), Caller("luis"), Caller("staff", "staff"), Caller("")


@dataclass(frozen=True)
class Answer:
    """A response; `resource` is the path template it came from."""

    method: str
    resource: str
    status: int
    headers: Mapping[str, str]
    body: str

    @property
    def json(self) -> Json:
        document: Json = json.loads(self.body)
        return document

    def expect(self, status: int) -> Json:
        """The document of an answer with this status."""
        assert self.status == status, f"{self.status}: {self.body}"
        return self.json


class Recorder:
    """`Telemetry` that keeps what it is told; of a crash its traceback."""

    def __init__(self) -> None:
        self.observations: list[Observation] = []
        self.crashes: list[str] = []

    def record(self, observation: Observation) -> None:
        self.observations.append(observation)

    def looked_up(self, result: str, seconds: float) -> None: ...

    def crashed(self, request_id: str) -> None:
        self.crashes.append(traceback.format_exc())


class Ticking:
    """A clock that is a millisecond later each time it is read."""

    def __init__(self, day: str = "2026-01-31") -> None:
        self._day = day
        self._ticks = itertools.count()

    def __call__(self) -> str:
        tick = next(self._ticks)
        minutes, seconds = divmod(tick // 1000, 60)
        return f"{self._day}T{minutes // 60:02}:{minutes % 60:02}:{seconds:02}.{tick % 1000:03}Z"


class Unused:
    """An `Invocation` of a table that is only looked things up in."""

    async def __call__(self, event: ProxyEvent) -> ProxyResponse:
        raise NotImplementedError

    async def probe(self) -> None:
        raise NotImplementedError


ROUTER = Router(api_routes(contract.build(), Unused(), "*"))


def event_of(
    method: str,
    path: str,
    *,
    caller: Caller,
    content: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    query: object = None,
) -> ProxyEvent:
    """The proxy event of one request."""
    sent = {"content-type": "application/json"} if content is not None else {}
    query_string = query if isinstance(query, str) else urlencode(query or {})  # type: ignore[arg-type]
    request = HttpRequest(
        str(uuid.uuid4()), method, path, sent | dict(headers or {}), query_string, "127.0.0.1", "http"
    )
    match = ROUTER.match(path)
    template, parameters = (match.route.template, match.parameters) if match else (path, {})

    async def authorize() -> Claims:
        raise NotImplementedError

    return to_event(template, Call(request, parameters, caller.claims, content or b"", authorize))


class Api:
    """The application over a store."""

    def __init__(self, store: Store, clock: Ticking | None = None) -> None:
        self.telemetry = Recorder()
        self._application = Application(store, self.telemetry, clock=clock or Ticking())

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        caller: Caller = ANA,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        query: object = None,
    ) -> Answer:
        """One request; a `body` is made JSON, a `content` goes as it is, a `query` as text or as pairs."""
        if body is not None:
            content = json.dumps(body).encode()
        event = event_of(method, path, caller=caller, content=content, headers=headers, query=query)
        response: ProxyResponse = self._application(event)
        return Answer(
            method, event["resource"], response["statusCode"], response["headers"], response["body"]
        )

    def create(self, body: Json, caller: Caller = ANA, **headers: str) -> Json:
        """An order that is placed now."""
        named = {name.replace("_", "-").lower(): value for name, value in headers.items()}
        return self.send("POST", ORDERS, body, caller=caller, headers=named).expect(201)
