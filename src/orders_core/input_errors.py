"""What can be wrong with a body: it is no JSON, or not the JSON that an operation takes."""

from msgspec import Struct


class Fault(Struct, frozen=True):
    """One thing that is wrong with a body, and where."""

    pointer: str
    detail: str


class MalformedBody(ValueError):
    """The body is not JSON (RFC 8259)."""


class InvalidBody(ValueError):
    """The body is JSON, but not what the operation takes."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults
