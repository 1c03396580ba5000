"""A scenario replays exactly, is shrunk while it fails, and is kept as a file that is replayed again."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.simulation.planted import PLANTED
from tests.simulation.scenario import Fault, Intention, Scenario
from tests.simulation.shrink import shrink
from tests.simulation.world import simulate

KEPT = sorted((Path(__file__).parent / "scenarios").glob("*.json"))


@pytest.mark.parametrize("file", KEPT, ids=lambda file: file.stem)
def test_a_kept_scenario_breaks_no_law_any_more(file: Path) -> None:
    assert simulate(Scenario.read(file)).violations == []


@pytest.mark.parametrize("hash_seed", ["0", "12345"])
def test_a_scenario_replays_exactly_in_every_process(hash_seed: str, tmp_path: Path) -> None:
    file = tmp_path / "scenario.json"
    Scenario.whole(7).write(file)
    simulate(Scenario.whole(6))
    digest = simulate(Scenario.whole(7)).digest
    told = subprocess.run(
        [sys.executable, "-m", "tests.simulation", "--replay", file, "--digest"],
        env=os.environ | {"PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert told == f"7 {digest}\n"


def test_a_bug_that_was_found_is_shrunk_to_a_few_intentions(tmp_path: Path) -> None:
    with PLANTED["a change that is told and not made"]():
        shrunk = shrink(Scenario.whole(0), lambda scenario: bool(simulate(scenario).violations))
        file = tmp_path / "scenario.json"
        shrunk.write(file)
        assert simulate(Scenario.read(file)).violations
    assert shrunk.cuts == 0
    assert shrunk.faults == ()
    assert len(shrunk.intentions) < 20
    assert simulate(shrunk).violations == []


def test_what_is_not_needed_is_left_out() -> None:
    needed = {Intention(1, "customer-2", 3), Intention(1, "staff-0", 20)}

    def breaks_a_law(scenario: Scenario) -> bool:
        return needed <= set(scenario.intentions) and Fault.DISK_FULL in scenario.faults

    shrunk = shrink(Scenario.whole(1), breaks_a_law)
    assert shrunk == replace(
        Scenario.whole(1), cuts=1, faults=(Fault.DISK_FULL,), intentions=tuple(sorted(needed))
    )


def test_shrinking_ends_after_so_many_tries() -> None:
    tried: list[Scenario] = []

    def breaks_a_law(scenario: Scenario) -> bool:
        tried.append(scenario)
        return len(tried) % 7 == 0

    shrink(Scenario.whole(1), breaks_a_law, max_tries=50)
    assert len(tried) == 50
