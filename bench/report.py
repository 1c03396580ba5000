"""Says what the benchmarks measured: Markdown tables, and bars for the charts."""

import os
import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Literal

from bench import client, handler, host
from bench.chart import Bar, Group, draw
from bench.environment import REQUIREMENTS
from bench.sides import FastApi, OrdersApi

OURS, STACK = OrdersApi.name, FastApi.name
COMPARED = ("fastapi", "sqlalchemy", "pyjwt", "pydantic", "uvicorn", "aws-lambda-powertools", "boto3")
Clock = Literal["CPU", "wall time"]
CLOCKS: tuple[Clock, ...] = ("CPU", "wall time")
TITLES = {"POST": "POST (durable)", "GET": "GET", "LIST": "LIST (20 newest of 10,000)"}


def machine() -> str:
    """One line on what the figures were measured with."""
    pins = dict(re.findall(r"^([\w-]+)==([\w.]+)", REQUIREMENTS.read_text(), re.MULTILINE))
    versions = ", ".join(f"{name} {pins[name]}" for name in COMPARED)
    cores = len(os.sched_getaffinity(0))
    return f"{_processor()}, {cores} cores in all; Python {platform.python_version()}; {versions}."


def host_tables(measures: host.Measures) -> str:
    """The host against the FastAPI stack: one table of requests, one of the processes."""
    requests = [
        [
            TITLES[operation],
            str(connections),
            *_compared("{:,.0f}", _rate(sides[OURS]), _rate(sides[STACK])),
            _latencies(sides[OURS]),
            _latencies(sides[STACK]),
        ]
        for (operation, connections), sides in measures.cells.items()
    ]
    started = {name: 1e3 * median(seconds) for name, seconds in measures.first_response.items()}
    process = [
        ["start to first response, ms", *_compared("{:.0f}", started[OURS], started[STACK])],
        [
            "memory at rest, MiB",
            *_compared("{:.0f}", measures.memory_at_rest[OURS], measures.memory_at_rest[STACK]),
        ],
        [
            "memory at most, MiB",
            *_compared("{:.0f}", measures.memory_peak[OURS], measures.memory_peak[STACK]),
        ],
    ]
    rates = ["requests a second", "connections", OURS, STACK, "ratio", "p50 · p99, ms", "p50 · p99, theirs"]
    return _table(rates, requests) + "\n\n" + _table(["process", OURS, STACK, "ratio"], process)


def handler_tables(measures: handler.Measures) -> str:
    """The handler against the Powertools one and the bare call, and where its cold start goes."""
    rows = [_handler_row(label, "{:.0f}", figures) for label, figures in _cold(measures)]
    for clock in CLOCKS:
        rows += [_handler_row(label, "{:.2f}", figures) for label, figures in _warm(measures, clock)]
    for operation in handler.OPERATIONS[OURS]:
        counts = {
            name: trips[operation] for name, trips in measures.round_trips.items() if operation in trips
        }
        rows.append([f"store requests, {operation}", *_cells("{:g}", counts), "", ""])
    steps = [[step, f"{1e3 * seconds:.0f}"] for step, seconds in measures.steps.items()]
    compared = _table(["", *handler.TARGETS, "to Powertools", "to boto3"], rows)
    return compared + "\n\n" + _table(["a process that only imports", "ms"], steps)


def host_chart(measures: host.Measures) -> str:
    """The ratios of the requests a second, as SVG."""
    rates = {cell: (_rate(sides[OURS]), _rate(sides[STACK])) for cell, sides in measures.cells.items()}
    full = max(ours / theirs for ours, theirs in rates.values())
    groups = [
        Group(
            TITLES[operation],
            [
                Bar(
                    f"{connections} connection{'s'[: connections > 1]}",
                    ours / theirs,
                    f"{ours / theirs:.1f}×  ({ours:,.0f} : {theirs:,.0f})",
                )
                for (which, connections), (ours, theirs) in rates.items()
                if which == operation
            ],
            full,
            mark=1,
        )
        for operation in host.OPERATIONS
    ]
    return draw(
        f"Requests a second, {OURS} : {STACK}", "Ratios of medians of one run; the dashed line is 1×", groups
    )


def handler_chart(measures: handler.Measures) -> str:
    """Cold start and warm CPU of each handler, as SVG."""
    groups = [
        Group(
            label,
            [
                Bar(name, value, f"{value:.2f}" if value < 10 else f"{value:.0f}", name == OURS)
                for name, value in figures.items()
            ],
            max(figures.values()),
        )
        for label, figures in [*_cold(measures), *_warm(measures)]
    ]
    return draw("Lambda handlers: less is better", "Medians of one run", groups)


def _cold(measures: handler.Measures) -> Iterable[tuple[str, dict[str, float]]]:
    for label, seconds in (
        ("cold start, ms", measures.cold),
        ("cold start of the zip in Lambda's runtime, ms", measures.cold_in_lambda),
    ):
        yield label, {name: 1e3 * median(starts) for name, starts in seconds.items()}


def _warm(measures: handler.Measures, clock: Clock = "CPU") -> Iterable[tuple[str, dict[str, float]]]:
    for operation in handler.OPERATIONS[OURS]:
        figures = {
            name: 1e3 * median(seconds[CLOCKS.index(clock)] for seconds in spent[operation])
            for name, spent in measures.warm.items()
            if operation in spent
        }
        yield f"warm {operation}, ms of {clock}", figures


def _handler_row(label: str, form: str, figures: Mapping[str, float]) -> list[str]:
    ratios = [
        f"**{figures[OURS] / figures[other]:.2f}×**" if other in figures else "–"
        for other in (handler.PEER, handler.FLOOR)
    ]
    return [label, *_cells(form, figures), *ratios]


def _cells(form: str, figures: Mapping[str, float]) -> list[str]:
    return [form.format(figures[name]) if name in figures else "–" for name in handler.TARGETS]


def _compared(form: str, ours: float, theirs: float) -> list[str]:
    return [form.format(ours), form.format(theirs), f"**{ours / theirs:.2g}×**"]


def _rate(runs: Sequence[client.Result]) -> float:
    return median(run.rate for run in runs)


def _latencies(runs: Sequence[client.Result]) -> str:
    p50, p99 = (1e3 * median(run.percentile(share) for run in runs) for share in (0.5, 0.99))
    return f"{p50:.1f} · {p99:.1f}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    ruler = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ruler, *rows])


def _processor() -> str:
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found.group(1) if found else platform.machine()
