"""What runs of the simulation came to.

`python -m tests.simulation.results` writes the table of docs/reliability.md.
"""

import subprocess
from pathlib import Path

import msgspec
from msgspec import Struct

RESULTS = Path(__file__).parent / "results.jsonl"
PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"

BEGIN, END = "<!-- simulation: written by python -m tests.simulation.results -->", "<!-- simulation: end -->"


class Result(Struct):
    """One run over the seeds `first` to `last` of a version of the host, in `seconds` of real time.

    `broken` is the number of histories that broke a law; a run ends at the first.
    """

    version: str
    first: int
    last: int
    histories: int
    requests: int
    cuts: int
    hours: float
    seconds: int
    broken: int = 0


def version() -> str:
    """The commit that is checked out."""
    return subprocess.run(
        ["git", "rev-parse", "--short=7", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()


def append(result: Result, file: Path = RESULTS) -> None:
    """Add a run to those that are kept."""
    with file.open("ab") as lines:
        lines.write(msgspec.json.format(msgspec.json.encode(result), indent=0) + b"\n")


def read(file: Path = RESULTS) -> list[Result]:
    """All runs that are kept."""
    return [msgspec.json.decode(line, type=Result) for line in file.read_bytes().splitlines()]


def table(results: list[Result]) -> str:
    """The runs as Markdown, with their sum."""
    total = Result(
        "all",
        min(each.first for each in results),
        max(each.last for each in results),
        sum(each.histories for each in results),
        sum(each.requests for each in results),
        sum(each.cuts for each in results),
        sum(each.hours for each in results),
        sum(each.seconds for each in results),
        sum(each.broken for each in results),
    )
    rows = "\n".join(_row(each) for each in (*results, total))
    return (
        "| version | seeds | histories | requests | power cuts | simulated hours | seconds | broke a law |\n"
        f"|---|---|---|---|---|---|---|---|\n{rows}"
    )


def _row(of: Result) -> str:
    return (
        f"| {of.version} | {of.first:,} to {of.last:,} | {of.histories:,} | {of.requests:,} | {of.cuts:,}"
        f" | {of.hours:,.1f} | {of.seconds:,} | {of.broken or 'none'} |"
    )


def published(page: str, results: list[Result]) -> str:
    """The page with the table of these runs between its markers."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{table(results)}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(published(PAGE.read_text(), read()))
