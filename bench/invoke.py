"""Runs one Lambda handler in this process, for bench.handler: its first response, then the CPU of warm ones.

    python invoke.py MODULE.FUNCTION EVENTS.json REPORT_FD WARM

EVENTS.json holds `{"first": event, "warm": {operation: event}}`; the first one creates an order, `ORDER_ID`
stands for it in the others. The report is `{"first_response": monotonic ns, "warm": {operation: [CPU seconds,
wall seconds]}, "invocations": warm ones in all}`. Imports as little as it can.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Event = dict[str, Any]
    Handler = Callable[[Event, object], Event]

WARM_UP = 50


class Context:
    """What the Powertools logger and metrics read of a Lambda context."""

    function_name = "orders-api-bench"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:eu-west-1:000000000000:function:orders-api-bench"
    aws_request_id = "52fdfc07-2182-454f-963f-5f0f9a621d72"

    def get_remaining_time_in_millis(self) -> int:
        return 10_000


def main(target: str, events_file: str, report_fd: int, warm: int) -> None:
    with open(events_file) as file:  # noqa: PTH123 - pathlib would be an import on the cold path
        text = file.read()
    first = json.loads(text)["first"]
    module, _, function = target.rpartition(".")
    handler = getattr(importlib.import_module(module), function)
    response = handler(first, Context())
    first_response = time.monotonic_ns()
    check(response, 201)
    order_id = json.loads(response["body"])["order_id"]
    events = json.loads(text.replace("ORDER_ID", order_id))["warm"]
    spent = {operation: seconds_each(handler, event, warm) for operation, event in events.items()}
    report = {"first_response": first_response, "warm": spent, "invocations": len(spent) * (WARM_UP + warm)}
    os.write(report_fd, json.dumps(report).encode())


def seconds_each(handler: Handler, event: Event, count: int) -> tuple[float, float]:
    for _ in range(WARM_UP):
        response = handler(event, Context())
    check(response, 201 if event["httpMethod"] == "POST" else 200)
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(count):
        handler(event, Context())
    return (time.process_time() - cpu) / count, (time.perf_counter() - wall) / count


def check(response: Event, expected: int) -> None:
    if response["statusCode"] != expected:
        sys.exit(f"the handler answered {response}, not {expected}")


main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
