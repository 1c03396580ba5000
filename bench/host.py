"""The embedded host against a FastAPI stack: durable POST, GET and LIST, start to first response, memory."""

import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench import client
from bench.environment import cache_dir
from bench.sides import HOST, FastApi, OrdersApi, Side

CONNECTIONS = (1, 16, 64)
OPERATIONS = ("POST", "GET", "LIST")
STARTS = 5

Cell = tuple[str, int]


@dataclass(frozen=True)
class Measures:
    """By side: the runs of each cell (operation, connections); seconds to a first response; MiB of memory."""

    cells: dict[Cell, dict[str, list[client.Result]]]
    first_response: dict[str, list[float]]
    memory_at_rest: dict[str, float]
    memory_peak: dict[str, float]


def measure(rounds: int = 3, seconds: float = 2) -> Measures:
    """Start both sides, preload them, and let them take turns: `seconds` a side for every cell of a round."""
    cache_dir().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache_dir()) as scratch, ExitStack() as running:
        sides = [OrdersApi(Path(scratch)), FastApi(Path(scratch))]
        for side in sides:
            side.prepare()
        started = first_responses(sides)
        for side in sides:
            running.enter_context(side.running())
        at_rest = {side.name: side.memory("VmRSS") for side in sides}
        cells = run_rounds(sides, rounds, seconds)
        peak = {side.name: side.memory("VmHWM") for side in sides}
    return Measures(cells, started, at_rest, peak)


def first_responses(sides: Sequence[Side]) -> dict[str, list[float]]:
    """Seconds from the start of the process to the first answer of /healthz, with the database in place."""
    seconds = defaultdict[str, list[float]](list)
    for _ in range(STARTS):
        for side in sides:
            began = time.monotonic()
            with side.running():
                seconds[side.name].append(time.monotonic() - began)
    return seconds


def run_rounds(
    sides: Sequence[Side], rounds: int, seconds: float
) -> dict[Cell, dict[str, list[client.Result]]]:
    """Each cell, A B A B …, so that a machine whose speed drifts drifts for both."""
    cells = defaultdict[Cell, dict[str, list[client.Result]]](lambda: defaultdict(list))
    for _ in range(rounds):
        for operation in OPERATIONS:
            for connections in CONNECTIONS:
                for side in sides:
                    result = run_cell(side, operation, connections, seconds)
                    cells[operation, connections][side.name].append(result)
    return cells


def run_cell(side: Side, operation: str, connections: int, seconds: float) -> client.Result:
    """Raises RuntimeError when a request is answered with anything but success."""
    result = client.run(HOST, side.port, side.requests(operation, connections), seconds=seconds)
    expected = 201 if operation == "POST" else 200
    if set(result.statuses) != {expected}:
        raise RuntimeError(f"{side.name} answered {operation} with {dict(result.statuses)}")
    return result
