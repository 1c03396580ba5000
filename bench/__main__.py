"""`python -m bench`: measures, prints the tables and writes them with their charts into docs/."""

import re

import click

from bench import handler, host, report
from bench.environment import ROOT

DOCS = ROOT / "docs"
PAGE = DOCS / "performance.md"
PARTS = ("host", "handler")


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(PARTS))
@click.option("--rounds", default=3, show_default=True, help="Rounds of the host's nine cells.")
@click.option("--seconds", default=2.0, show_default=True, help="Seconds a side for each cell of a round.")
def main(parts: tuple[str, ...], rounds: int, seconds: float) -> None:
    """Measure PARTS (all by default) against their references, and bring docs/performance.md up to date."""
    for part in parts or PARTS:
        click.echo(
            f"Measuring the {part}: about {'two minutes' if part == 'host' else 'one minute'}.", err=True
        )
        if part == "host":
            requests = host.measure(rounds, seconds)
            text, chart = report.host_tables(requests), report.host_chart(requests)
        else:
            invocations = handler.measure()
            text, chart = report.handler_tables(invocations), report.handler_chart(invocations)
        (DOCS / f"performance-{part}.svg").write_text(chart)
        publish(part, f"{report.machine()}\n\n{text}")
        click.echo(text)


def publish(part: str, text: str) -> None:
    """Put `text` between the markers of `part` on the page."""
    begin, end = f"<!-- {part}: written by make bench -->", f"<!-- {part}: end -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    PAGE.write_text(pattern.sub(lambda _: f"{begin}\n{text}\n{end}", PAGE.read_text()))


if __name__ == "__main__":
    main()
