"""What the bill takes a request to log is what the function logs."""

import json
from pathlib import Path

import pytest
from tests.aws.events import ORDER, ORDERS, proxy_event

from orders_aws.telemetry import LambdaTelemetry
from orders_core.application import Application
from orders_core.proxy import ProxyResponse
from orders_host.sqlite import SqliteOrderRepository
from orders_tools.cost import measured

MUG = {"product_id": "A-1", "quantity": 2, "unit_price": "9.50"}
SUB = "3c3e4f2a-6a0e-4f57-9f43-0d8c1d0f7a11"


def test_a_request_logs_no_more_than_is_billed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = SqliteOrderRepository(tmp_path / "orders.db")
    application = Application(store, LambdaTelemetry("preprod", "INFO"))
    logged: dict[str, int] = {}

    def run(
        operation: str, method: str, resource: str, order_id: str | None = None, **body: object
    ) -> ProxyResponse:
        capsys.readouterr()
        event = proxy_event(method, resource, sub=SUB, order_id=order_id, body=body or None)
        answer = application(json.loads(json.dumps(event)))
        assert answer["statusCode"] < 300
        logged[operation] = len(capsys.readouterr().out.encode())
        return answer

    order_id = json.loads(run("create", "POST", ORDERS, items=[MUG])["body"])["order_id"]
    run("get", "GET", ORDER, order_id)
    run("list", "GET", ORDERS)
    run("edit", "PUT", ORDER, order_id, items=[MUG])
    run("move", "PUT", ORDER, order_id, items=[MUG], status="CANCELLED")
    run("delete", "DELETE", ORDER, order_id)
    store.close()
    for operation, size in logged.items():
        assert 0.8 * measured.LOG_BYTES[operation] <= size <= measured.LOG_BYTES[operation], operation
