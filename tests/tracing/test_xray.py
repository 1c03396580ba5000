"""Subsegments: one for each call to AWS of a request that is traced, and nothing at all for the others."""

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.aws.events import ORDER, ORDERS, proxy_event
from tests.aws.runtime_api import running_function

from orders_aws.tracing import subsegment

ROOT, PARENT = "1-5759e988-bd862e3fe1be46a994272793", "53995c3f42cd8ad8"
MUG = {"product_id": "A-1", "quantity": 2, "unit_price": "9.50"}


class Refused(Exception):
    pass


class Daemon:
    """Takes datagrams as X-Ray's daemon does in Lambda."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(10)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._socket.getsockname()[1]}"

    def next(self) -> dict[str, Any]:
        header, _, document = self._socket.recv(65_536).partition(b"\n")
        assert json.loads(header) == {"format": "json", "version": 1}
        subsegment: dict[str, Any] = json.loads(document)
        return subsegment

    def is_left_alone(self) -> bool:
        self._socket.setblocking(False)
        try:
            self._socket.recv(65_536)
        except BlockingIOError:
            return True
        return False

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    daemon = Daemon()
    monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", daemon.address)
    monkeypatch.setenv("_X_AMZN_TRACE_ID", f"Root={ROOT};Parent={PARENT};Sampled=1;Lineage=1:a87bd80c:0")
    yield daemon
    daemon.close()


def call(**aws: object) -> None:
    with subsegment("dynamodb", aws, Refused):
        pass


def test_a_call_hangs_below_the_functions_segment(daemon: Daemon) -> None:
    call(operation="GetItem", region="eu-west-1", table_name="orders", queue_url=None)
    document = daemon.next()
    assert document["start_time"] <= document["end_time"]
    assert re.fullmatch(r"[0-9a-f]{16}", document.pop("id"))
    assert {name: document[name] for name in document if not name.endswith("_time")} == {
        "type": "subsegment",
        "name": "dynamodb",
        "namespace": "aws",
        "trace_id": ROOT,
        "parent_id": PARENT,
        "aws": {"operation": "GetItem", "region": "eu-west-1", "table_name": "orders"},
    }


@pytest.mark.parametrize(("error", "mark"), [(Refused("no"), "error"), (TimeoutError("no"), "fault")])
def test_a_call_that_fails_says_whose_fault_it_was(daemon: Daemon, error: Exception, mark: str) -> None:
    with pytest.raises(type(error)), subsegment("dynamodb", {}, Refused):
        raise error
    document = daemon.next()
    assert document[mark]
    assert {"error", "fault"} & set(document) == {mark}
    assert document["cause"]["exceptions"][0]["type"] == type(error).__name__


@pytest.mark.parametrize("trace", ["", f"Root={ROOT};Parent={PARENT};Sampled=0", "Root=1-2-3", "nonsense"])
def test_what_is_not_traced_sends_nothing(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch, trace: str
) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", trace)
    call()
    assert daemon.is_left_alone()


@pytest.mark.parametrize("address", ["", "127.0.0.1:1", "nowhere", "no-such-host.invalid:2000"])
def test_a_daemon_that_is_not_there_is_no_error(
    monkeypatch: pytest.MonkeyPatch, daemon: Daemon, address: str
) -> None:
    monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", address)
    call()
    assert daemon.is_left_alone()


def test_the_function_traces_its_calls_and_logs_the_trace(
    unpacked_zip: Path, dynamodb_endpoint: str, orders_table: str, daemon: Daemon, tmp_path: Path
) -> None:
    """The zip under AWS's runtime client, whose Runtime API says that each request is traced."""
    variables = {
        "DYNAMODB_TABLE": orders_table,
        "DYNAMODB_ENDPOINT_URL": dynamodb_endpoint,
        "ENVIRONMENT": "test",
        "AWS_XRAY_DAEMON_ADDRESS": daemon.address,
    }
    with running_function(unpacked_zip, tmp_path, variables) as function:
        placed = function.invoke(proxy_event("POST", ORDERS, body={"items": [MUG]}))
        function.invoke(proxy_event("GET", ORDER, order_id=json.loads(placed["body"])["order_id"]))
        traced = [daemon.next() for _ in range(2)]
        lines = [json.loads(line) for line in function.log().splitlines()]
    assert [one["aws"]["operation"] for one in traced] == ["PutItem", "GetItem"]
    assert {one["aws"]["table_name"] for one in traced} == {orders_table}
    assert {one["trace_id"] for one in traced} == {ROOT}
    assert {line["xray_trace_id"] for line in lines if "message" in line} == {ROOT}
    assert daemon.is_left_alone()
