"""What can be wrong with a body: it is no JSON, or not the JSON that an operation takes."""

from typing import Final

from msgspec import Struct

MAX_FAULTS: Final = 100
"""How many faults a response names. A request with more needs another look anyway."""

MAX_NAME_CHARACTERS: Final = 100
"""How much of a name that a client made up is repeated in a response."""


class Fault(Struct, frozen=True):
    """One thing that is wrong with a body, and where."""

    pointer: str
    detail: str


def shortened(name: str) -> str:
    """A name that a client made up, as far as a response repeats it."""
    return name if len(name) <= MAX_NAME_CHARACTERS else name[:MAX_NAME_CHARACTERS] + "…"


class MalformedBody(ValueError):
    """The body is not JSON (RFC 8259)."""


class InvalidBody(ValueError):
    """The body is JSON, but not what the operation takes."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults
