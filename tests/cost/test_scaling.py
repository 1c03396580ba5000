"""The simulation behind docs/scaling.md: it agrees with Little's law, and with the page."""

from pathlib import Path

import pytest
from bench.scaling import mean_ms, simulate

PAGE = Path(__file__).parents[2] / "docs/scaling.md"


@pytest.mark.parametrize("rate", [100, 1000])
def test_is_busy_as_littles_law_says(rate: int) -> None:
    busy_on_average = rate * mean_ms() / 1000
    assert busy_on_average <= simulate(rate, 20, mean_ms(), warm=rate).busy <= 4 * busy_on_average + 10


def test_a_thousand_requests_a_second_need_far_fewer_than_a_hundred_instances() -> None:
    outcome = simulate(1000, 20, mean_ms(), warm=25)
    assert outcome.busy <= 25
    assert outcome.started == 0


def test_from_nothing_each_request_of_a_cold_start_starts_one() -> None:
    outcome = simulate(1000, 20, mean_ms(), warm=0)
    assert 250 < outcome.started < 400


def test_the_page_has_the_present_figures() -> None:
    row = next(line for line in PAGE.read_text().splitlines() if line.startswith("| 1,000 |"))
    assert float(row.split("|")[2]) == pytest.approx(mean_ms(), rel=0.1)
