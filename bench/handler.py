"""The Lambda handler against a Powertools one and a bare boto3 call: cold start, warm CPU, round trips."""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, cast

from bench.environment import BENCH, ROOT, reference_python
from bench.workload import lambda_events

COLD_ROUNDS = 15
WARM_ROUNDS = 5
WARM_INVOCATIONS = 400

OURS, PEER, FLOOR = "Orders API", "Powertools + pydantic + boto3", "bare boto3 put_item"
TARGETS = {
    OURS: "orders_api.handler.handler",
    PEER: "powertools_handler.handler",
    FLOOR: "floor_handler.handler",
}
OPERATIONS = {OURS: ["create", "get", "list"], PEER: ["create", "get", "list"], FLOOR: ["create"]}


class Report(TypedDict):
    """What bench.invoke tells of its process."""

    first_response: int
    cpu: dict[str, float]
    invocations: int


@dataclass(frozen=True)
class Measures:
    """By handler: seconds of cold starts; CPU seconds and store requests of an invocation, by operation."""

    cold: dict[str, list[float]]
    warm: dict[str, dict[str, list[float]]]
    round_trips: dict[str, dict[str, float]]


def measure() -> Measures:
    """Run the handlers in turn, over and over, against one stand-in store."""
    python = reference_python()
    cold = defaultdict[str, list[float]](list)
    warm = defaultdict[str, dict[str, list[float]]](lambda: defaultdict(list))
    with stand_in() as store, tempfile.TemporaryDirectory() as scratch:
        host = Handlers(python, store, Path(scratch))
        # The first run also compiles to bytecode and fills the page cache.
        round_trips = {name: host.round_trips(name) for name in TARGETS}
        for _ in range(COLD_ROUNDS):
            for name in TARGETS:
                cold[name].append(host.cold_start(name))
        for _ in range(WARM_ROUNDS):
            for name in TARGETS:
                for operation, seconds in host.start(name, OPERATIONS[name], WARM_INVOCATIONS)["cpu"].items():
                    warm[name][operation].append(seconds)
    return Measures(cold, warm, round_trips)


@dataclass(frozen=True)
class Handlers:
    """Starts handlers, each in a new process with the same packages, against one store."""

    python: Path
    store: str
    scratch: Path

    def cold_start(self, name: str) -> float:
        """Seconds from the start of the process to the first response, the creation of an order."""
        began = time.monotonic_ns()
        return (self.start(name, [])["first_response"] - began) / 1e9

    def round_trips(self, name: str) -> dict[str, float]:
        """Store requests an invocation, counted by the store."""
        self.start(name, [])
        first = requests_sent(self.store)
        counts = {}
        for operation in OPERATIONS[name]:
            invocations = self.start(name, [operation], warm=10)["invocations"]
            counts[operation] = (requests_sent(self.store) - first) / invocations
        return counts

    def start(self, name: str, operations: list[str], warm: int = 0) -> Report:
        """Run one handler in a new process."""
        events = lambda_events()
        events_file = self.scratch / "events.json"
        events_file.write_text(
            json.dumps({"first": events["create"], "warm": {name: events[name] for name in operations}})
        )
        reader, writer = os.pipe()
        command = [
            str(self.python),
            str(BENCH / "invoke.py"),
            TARGETS[name],
            str(events_file),
            str(writer),
            str(warm),
        ]
        environment = self.environment(name)
        try:
            subprocess.run(command, env=environment, pass_fds=[writer], stdout=subprocess.DEVNULL, check=True)
            return cast(Report, json.loads(os.read(reader, 65_536)))
        finally:
            os.close(writer)
            os.close(reader)

    def environment(self, name: str) -> dict[str, str]:
        """Lambda's variables, as each side reads them."""
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{BENCH / 'reference'}",
            "DYNAMODB_TABLE": f"orders-api-{TARGETS[name].partition('.')[0]}-orders",
            "DYNAMODB_ENDPOINT_URL": self.store,
            "ENVIRONMENT": "dev",
            "LOG_LEVEL": "INFO",
            "AWS_REGION": "eu-west-1",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_SESSION_TOKEN": "bench",
            "AWS_LAMBDA_FUNCTION_NAME": "orders-api-bench",
            "POWERTOOLS_METRICS_NAMESPACE": "OrdersApi",
            "POWERTOOLS_SERVICE_NAME": "orders-api",
        }


@contextmanager
def stand_in() -> Iterator[str]:
    """The URL of a store that answers at once, in a process of its own."""
    command = [sys.executable, "-m", "bench.standin"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.communicate("")


def requests_sent(store: str) -> int:
    """Requests that the stand-in was sent since the last call."""
    with urllib.request.urlopen(f"{store}/counts") as response:
        return sum(json.load(response).values())
