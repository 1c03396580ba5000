"""What a simulated history is made from, so small that a file holds it: a seed, and what happens under it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from random import Random
from typing import NamedTuple

import msgspec

CUSTOMERS = tuple(f"customer-{number}" for number in range(6))
STAFF_NAMES = tuple(f"staff-{number}" for number in range(2))
ADMINISTRATOR = "administrator"

STEPS = 25
"""Of each client in each life of the host."""

RUSH = 0.05
"""Seconds between two steps of a client, on average, where everybody is at it."""

PACES = (RUSH, RUSH, 2.0, 60.0)
"""From a rush, in which requests meet, to a quiet afternoon, in which tokens expire and the host is idle."""


class Fault(StrEnum):
    """What may go wrong beside the power; the seed draws whether and when it does."""

    CLOCK_SET = "clock set"
    COMMITS_FAIL = "commits fail"
    DISK_FULL = "disk full"
    ANSWERS_LOST = "answers lost"
    WEBHOOK_FAILS = "webhook fails"


class Intention(NamedTuple):
    """One request, or the read and write of one change, that a client makes in one life of the host."""

    life: int
    client: str
    step: int


@dataclass(frozen=True)
class Scenario:
    """One history: who does what under which faults, and how often the power is cut.

    The same scenario always gives the same history, in every process.
    """

    seed: int
    cuts: int
    faults: tuple[Fault, ...]
    intentions: tuple[Intention, ...]
    paces: tuple[float, ...] = ()
    """Of each life of the host; a rush where there is none."""

    @classmethod
    def whole(cls, seed: int, cuts: int = 3) -> Scenario:
        """Everything that may happen under a seed."""
        return cls(
            seed,
            cuts,
            tuple(Fault),
            tuple(
                Intention(life, client, step)
                for life in range(cuts + 1)
                for client in (*CUSTOMERS, *STAFF_NAMES, ADMINISTRATOR)
                for step in range(STEPS)
            ),
            tuple(Random(repr((seed, "pace", life))).choice(PACES) for life in range(cuts + 1)),
        )

    @classmethod
    def read(cls, file: Path) -> Scenario:
        """The scenario that `write` left in a file."""
        return msgspec.json.decode(file.read_bytes(), type=cls)

    def write(self, file: Path) -> None:
        """Keep it as JSON, in a folder that is made if need be."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=0) + b"\n")

    def random(self, *purpose: object) -> Random:
        """Randomness for one purpose: what is left out elsewhere changes nothing of it."""
        return Random(repr((self.seed, *purpose)))

    def pace(self, life: int) -> float:
        """Mean seconds between two steps of a client in one life of the host."""
        return self.paces[life] if life < len(self.paces) else RUSH

    def steps(self, life: int, client: str) -> list[int]:
        """What a client does in one life, in order."""
        return [each.step for each in self.intentions if (each.life, each.client) == (life, client)]
