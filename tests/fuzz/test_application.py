"""Whatever is asked, the application answers as its contract says, and nothing crashes it.

`make fuzz` asks a million times.
"""

import base64
import json
import os
import uuid
from collections.abc import Iterator
from contextlib import closing
from typing import cast

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests import conformance
from tests.api import Answer
from tests.aws.events import ORDER, ORDERS, Event, proxy_event

from orders_core import cursors
from orders_core.application import ROUTES, Application
from orders_core.models import OrderStatus
from orders_core.operations.reports import EventQuery
from orders_core.proxy import ProxyEvent, ProxyResponse
from orders_core.stores import OrderQuery
from orders_core.telemetry import CacheResult, Observation
from orders_host.relay import ORDERS_DB, Relay
from orders_host.sqlite import SqliteOrderRepository

REQUESTS = int(os.environ.get("FUZZ_EXAMPLES", "400"))
TESTS = 5
EVENTS = "/v1/orders/{order_id}/events"
WAY = ["CONFIRMED", "PROCESSING", "SHIPPED", "DELIVERED"]
JOURNEYS = [*(WAY[:steps] for steps in range(5)), ["CANCELLED"]]
MUG = {"product_id": "A-1", "name": "Mug", "quantity": 2, "unit_price": "9.50"}

User = tuple[str, str | None]
Route = tuple[str, str]

thorough = settings(
    max_examples=max(1, REQUESTS // TESTS),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

# With halves of surrogate pairs, which JSON can write and UTF-8 can't.
any_text = st.text(max_size=50) | st.text(st.characters(), max_size=12)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
    max_leaves=10,
)


def perhaps(*values: object) -> st.SearchStrategy[object]:
    """Mostly one of the values, sometimes anything."""
    return st.one_of(st.sampled_from(values), st.sampled_from(values), anything)


prices = perhaps("9.50", "0", 0, 9.5, 1e5, "1000000", "1000000.01", "-1", "1e3", "NaN", "0.001", 10**400)
items = st.fixed_dictionaries(
    {
        "product_id": perhaps("A-1", "", "p" * 65),
        "quantity": perhaps(1, 0, 10_000, 10_001, 1.0),
        "unit_price": prices,
    },
    optional={"name": perhaps("Mug", None, "n" * 201), "weight": anything},
)
orders = st.fixed_dictionaries(
    {"items": st.lists(items, max_size=3) | anything},
    optional={
        "customer_id": perhaps("ana", "luis", "", "c" * 65),
        "currency": perhaps("EUR", "JPY", "KWD", "XXX", "eur"),
        "notes": perhaps("Ring twice", None, "n" * 1_001, "\0", "\ud83e\udd63"),
        "metadata": st.dictionaries(any_text, st.text(max_size=205), max_size=22) | anything,
        "status": perhaps(*OrderStatus, "LOST"),
        "colour": anything,
    },
)
returns = st.fixed_dictionaries(
    {},
    optional={
        "lines": st.lists(
            st.fixed_dictionaries({"line": perhaps(1, 0, 2), "quantity": perhaps(1, 3)}), max_size=3
        ),
        "reason": perhaps("Broken", ""),
        "status": perhaps("APPROVED", "REFUNDED", "LOST"),
    },
)
payments = st.fixed_dictionaries(
    {},
    optional={
        "provider": perhaps("cash", "", "Cash\n"),
        "reference": perhaps("1", "", "r" * 256),
        "amount": prices,
        "status": perhaps("AUTHORIZED", "CAPTURED", "FAILED", "REFUNDED", "LOST"),
        "refunded_amount": prices,
    },
)
shipments = st.fixed_dictionaries(
    {},
    optional={
        "carrier": perhaps("dhl", "", "DHL\n"),
        "tracking_number": perhaps("1", "", "t" * 101),
        "lines": st.lists(
            st.fixed_dictionaries({"line": perhaps(1, 0, 2), "quantity": perhaps(1, 3)}), max_size=3
        ),
        "tracking_url": perhaps("https://example.com/1", "javascript:alert(1)", None),
        "shipped_at": perhaps("2026-01-31T09:30:00Z", "9999-99-99T99:99:99Z", "then", None),
    },
)
comments = st.fixed_dictionaries(
    {},
    optional={
        "text": perhaps("Ring twice", "", "t" * 501),
        "visibility": perhaps("VISIBLE", "INTERNAL", "SECRET"),
    },
)
places = st.fixed_dictionaries(
    {},
    optional={
        "created_at": perhaps("2026-01-31T09:30:00.123Z", "9999-99-99T99:99:99.999Z", "then"),
        "order_id": perhaps(str(uuid.UUID(int=7)), "-" * 36, ""),
        "version": perhaps(1, 0, -1, 2**53, 2**63, 10**40),
    },
)
picks = st.integers(0, 8)
routes = st.sampled_from([*ROUTES, ("PATCH", ORDERS), ("PATCH", ORDER), ("GET", "/v1/invoices")])
users = st.sampled_from(
    [("ana", None), ("luis", "[customers]"), ("boss", "[staff]"), ("boss", "staff,admins")]
)
words = st.text(max_size=30) | st.sampled_from(
    [
        "1",
        "0",
        "-1",
        "101",
        "PENDING",
        "2026-01-31T09:30:00Z",
        "2026-02-30T00:00:00Z",
        "ana",
        '"1"',
        'W/"1"',
        "*",
        "",
    ]
)
header_names = st.sampled_from(
    [
        "Idempotency-Key",
        "If-Match",
        "If-None-Match",
        "Content-Type",
        "X-Correlation-Id",
        "Accept",
        "Content-Length",
    ]
)
queries = st.dictionaries(
    st.sampled_from(["customer_id", "status", "created_from", "created_to", "limit", "cursor", "from", "to"])
    | st.text(max_size=10),
    st.lists(words, min_size=1, max_size=2),
    max_size=4,
)


class Silent:
    """Telemetry that keeps the exceptions nobody expected out of the test's output."""

    def record(self, observation: Observation) -> None: ...

    def looked_up(self, result: CacheResult, seconds: float) -> None: ...

    def crashed(self, request_id: str) -> None: ...


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    folder = tmp_path_factory.mktemp("fuzz")
    with (
        closing(SqliteOrderRepository(folder / ORDERS_DB, webhooks=lambda: relay.webhooks)) as store,
        closing(Relay(folder)) as relay,
    ):
        # The disk would take most of the time, and what it holds is not asked after.
        store._writer.execute("PRAGMA synchronous = OFF")
        yield Application(store, Silent())


@pytest.fixture(scope="module")
def order_ids(application: Application) -> list[str]:
    """Ids of ana's orders, one in each status, and of none."""
    ids = [str(uuid.UUID(int=0)), "nonsense", ""]
    for journey in JOURNEYS:
        placed = ask(application, proxy_event("POST", ORDERS, body={"items": [MUG]}))
        order_id = json.loads(placed["body"])["order_id"]
        for status in journey:
            body = {"items": [MUG], "status": status}
            ask(application, proxy_event("PUT", ORDER, groups="staff", order_id=order_id, body=body))
        ids.append(order_id)
    return ids


@thorough
@given(
    user=users, route=routes, body=st.binary(max_size=300) | st.text(max_size=300).map(str.encode), pick=picks
)
def test_any_bytes(
    application: Application, order_ids: list[str], user: User, route: Route, body: bytes, pick: int
) -> None:
    event = request(user, route, order_ids[pick])
    ask(application, event | {"body": base64.b64encode(body).decode(), "isBase64Encoded": True})


@thorough
@given(
    user=users, route=routes, body=orders | returns | payments | shipments | comments | anything, pick=picks
)
def test_any_json(
    application: Application, order_ids: list[str], user: User, route: Route, body: object, pick: int
) -> None:
    ask(application, request(user, route, order_ids[pick]) | {"body": json.dumps(body)})


@thorough
@given(user=users, route=routes, query=queries, pick=picks)
def test_any_query(
    application: Application,
    order_ids: list[str],
    user: User,
    route: Route,
    query: dict[str, list[str]],
    pick: int,
) -> None:
    ask(application, request(user, route, order_ids[pick]) | {"multiValueQueryStringParameters": query})


@thorough
@given(user=users, key=places | anything, customer=st.sampled_from(["ana", "luis", None]), pick=picks)
def test_any_cursor_with_a_good_checksum(
    application: Application, order_ids: list[str], user: User, key: object, customer: str | None, pick: int
) -> None:
    """Anybody can make one: the checksum is no secret."""
    of_orders = {"cursor": [made_up(key, OrderQuery(customer))]}
    ask(application, request(user, ("GET", ORDERS), "") | {"multiValueQueryStringParameters": of_orders})
    of_events = {"cursor": [made_up(key, EventQuery(order_ids[pick]))]}
    event = request(user, ("GET", EVENTS), order_ids[pick])
    ask(application, event | {"multiValueQueryStringParameters": of_events})


@thorough
@given(user=users, route=routes, headers=st.dictionaries(header_names, words, max_size=4), pick=picks)
def test_any_header(
    application: Application,
    order_ids: list[str],
    user: User,
    route: Route,
    headers: dict[str, str],
    pick: int,
) -> None:
    event = request(user, route, order_ids[pick])
    ask(
        application,
        event
        | {"headers": {"Content-Type": "application/json"} | headers, "body": json.dumps({"items": [MUG]})},
    )


def request(user: User, route: Route, order_id: str) -> Event:
    sub, groups = user
    event = proxy_event(*route, sub=sub, groups=groups, order_id=order_id)
    parameters = dict.fromkeys(("order_id", "return_id", "payment_id", "webhook_id"), order_id) | {
        "customer": sub
    }
    named = {name: value for name, value in parameters.items() if f"{{{name}}}" in route[1]}
    return event | {"pathParameters": named}


def made_up(key: object, query: msgspec.Struct) -> str:
    raw = json.dumps(key).encode()
    return base64.urlsafe_b64encode(cursors._checksum(raw, query) + raw).decode().rstrip("=")


def ask(application: Application, event: Event) -> ProxyResponse:
    """The response, after the checks that hold for every one."""
    asked = cast(ProxyEvent, event)
    response = application(asked)
    for value in response["headers"].values():
        assert value.isprintable()
        value.encode("latin-1")
    status, headers, body = response["statusCode"], response["headers"], response["body"]
    conformance.check(Answer(asked["httpMethod"], asked["resource"], status, headers, body))
    return response
