"""What the dependencies bring and the function never reads: `make package` leaves it out of the zip."""

from fnmatch import fnmatchcase
from typing import Final, NamedTuple


class Trim(NamedTuple):
    """Why something goes, and the paths under the zip's root that go; `*` in a pattern also matches `/`."""

    reason: str
    patterns: tuple[str, ...]


TRIMS: Final = (
    Trim("types for checkers", ("*.pyi", "*/py.typed")),
    # METADATA and the licences stay: vulnerability scanners read the one, lawyers the other.
    Trim(
        "an installer's notes",
        (
            "*.dist-info/RECORD",
            "*.dist-info/WHEEL",
            "*.dist-info/INSTALLER",
            "*.dist-info/REQUESTED",
            "*.dist-info/top_level.txt",
            "*.dist-info/zip-safe",
            "*.dist-info/entry_points.txt",
            ".lock",
        ),
    ),
)


def trim_of(name: str) -> Trim | None:
    """The trim that takes the file `name` (a path under the zip's root), or None when it stays."""
    return next((trim for trim in TRIMS if any(fnmatchcase(name, one) for one in trim.patterns)), None)
