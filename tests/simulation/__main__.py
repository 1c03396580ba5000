"""Runs seeds one after another: `python -m tests.simulation FIRST [LAST] [--cuts N] [--planted NAME]`."""

import argparse
import logging
import sys
import time
from contextlib import nullcontext

from tests.simulation.planted import PLANTED
from tests.simulation.world import Report, simulate


def main() -> None:
    """Exit with 1 at the first seed that breaks a law, and say which law and how to see it again."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("first", type=int)
    parser.add_argument("last", type=int, nargs="?")
    parser.add_argument("--cuts", type=int, default=3, help="power cuts in each history (3)")
    parser.add_argument("--planted", choices=PLANTED, help="plant this bug; it should be found")
    parser.add_argument("--digest", action="store_true", help="print the digest of each history")
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    started, reports = time.perf_counter(), []
    with PLANTED[arguments.planted]() if arguments.planted else nullcontext():
        for seed in range(arguments.first, (arguments.last or arguments.first) + 1):
            report = simulate(seed, arguments.cuts)
            reports.append(report)
            if arguments.digest:
                print(seed, report.digest)
            if report.violations:
                sys.exit(_told(report, len(reports)))
    if not arguments.digest:
        print(_summary(reports, time.perf_counter() - started))


def _told(report: Report, tried: int) -> str:
    laws = "\n".join(f"  {violation}" for violation in report.violations[:10])
    return f"seed {report.seed}, the {tried}th that was tried, breaks {len(report.violations)} laws:\n{laws}"


def _summary(reports: list[Report], seconds: float) -> str:
    return (
        f"{len(reports):,} histories, {sum(report.operations for report in reports):,} requests,"
        f" {sum(report.cuts for report in reports):,} power cuts,"
        f" {sum(report.simulated_seconds for report in reports) / 3600:,.1f} simulated hours"
        f" in {seconds:,.0f} s: no law was broken"
    )


if __name__ == "__main__":
    main()
