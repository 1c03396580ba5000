"""Nothing that was acknowledged is lost, in any simulated history; and each planted bug is found."""

import os
import subprocess
import sys

import pytest

from tests.simulation.planted import PLANTED
from tests.simulation.world import simulate

SEEDS = int(os.environ.get("SIMULATION_SEEDS", "40"))

MAX_SEEDS_UNTIL_FOUND = 100


@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_law_is_broken(seed: int) -> None:
    report = simulate(seed)
    assert report.violations == []
    assert report.operations > 50


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_bug_is_found(name: str) -> None:
    with PLANTED[name]():
        assert any(simulate(seed).violations for seed in range(MAX_SEEDS_UNTIL_FOUND))


def test_a_seed_replays_exactly() -> None:
    command = [sys.executable, "-m", "tests.simulation", "7", "--digest"]
    runs = {subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2)}
    assert len(runs) == 1
