"""What the function tells: a log line and metrics for each request, and nothing confidential."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from tests.api import ANA, ORDERS, Api, Json

from orders_aws.telemetry import LambdaTelemetry
from orders_core.stores import Store, StoreUnavailable
from orders_core.telemetry import Observation, Placed
from orders_host.sqlite import SqliteOrderRepository

ORDER_ID = "00000000-0000-4000-8000-000000000001"
SECRET = "a-word-that-nobody-may-log"
OBSERVATION = Observation(
    operation="create_order",
    status=201,
    request_id="r1",
    correlation_id="c1",
    caller="ana",
    duration_seconds=0.012,
    store_seconds=0.004,
    placed=(Placed(1_990, "EUR"),),
)


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    store = SqliteOrderRepository(tmp_path / "orders.db")
    yield Api(store)
    store.close()


def written(capsys: pytest.CaptureFixture[str]) -> list[Json]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def metrics(lines: list[Json]) -> dict[str, Any]:
    """Values by name of metric, with the dimensions that they come in."""
    found: dict[str, Any] = {}
    for line in lines:
        for directive in line.get("_aws", {}).get("CloudWatchMetrics", []):
            assert directive["Namespace"] == "OrdersApi"
            (dimensions,) = directive["Dimensions"]
            for metric in directive["Metrics"]:
                value = line[metric["Name"]]
                found[metric["Name"]] = (
                    value[0] if isinstance(value, list) else value,
                    {name: line[name] for name in dimensions},
                )
    return found


def test_a_request_is_one_log_line_with_its_ids(capsys: pytest.CaptureFixture[str]) -> None:
    LambdaTelemetry("test", "INFO").record(OBSERVATION)
    (line,) = [line for line in written(capsys) if "_aws" not in line]
    expected = {
        "level": "INFO",
        "message": "request",
        "operation": "create_order",
        "status": 201,
        "request_id": "r1",
        "correlation_id": "c1",
        "sub": "ana",
        "duration_ms": 12.0,
        "store_ms": 4.0,
    }
    assert {name: line[name] for name in expected} == expected
    assert "cause" not in line


def test_a_line_has_a_level_that_lambda_reads(capsys: pytest.CaptureFixture[str]) -> None:
    """Lambda filters by a line's own level only when its timestamp is one of RFC 3339."""
    LambdaTelemetry("test", "INFO").record(OBSERVATION)
    (line,) = [line for line in written(capsys) if "_aws" not in line]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["timestamp"])


def test_a_line_names_the_trace_that_the_request_is_part_of(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8")
    LambdaTelemetry("test", "INFO").record(OBSERVATION)
    (line,) = [line for line in written(capsys) if "_aws" not in line]
    assert line["xray_trace_id"] == "1-5759e988-bd862e3fe1be46a994272793"


def test_the_cache_counts_hits_and_the_reads_without_it(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry = LambdaTelemetry("test", "INFO")
    telemetry.looked_up("hit", 0.001)
    telemetry.record(OBSERVATION)
    found = metrics(written(capsys))
    where = {"environment": "test", "operation": "create_order"}
    assert found["CacheHit"] == (1, where)
    assert found["CacheBypass"] == (0, where)
    assert found["CacheLatency"] == (1.0, where)
    telemetry.record(OBSERVATION)
    assert "CacheHit" not in metrics(written(capsys))


def test_a_placed_order_counts_with_its_value_in_major_units(capsys: pytest.CaptureFixture[str]) -> None:
    LambdaTelemetry("test", "INFO").record(OBSERVATION)
    found = metrics(written(capsys))
    where = {"environment": "test", "operation": "create_order"}
    assert found["OrdersCreated"] == (1, where)
    assert found["StoreLatency"] == (4.0, where)
    assert found["OrderValue"] == (19.9, where | {"currency": "EUR"})


def test_a_problem_counts_by_its_kind(capsys: pytest.CaptureFixture[str]) -> None:
    refused = Observation("get_order", 404, "r1", "c1", "ana", 0.01, 0.001, problem="not-found")
    LambdaTelemetry("test", "INFO").record(refused)
    found = metrics(written(capsys))
    where = {"environment": "test", "operation": "get_order", "kind": "not-found"}
    assert found["Faults"] == (1, where)
    assert "OrdersCreated" not in found


def test_a_crash_is_logged_with_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry = LambdaTelemetry("test", "INFO")
    try:
        raise ZeroDivisionError
    except ZeroDivisionError:
        telemetry.crashed("r1")
    (line,) = written(capsys)
    assert (line["level"], line["request_id"], line["exception_name"]) == ("ERROR", "r1", "ZeroDivisionError")
    assert "test_telemetry.py" in line["exception"]


def test_below_its_level_nothing_is_logged_but_metrics_are(capsys: pytest.CaptureFixture[str]) -> None:
    LambdaTelemetry("test", "ERROR").record(OBSERVATION)
    lines = written(capsys)
    assert lines
    assert all("_aws" in line for line in lines)


def test_neither_bodies_nor_tokens_are_observed(api: Api) -> None:
    body = {"items": [{"product_id": SECRET, "quantity": 1, "unit_price": "1"}], "notes": SECRET}
    headers = {"authorization": f"Bearer {SECRET}", "idempotency-key": SECRET, "x-api-key": SECRET}
    api.send("POST", ORDERS, body, headers=headers)
    api.send("POST", ORDERS, {SECRET: SECRET}, headers=headers)
    assert len(api.telemetry.observations) == 2
    assert SECRET not in repr(api.telemetry.observations)


def test_the_correlation_id_is_the_clients_or_the_requests(api: Api) -> None:
    api.send("GET", ORDERS, headers={"X-Correlation-Id": "c" * 500})
    api.send("GET", ORDERS)
    own, given = api.telemetry.observations[1], api.telemetry.observations[0]
    assert given.correlation_id == "c" * 128
    assert own.correlation_id == own.request_id
    assert own.caller == ANA.sub


def test_only_a_new_order_counts_as_placed(api: Api) -> None:
    body = {"items": [{"product_id": "A", "quantity": 2, "unit_price": "1.50"}]}
    for _ in range(2):
        api.send("POST", ORDERS, body, headers={"Idempotency-Key": "k"})
    api.send("POST", ORDERS, {})
    placed = [list(observation.placed) for observation in api.telemetry.observations]
    assert placed == [[Placed(300, "EUR")], [], []]
    assert [observation.problem for observation in api.telemetry.observations] == [
        None,
        None,
        "invalid-input",
    ]


class Away:
    """A store that can't be read."""

    def get(self, order_id: str) -> None:
        raise StoreUnavailable("dynamodb GetItem: ThrottlingException")


def test_the_log_says_why_the_store_was_away_and_the_answer_does_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    api = Api(cast("Store", Away()))
    answer = api.send("GET", f"{ORDERS}/{ORDER_ID}", caller=ANA)
    assert answer.status == 503
    assert "dynamodb" not in answer.body
    (observation,) = api.telemetry.observations
    LambdaTelemetry("test", "INFO").record(observation)
    assert written(capsys)[0]["cause"] == "dynamodb GetItem: ThrottlingException"
