"""Nothing that was acknowledged is lost, in any simulated history; and each planted bug is found."""

import os

import pytest

from tests.simulation.planted import PLANTED
from tests.simulation.scenario import Scenario
from tests.simulation.world import simulate

SEEDS = int(os.environ.get("SIMULATION_SEEDS", "25"))

MAX_SEEDS_UNTIL_FOUND = 100


@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_law_is_broken(seed: int) -> None:
    report = simulate(Scenario.whole(seed))
    assert report.violations == []
    assert report.operations > 50


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_bug_is_found(name: str) -> None:
    with PLANTED[name]():
        assert any(simulate(Scenario.whole(seed)).violations for seed in range(MAX_SEEDS_UNTIL_FOUND))
