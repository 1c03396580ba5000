"""The smoke test of a new version: what it passes, and everything that it does not."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from orders_aws import smoke_test as smoke
from orders_aws.telemetry import LambdaTelemetry
from orders_core.application import Application
from orders_core.proxy import ProxyEvent
from orders_core.stores import OrderQuery
from orders_host.sqlite import SqliteOrderRepository

Answer = dict[str, Any]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteOrderRepository]:
    repository = SqliteOrderRepository(tmp_path / "orders.db")
    yield repository
    repository.close()


@pytest.fixture
def version(store: SqliteOrderRepository) -> smoke.Invoke:
    application = Application(store, LambdaTelemetry("test", "ERROR"))

    def invoke(request: Mapping[str, object]) -> Answer:
        # As it travels to a function and back.
        event = msgspec.json.decode(msgspec.json.encode(request), type=ProxyEvent)
        answer: Answer = msgspec.json.decode(msgspec.json.encode(application(event)))
        return answer

    return invoke


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smoke, "_INDEX_SECONDS", 0.0)
    monkeypatch.setattr(smoke, "_INDEX_PAUSE_SECONDS", 0.0)


def test_a_version_that_works_passes_and_is_left_as_it_was(
    version: smoke.Invoke, store: SqliteOrderRepository
) -> None:
    smoke.test(version)
    assert store.list_orders(OrderQuery(smoke.CUSTOMER), 10).orders == []


def changed(method: str, change: Callable[[Answer], Answer]) -> Callable[[smoke.Invoke], smoke.Invoke]:
    def breaks(version: smoke.Invoke) -> smoke.Invoke:
        def invoke(request: Mapping[str, object]) -> Answer:
            answer = version(request)
            applies = request["httpMethod"] == method and "authorizer" in str(request["requestContext"])
            return change(answer) if applies else answer

        return invoke

    return breaks


def with_body(**fields: object) -> Callable[[Answer], Answer]:
    def change(answer: Answer) -> Answer:
        body = msgspec.json.decode(answer["body"]) | fields
        return answer | {"body": msgspec.json.encode(body).decode()}

    return change


def opened_to_anybody(version: smoke.Invoke) -> smoke.Invoke:
    def invoke(request: Mapping[str, object]) -> Answer:
        context: Any = request["requestContext"]
        claims = {"sub": smoke.CUSTOMER, "token_use": "id"}
        return version({**request, "requestContext": {"authorizer": {"claims": claims}, **context}})

    return invoke


@pytest.mark.parametrize(
    ("breaks", "says"),
    [
        (opened_to_anybody, "a request without a token should be answered 401"),
        (changed("POST", lambda answer: answer | {"statusCode": 500}), "placing an order should be answered"),
        (changed("POST", with_body(total_amount="18.99")), "an order of 19.00 amounts to 18.99"),
        (changed("GET", with_body(notes="other")), "read otherwise than it was placed"),
        (changed("GET", with_body(orders=[])), "read otherwise"),
        (changed("PUT", with_body(status="PENDING")), "cancelled, the order is PENDING at version 2"),
        (
            changed("DELETE", lambda answer: answer | {"statusCode": 500}),
            "deleting the order should be answered",
        ),
        (changed("PUT", lambda answer: {"errorMessage": "timed out"}), "not {'errorMessage': 'timed out'}"),
    ],
)
def test_a_version_that_does_not_is_told_by_what_it_did(
    version: smoke.Invoke, breaks: Callable[[smoke.Invoke], smoke.Invoke], says: str
) -> None:
    with pytest.raises(smoke.SmokeFailure, match=says):
        smoke.test(breaks(version))


def test_an_order_that_is_not_listed_is_a_failure(version: smoke.Invoke) -> None:
    def invoke(request: Mapping[str, object]) -> Answer:
        answer = version(request)
        is_listing = request["resource"] == "/v1/orders" and request["httpMethod"] == "GET"
        return with_body(orders=[])(answer) if is_listing and answer["statusCode"] == 200 else answer

    with pytest.raises(smoke.SmokeFailure, match="is not listed after"):
        smoke.test(invoke)


EVENT: smoke.HookEvent = {"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "e-1"}


class TestHook:
    """Whatever happens, CodeDeploy is told."""

    @pytest.fixture(autouse=True)
    def told(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        told: list[str] = []

        class CodeDeploy:
            def get_deployment(self, deploymentId: str) -> Answer:  # noqa: N803 - as boto3 has it
                content = '{"Resources": [{"f": {"Properties": {"TargetVersion": "7"}}}]}'
                return {"deploymentInfo": {"revision": {"appSpecContent": {"content": content}}}}

            def put_lifecycle_event_hook_execution_status(self, status: str, **_: str) -> None:
                told.append(status)

        class Functions:
            def invoke(self, **_: object) -> Answer:
                raise TimeoutError

        monkeypatch.setenv("API_FUNCTION", "f")
        clients = {"codedeploy": CodeDeploy(), "lambda": Functions()}
        monkeypatch.setattr(smoke, "_client", clients.get)
        return told

    def test_a_function_that_can_not_be_called_has_failed(self, told: list[str]) -> None:
        smoke.handler(EVENT, None)
        assert told == ["Failed"]

    def test_a_function_that_works_has_succeeded(
        self, told: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(smoke, "test", lambda invoke: None)
        smoke.handler(EVENT, None)
        assert told == ["Succeeded"]
