"""Makes a scenario that breaks a law small enough to read, and keeps it breaking one."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from tests.simulation.scenario import Scenario

_Item = TypeVar("_Item")

MAX_TRIES = 400
"""Histories that one scenario may cost; each is shorter than the one before it."""


def shrink(
    scenario: Scenario, breaks_a_law: Callable[[Scenario], bool], max_tries: int = MAX_TRIES
) -> Scenario:
    """Leave out power cuts, clients, faults and intentions while a law is still broken."""
    tries = iter(range(max_tries))

    def fails(smaller: Scenario) -> bool:
        return next(tries, None) is not None and breaks_a_law(smaller)

    for cuts in range(scenario.cuts):
        if fails(fewer := _lives(scenario, cuts)):
            scenario = fewer
            break
    clients = tuple(dict.fromkeys(each.client for each in scenario.intentions))
    clients = _fewest(clients, lambda some: fails(_of_clients(scenario, some)))
    scenario = _of_clients(scenario, clients)
    scenario = replace(
        scenario, faults=_fewest(scenario.faults, lambda some: fails(replace(scenario, faults=some)))
    )
    return replace(
        scenario,
        intentions=_fewest(scenario.intentions, lambda some: fails(replace(scenario, intentions=some))),
    )


def _lives(scenario: Scenario, cuts: int) -> Scenario:
    kept = tuple(each for each in scenario.intentions if each.life <= cuts)
    return replace(scenario, cuts=cuts, intentions=kept)


def _of_clients(scenario: Scenario, clients: tuple[str, ...]) -> Scenario:
    return replace(scenario, intentions=tuple(each for each in scenario.intentions if each.client in clients))


def _fewest(items: tuple[_Item, ...], fails: Callable[[tuple[_Item, ...]], bool]) -> tuple[_Item, ...]:
    """Leave out ever smaller parts for as long as the rest fails.

    Zeller and Hildebrandt, Simplifying and Isolating Failure-Inducing Input (2002), without its test of the
    parts themselves: a part alone rarely fails.
    """
    size = len(items)
    while size:
        start = 0
        while start < len(items):
            rest = items[:start] + items[start + size :]
            if fails(rest):
                items = rest
            else:
                start += size
        size //= 2
    return items
