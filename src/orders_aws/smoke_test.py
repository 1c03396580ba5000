"""Tests a new version of the API before it gets traffic: CodeDeploy's hook BeforeAllowTraffic.

One order is placed, read, listed, cancelled and deleted, by invoking that very version as API Gateway would.
https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html
"""

import logging
import os
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final, TypedDict

import msgspec

CUSTOMER: Final = "smoke-test"
"""Whose orders these are; no user of the pool has this `sub`."""

_ITEM: Final = {"product_id": "SMOKE-1", "quantity": 2, "unit_price": "9.50"}
_INDEX_SECONDS: Final = 10.0
_INDEX_PAUSE_SECONDS: Final = 0.5

_log = logging.getLogger(__name__)
_log.setLevel(logging.INFO)

# What a version answers is what is being tested: nothing is known of it yet.
VersionReply = dict[str, Any]
Invoke = Callable[[Mapping[str, object]], VersionReply]


class HookEvent(TypedDict):
    """What CodeDeploy sends to a lifecycle hook."""

    DeploymentId: str
    LifecycleEventHookExecutionId: str


class SmokeFailure(Exception):
    """The version does not do what it should; the message says what it did instead."""


def handler(event: HookEvent, context: object) -> None:
    """Test the version that the deployment is about to shift traffic to, and tell CodeDeploy the result."""
    codedeploy, functions = _client("codedeploy"), _client("lambda")
    status = "Failed"
    try:
        version = _version(codedeploy.get_deployment(deploymentId=event["DeploymentId"]))
        test(lambda request: _invoke(functions, os.environ["API_FUNCTION"], version, request))
        status = "Succeeded"
        _log.info("version %s works", version)
    except Exception:  # noqa: BLE001 - CodeDeploy is told of every failure, and waits an hour otherwise
        _log.exception("the new version does not work")
    codedeploy.put_lifecycle_event_hook_execution_status(
        deploymentId=event["DeploymentId"],
        lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
        status=status,
    )


def test(invoke: Invoke) -> None:
    """One order's life; what was placed is deleted again, also after a failure.

    Raises:
        SmokeFailure: at the first answer that is not as it should be.
    """
    _expect(401, invoke(_request("GET", "/v1/orders", claims=None)), "a request without a token")
    placed = _expect(201, invoke(_request("POST", "/v1/orders", body={"items": [_ITEM]})), "placing an order")
    if placed["total_amount"] != "19.00":
        raise SmokeFailure(f"an order of 19.00 amounts to {placed['total_amount']}")
    order_id = placed["order_id"]
    try:
        _use(invoke, placed)
    finally:
        gone = invoke(_request("DELETE", "/v1/orders/{order_id}", order_id))
    _expect(204, gone, "deleting the order")
    _expect(404, invoke(_request("GET", "/v1/orders/{order_id}", order_id)), "reading the deleted order")


def _use(invoke: Invoke, placed: VersionReply) -> None:
    order_id = placed["order_id"]
    read = _expect(200, invoke(_request("GET", "/v1/orders/{order_id}", order_id)), "reading the order")
    if read != placed:
        raise SmokeFailure("the order is read otherwise than it was placed")
    _wait_for_listing(invoke, order_id)
    change = {"items": [_ITEM], "status": "CANCELLED"}
    cancelled = _expect(
        200, invoke(_request("PUT", "/v1/orders/{order_id}", order_id, change)), "cancelling the order"
    )
    if (cancelled["status"], cancelled["version"]) != ("CANCELLED", 2):
        raise SmokeFailure(f"cancelled, the order is {cancelled['status']} at version {cancelled['version']}")


def _wait_for_listing(invoke: Invoke, order_id: str) -> None:
    """An index follows its table, usually within a second."""
    deadline = time.monotonic() + _INDEX_SECONDS
    while True:
        page = _expect(200, invoke(_request("GET", "/v1/orders")), "listing the orders")
        if order_id in [order["order_id"] for order in page["orders"]]:
            return
        if time.monotonic() > deadline:
            raise SmokeFailure(f"the order is not listed after {_INDEX_SECONDS:g} s")
        time.sleep(_INDEX_PAUSE_SECONDS)


def _expect(status: int, answer: VersionReply, deed: str) -> VersionReply:
    if answer.get("statusCode") != status:
        raise SmokeFailure(f"{deed} should be answered {status}, not {answer}")
    body: VersionReply = msgspec.json.decode(answer["body"]) if answer["body"] else {}
    return body


def _request(
    method: str,
    resource: str,
    order_id: str = "",
    body: object = None,
    claims: Mapping[str, str] | None = {"sub": CUSTOMER, "token_use": "id"},
) -> dict[str, object]:
    """A proxy event (REST, payload version 1)."""
    path = resource.replace("{order_id}", order_id)
    return {
        "httpMethod": method,
        "resource": resource,
        "path": path,
        "headers": {"Content-Type": "application/json"},
        "multiValueQueryStringParameters": None,
        "pathParameters": {"order_id": order_id} if order_id else None,
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "path": path,
            **({"authorizer": {"claims": claims}} if claims else {}),
        },
        "body": None if body is None else msgspec.json.encode(body).decode(),
        "isBase64Encoded": False,
    }


def _client(service: str) -> Any:  # noqa: ANN401 - botocore makes its clients' classes as it runs
    # Lambda's runtime has it. Its slow import delays a deployment only, no request.
    from botocore.session import get_session

    return get_session().create_client(service)


def _version(deployment: VersionReply) -> str:
    """The version that the deployment's AppSpec names as its target."""
    specification = deployment["deploymentInfo"]["revision"]["appSpecContent"]["content"]
    (resource,) = msgspec.json.decode(specification)["Resources"]
    (function,) = resource.values()
    version: str = function["Properties"]["TargetVersion"]
    return version


def _invoke(functions: Any, name: str, version: str, request: Mapping[str, object]) -> VersionReply:  # noqa: ANN401
    reply = functions.invoke(FunctionName=name, Qualifier=version, Payload=msgspec.json.encode(request))
    payload = reply["Payload"].read()
    if "FunctionError" in reply:
        raise SmokeFailure(f"version {version} failed: {payload[:2000].decode(errors='replace')}")
    answer: VersionReply = msgspec.json.decode(payload)
    return answer
