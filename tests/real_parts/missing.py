"""Says which real part this machine lacks and how to get it."""

import shutil
import subprocess
from pathlib import Path


class MissingPartError(Exception):
    """A test needs a part that cannot be had here; its text ends with how to get it."""

    def __init__(self, part: str, why: str, how: str) -> None:
        super().__init__(f"{part} ({why}) — to get it: {how}")


def program(name: str, part: str, how: str) -> Path:
    """The path of an installed program.

    Raises:
        MissingPartError: it is not on the PATH.
    """
    found = shutil.which(name)
    if found is None:
        raise MissingPartError(part, f"no {name} here", how)
    return Path(found)


def fetch(argv: list[str], part: str, how: str, cwd: Path | None = None) -> None:
    """Runs a package client that may find no network.

    Raises:
        MissingPartError: the command failed.
    """
    done = subprocess.run(
        argv, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if "error" in line.lower()]
        reason = said[0] if said else f"exit code {done.returncode}"
        raise MissingPartError(part, f"{Path(argv[0]).name} {argv[1]} failed: {reason}", how)
