"""`python -m bench.commits BASE`: the host at hand against the host at another commit, in one run.

CPU time is what counts on a machine that does other work too: rates drift with it, CPU per request does not.
"""

import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

import click

from bench.environment import ROOT, cache_dir, python_with
from bench.host import CONNECTIONS, OPERATIONS, Cell, run_cell
from bench.sides import OrdersApi, Side

NEEDED = ("src", "pyproject.toml", "requirements")
HERE = "the host at hand"
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")

Cost = tuple[float, float]
"""Of a cell: requests a second, and milliseconds of the server's CPU a request."""


class AtCommit(OrdersApi):
    """The host of a source tree, with the packages that it asks for."""

    def __init__(self, scratch: Path, name: str, source: Path) -> None:
        self.name = name
        self._source = source
        self._python = python_with(source / "requirements/run.txt")
        (scratch / name.replace(" ", "-")).mkdir()
        super().__init__(scratch / name.replace(" ", "-"))

    def orders(self) -> list[str | Path]:
        project = tomllib.loads((self._source / "pyproject.toml").read_text())["project"]
        module, _, function = project["scripts"]["orders"].partition(":")
        return [self._python, "-c", f"from {module} import {function}; {function}()"]

    def environment(self) -> dict[str, str]:
        return super().environment() | {"PYTHONPATH": str(self._source / "src")}


@click.command()
@click.argument("base")
@click.option("--rounds", default=5, show_default=True, help="Rounds of the nine cells.")
@click.option("--seconds", default=2.0, show_default=True, help="Seconds a side for each cell of a round.")
def main(base: str, rounds: int, seconds: float) -> None:
    """Compare durable POST, GET and LIST of this checkout with those of the commit BASE."""
    cache_dir().mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=cache_dir()) as scratch,
        checked_out(base) as tree,
        ExitStack() as on,
    ):
        sides = [AtCommit(Path(scratch), HERE, ROOT), AtCommit(Path(scratch), base, tree)]
        for side in sides:
            side.prepare()
        for side in sides:
            on.enter_context(side.running())
        click.echo(table(sides, measured(sides, rounds, seconds)))


@contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """The tree of a commit, in a folder of its own until the end of the block."""
    with tempfile.TemporaryDirectory(dir=cache_dir()) as folder:
        archive = subprocess.run(
            ["git", "archive", commit, *NEEDED], cwd=ROOT, stdout=subprocess.PIPE, check=True
        )
        subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
        yield Path(folder)


def measured(sides: Sequence[Side], rounds: int, seconds: float) -> dict[tuple[Cell, str], list[Cost]]:
    """The cost of each cell of each side, round by round; the sides take turns at being first."""
    costs: dict[tuple[Cell, str], list[Cost]] = {}
    for number in range(rounds):
        for cell in ((operation, connections) for operation in OPERATIONS for connections in CONNECTIONS):
            for side in sides if number % 2 else reversed(sides):
                costs.setdefault((cell, side.name), []).append(cost(side, cell, seconds))
    return costs


def cost(side: Side, cell: Cell, seconds: float) -> Cost:
    """Run one cell; raises RuntimeError when a request is answered with anything but success."""
    before = cpu_seconds(side)
    result = run_cell(side, *cell, seconds)
    requests = sum(result.statuses.values())
    return result.rate, 1000 * (cpu_seconds(side) - before) / requests


def cpu_seconds(side: Side) -> float:
    """CPU time that the server has taken, user and system, as in proc(5)."""
    fields = Path(f"/proc/{side.process.pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


def table(sides: Sequence[Side], costs: dict[tuple[Cell, str], list[Cost]]) -> str:
    """Medians by cell, and the ratio of the first side to the second; below 1 is less CPU."""
    here, base = (side.name for side in sides)
    lines = [
        f"| | CPU ms a request | at {base} | ratio | requests/s | at {base} |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for operation, connections in dict.fromkeys(cell for cell, _ in costs):
        rate, cpu = medians(costs[(operation, connections), here])
        base_rate, base_cpu = medians(costs[(operation, connections), base])
        lines.append(
            f"| {operation}, {connections} connections | {cpu:.3f} | {base_cpu:.3f} "
            f"| **{cpu / base_cpu:.2f}×** | {rate:,.0f} | {base_rate:,.0f} |"
        )
    return "\n".join(lines)


def medians(costs: Sequence[Cost]) -> Cost:
    return median(rate for rate, _ in costs), median(cpu for _, cpu in costs)


if __name__ == "__main__":
    sys.exit(main())
