"""The figures that the documentation tells of the simulation are those of the runs that are kept."""

from pathlib import Path

from tests.simulation import results
from tests.simulation.results import PAGE, Result


def test_the_page_tells_the_runs_that_are_kept() -> None:
    assert PAGE.read_text() == results.published(PAGE.read_text(), results.read())


def test_a_run_that_is_added_is_read_and_told(tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"
    runs = [
        Result("0123456", 0, 9, histories=10, requests=5_000, cuts=30, hours=1.5, seconds=12),
        Result("0123456", 10, 12, histories=3, requests=1_500, cuts=9, hours=0.5, seconds=4, broken=1),
    ]
    for run in runs:
        results.append(run, file)
    assert results.read(file) == runs
    told = results.table(runs)
    assert "| 0123456 | 10 to 12 | 3 | 1,500 | 9 | 0.5 | 4 | 1 |" in told
    assert "| all | 0 to 12 | 13 | 6,500 | 39 | 2.0 | 16 | 1 |" in told
