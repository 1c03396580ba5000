"""Runs seeds: `python -m tests.simulation FIRST [LAST] [--cuts N] [--planted NAME]`, or `--replay FILE`."""

import argparse
import logging
import sys
import time
from contextlib import nullcontext
from pathlib import Path

import msgspec

from tests.simulation import results
from tests.simulation.planted import PLANTED
from tests.simulation.scenario import Scenario
from tests.simulation.shrink import shrink
from tests.simulation.world import Report, simulate

_FOUND = Path("build/simulation")


def main() -> None:
    """Exit with 1 at the first history that breaks a law, and say which law and how to see it again."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("first", type=int, nargs="?", default=0)
    parser.add_argument("last", type=int, nargs="?")
    parser.add_argument("--cuts", type=int, default=3, help="power cuts in each history (3)")
    parser.add_argument("--planted", choices=PLANTED, help="plant this bug; it should be found")
    parser.add_argument("--digest", action="store_true", help="print the digest of each history")
    parser.add_argument("--record", action="store_true", help="keep what the run came to in results.jsonl")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="run this scenario, and no seeds")
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    if arguments.replay:
        scenarios = [Scenario.read(arguments.replay)]
    else:
        last = arguments.first if arguments.last is None else arguments.last
        scenarios = [Scenario.whole(seed, arguments.cuts) for seed in range(arguments.first, last + 1)]
    started, reports = time.perf_counter(), []
    with PLANTED[arguments.planted]() if arguments.planted else nullcontext():
        for scenario in scenarios:
            report = simulate(scenario)
            reports.append(report)
            if arguments.digest:
                print(scenario.seed, report.digest)
            if report.violations:
                print(f"seed {scenario.seed}, history {len(reports)} of this run: {_told(report)}")
                if arguments.record:
                    results.append(_result(reports, time.perf_counter() - started))
                sys.exit(None if arguments.replay else _kept(scenario))
    if arguments.digest:
        return
    result = _result(reports, time.perf_counter() - started)
    print(msgspec.json.encode(result).decode())
    if arguments.record:
        results.append(result)


def _kept(scenario: Scenario) -> str:
    """Shrink a scenario that breaks a law, leave it in a file, and say what to do with it."""
    shrunk = shrink(scenario, lambda smaller: bool(simulate(smaller).violations))
    file = _FOUND / f"seed-{scenario.seed}.json"
    shrunk.write(file)
    return (
        f"shrunk to {len(shrunk.intentions)} of {len(scenario.intentions)} intentions and {shrunk.cuts} cuts:"
        f" {_told(simulate(shrunk))}\n"
        f"see it again: make simulate REPLAY={file}\n"
        f"keep it: cp {file} tests/simulation/scenarios/"
    )


def _told(report: Report) -> str:
    laws = "\n".join(f"  {violation}" for violation in report.violations[:10])
    return f"{len(report.violations)} laws are broken\n{laws}"


def _result(reports: list[Report], seconds: float) -> results.Result:
    return results.Result(
        version=results.version(),
        first=reports[0].scenario.seed,
        last=reports[-1].scenario.seed,
        histories=len(reports),
        requests=sum(report.operations for report in reports),
        cuts=sum(report.cuts for report in reports),
        hours=round(sum(report.simulated_seconds for report in reports) / 3600, 1),
        seconds=round(seconds),
        broken=sum(bool(report.violations) for report in reports),
    )


if __name__ == "__main__":
    main()
