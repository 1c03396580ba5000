"""The Lambda handler against a Powertools one and a bare boto3 call: cold start, warm CPU, round trips."""

import json
import os
import platform
import shutil
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

from bench import imports, lambda_runtime
from bench.environment import BENCH, ROOT, reference_python
from bench.workload import lambda_events
from orders_tools.build_zip import build

COLD_ROUNDS = 15
WARM_ROUNDS = 5
WARM_INVOCATIONS = 400

OURS, PEER, FLOOR = "Orders API", "Powertools + pydantic", "bare boto3 put_item"
TARGETS = {
    OURS: "orders_aws.handler.handler",
    PEER: "powertools_handler.handler",
    FLOOR: "floor_handler.handler",
}
OPERATIONS = {OURS: ["create", "get", "list"], PEER: ["create", "get", "list"], FLOOR: ["create"]}


class Report(TypedDict):
    """What bench.invoke tells of its process."""

    first_response: int
    warm: dict[str, tuple[float, float]]
    invocations: int


@dataclass(frozen=True)
class Measures:
    """By handler: seconds of cold starts; by operation, (CPU, wall) seconds and store requests an invocation.

    `cold` is a bare process; `cold_in_lambda` is AWS's runtime client, and our packaged zip; `steps` are the
    seconds that parts of a cold start take.
    """

    cold: dict[str, list[float]]
    cold_in_lambda: dict[str, list[float]]
    warm: dict[str, dict[str, list[tuple[float, float]]]]
    round_trips: dict[str, dict[str, float]]
    steps: dict[str, float]


def measure() -> Measures:
    """Run the handlers in turn, over and over, against one stand-in store."""
    python = reference_python()
    cold = defaultdict[str, list[float]](list)
    cold_in_lambda = defaultdict[str, list[float]](list)
    warm = defaultdict[str, dict[str, list[tuple[float, float]]]](lambda: defaultdict(list))
    with stand_in() as store, tempfile.TemporaryDirectory() as scratch:
        handlers = Handlers(python, store, Path(scratch), unpacked_zip(Path(scratch)))
        # The first runs also compile to bytecode and fill the page cache.
        round_trips = {name: handlers.round_trips(name) for name in TARGETS}
        for name in TARGETS:
            handlers.cold_start_in_lambda(name)
        for _ in range(COLD_ROUNDS):
            for name in TARGETS:
                cold[name].append(handlers.cold_start(name))
                cold_in_lambda[name].append(handlers.cold_start_in_lambda(name))
        for _ in range(WARM_ROUNDS):
            for name in TARGETS:
                spent = handlers.start(name, OPERATIONS[name], WARM_INVOCATIONS)["warm"]
                for operation, seconds in spent.items():
                    warm[name][operation].append(seconds)
        steps = imports.measure(python, handlers.environment(OURS))
    return Measures(cold, cold_in_lambda, warm, round_trips, steps)


def unpacked_zip(scratch: Path) -> Path:
    """Our function as Lambda would find it: its zip, built for this machine, unpacked."""
    archive, unpacked = scratch / "orders-api.zip", scratch / "task"
    architecture = "x86_64" if platform.machine() == "x86_64" else "arm64"
    build(archive, architecture, f"{sys.version_info.major}.{sys.version_info.minor}")
    shutil.unpack_archive(archive, unpacked)
    return unpacked


@dataclass(frozen=True)
class Handlers:
    """Starts handlers, each in a new process with the same packages, against one store."""

    python: Path
    store: str
    scratch: Path
    zip: Path

    def cold_start(self, name: str) -> float:
        """Seconds from the start of the process to the first response, the creation of an order."""
        began = time.monotonic_ns()
        return (self.start(name, [])["first_response"] - began) / 1e9

    def cold_start_in_lambda(self, name: str) -> float:
        """The same under awslambdaric, AWS's runtime client; of our handler what the zip holds."""
        environment = self.environment(name)
        if name == OURS:
            environment["PYTHONPATH"] = str(self.zip)
        return lambda_runtime.cold_start(self.python, TARGETS[name], lambda_events()["create"], environment)

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
