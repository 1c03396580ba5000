"""The bill of a month, by component."""

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from orders_tools.cost import capacity, measured
from orders_tools.cost.environments import API_MEMORY_MB, CONSUMER_MEMORY_MB, QUEUES, Environment
from orders_tools.cost.prices import Price

MIX: Final = {
    "reads": {"get": 0.8, "list": 0.2},
    "writes": {"create": 0.25, "move": 0.65, "edit": 0.05, "delete": 0.05},
}
"""What reads and writes are: most orders are placed once, and then move on three times."""

COUNTERS: Final = {"create": 1, "move": 2, "edit": 1, "delete": 1}
"""Daily figures that a write changes."""

PAGE: Final = 20
MONTHS_KEPT: Final = 12
"""Months of orders that are stored."""

_HEADER_BYTES: Final = 700
_SECONDS: Final = 730 * 3600
_GB: Final = 1024**3

# Of a write: how many of the three queues its event reaches, and a request to send, receive and delete each.
_MESSAGES_A_WRITE: Final = 2.4
_QUEUE_REQUESTS_A_MESSAGE: Final = 3
# A queue's poller waits 20 seconds for each answer, and five of them poll a queue at least.
_IDLE_POLLS: Final = QUEUES * 5 * _SECONDS / 20

Kind = Literal["requests", "month", "optional"]


class Usage(NamedTuple):
    """A month: requests, the share of them that reads, bytes of an order's JSON, users who sign in."""

    requests: int
    reads: float
    payload_bytes: int
    users: int


class Line(NamedTuple):
    """`quantity` units at a price; `kind` says what it depends on. Amounts are USD."""

    component: str
    item: str
    quantity: float
    price: Price
    kind: Kind

    @property
    def list_usd(self) -> float:
        """The price in USD before the units that are free each month."""
        return self.quantity * self.price.usd

    @property
    def usd(self) -> float:
        """What is left after the units that are free each month."""
        return max(0.0, self.quantity - self.price.free) * self.price.usd


def bill(usage: Usage, environment: Environment, prices: dict[str, Price]) -> list[Line]:
    """Every line of the bill; lines of one price share its free units."""
    rows = [row for row in _rows(usage, environment) if row.quantity]
    lines = [Line(row.component, row.item, row.quantity, prices[row.price], row.kind) for row in rows]
    return list(_sharing_what_is_free(lines))


def operations(usage: Usage) -> dict[str, float]:
    """How often each operation is called."""
    reads = usage.requests * usage.reads
    shares = {"reads": reads, "writes": usage.requests - reads}
    return {name: shares[kind] * share for kind, mix in MIX.items() for name, share in mix.items()}


class _Row(NamedTuple):
    component: str
    item: str
    quantity: float
    price: str
    kind: Kind


def _rows(usage: Usage, environment: Environment) -> Iterator[_Row]:
    yield _Row("API Gateway", "requests", usage.requests, "api-request", "requests")
    yield from _function(usage, environment)
    yield from _table(usage, environment)
    yield from _events(usage)
    yield from _watching(usage, environment)
    yield _Row("Cognito", "users", usage.users, "cognito-user", "month")
    yield _Row("Data transfer", "answers", _answered_bytes(usage) / _GB, "transfer-gb", "requests")
    if environment.firewall_rules:
        yield _Row("Firewall", "web ACL", 1, "firewall", "month")
        yield _Row("Firewall", "rules", environment.firewall_rules, "firewall-rule", "month")
        yield _Row("Firewall", "requests", usage.requests, "firewall-request", "requests")
    if environment.own_key:
        yield _Row("Encryption", "own key", 1, "key", "month")
    yield _Row("Valkey (optional)", "0.1 GB, the least billed", 0.1 * 730, "cache-gb-hour", "optional")
    yield _Row("Valkey (optional)", "gets and removals", usage.requests, "cache-unit", "optional")


def _function(usage: Usage, environment: Environment) -> Iterator[_Row]:
    gb = API_MEMORY_MB / 1024
    warm_ms = sum(
        count * measured.billed_ms(name, API_MEMORY_MB) for name, count in operations(usage).items()
    )
    cold_ms = usage.requests * measured.ASSUMED_COLD_SHARE * measured.INIT_MS
    yield _Row("Lambda", "requests", usage.requests, "lambda-request", "requests")
    yield _Row("Lambda", "warm invocations", warm_ms / 1000 * gb, "lambda-gb-second", "requests")
    yield _Row("Lambda", "cold starts", cold_ms / 1000 * gb, "lambda-gb-second", "requests")
    warm_seconds = environment.warm_instance_hours * 3600
    yield _Row("Lambda", "instances kept warm", warm_seconds * gb, "lambda-provisioned-gb-second", "month")


def _table(usage: Usage, environment: Environment) -> Iterator[_Row]:
    order = capacity.order_of(usage.payload_bytes)
    size = capacity.item_bytes(order)
    counts = operations(usage)
    units = {name: capacity.units_of(name, size, PAGE) for name in counts}
    write = sum(count * units[name].write for name, count in counts.items())
    read = sum(count * units[name].read for name, count in counts.items())
    stored_gb = MONTHS_KEPT * counts["create"] * size / _GB
    yield _Row("DynamoDB", "writes of orders, indexes included", write, "write-unit", "requests")
    yield _Row("DynamoDB", "reads", read, "read-unit", "requests")
    yield _Row(
        "DynamoDB",
        f"orders of {MONTHS_KEPT} months, thrice",
        stored_gb * (1 + capacity.INDEXES),
        "table-gb",
        "requests",
    )
    if environment.backup:
        yield _Row("DynamoDB", "point-in-time recovery", stored_gb, "backup-gb", "requests")


def _events(usage: Usage) -> Iterator[_Row]:
    writes = usage.requests * (1 - usage.reads)
    messages = writes * _MESSAGES_A_WRITE
    gb_seconds = (writes + messages) * measured.ASSUMED_CONSUMER_MS / 1000 * CONSUMER_MEMORY_MB / 1024
    history_units, figure_units = capacity.recording_units(measured.kept_event_bytes(usage.payload_bytes))
    yield _Row("Events", "history of orders", writes * history_units, "write-unit", "requests")
    yield _Row("Events", "daily figures", _counters(usage) * figure_units, "write-unit", "requests")
    yield _Row("Events", "events on the bus", writes, "event", "requests")
    yield _Row("Events", "queue requests", messages * _QUEUE_REQUESTS_A_MESSAGE, "queue-request", "requests")
    yield _Row("Events", "queues that are asked in vain", _IDLE_POLLS, "queue-request", "month")
    yield _Row("Events", "consumers' requests", writes + messages, "lambda-request", "requests")
    yield _Row("Events", "consumers", gb_seconds, "lambda-gb-second", "requests")


def _counters(usage: Usage) -> float:
    """How many daily figures the writes change: a move takes an order out of one and puts it into another."""
    return sum(count * COUNTERS.get(name, 0) for name, count in operations(usage).items())


def _watching(usage: Usage, environment: Environment) -> Iterator[_Row]:
    logged = sum(
        count * (measured.LOG_BYTES[name] + measured.ACCESS_LOG_BYTES)
        for name, count in operations(usage).items()
    )
    yield _Row("CloudWatch", "logs", logged / _GB, "log-gb", "requests")
    yield _Row("CloudWatch", "metrics", measured.ASSUMED_METRICS, "metric", "month")
    yield _Row("CloudWatch", "alarms", environment.alarms, "alarm", "month")
    yield _Row("CloudWatch", "dashboard", 1, "dashboard", "month")
    yield _Row("X-Ray", "traces", usage.requests * environment.traced_share, "trace", "requests")


def _answered_bytes(usage: Usage) -> float:
    counts = operations(usage)
    orders = counts["create"] + counts["move"] + counts["edit"] + counts["get"] + PAGE * counts["list"]
    return orders * usage.payload_bytes + _HEADER_BYTES * usage.requests


def _sharing_what_is_free(lines: list[Line]) -> Iterator[Line]:
    left: dict[Price, float] = {}
    for line in lines:
        free = left.get(line.price, line.price.free)
        left[line.price] = max(0.0, free - line.quantity)
        yield line._replace(price=line.price._replace(free=free))
