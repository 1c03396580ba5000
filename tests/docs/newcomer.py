"""A newcomer's machine: a fresh copy of the repository, in which `make run` and the guides' commands run."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.real_parts.missing import MissingPartError, fetch
from tests.real_parts.process import free_port, running

ROOT = Path(__file__).parents[2]
DEFAULT = "127.0.0.1:8080"
"""Where `make run` listens unless told otherwise, and what the guides say."""

# curl ends with it when `--max-time` is over, which a guide may ask for.
CURL_TIMED_OUT = 28

# What the make that runs these tests tells the makes that it calls.
OWN_MAKE = {"MAKEFLAGS": "", "MFLAGS": "", "MAKELEVEL": ""}


@dataclass(frozen=True)
class Newcomer:
    """Someone who has just typed `make run` in `folder`, and whose host listens at `address`."""

    folder: Path
    data: Path
    address: str

    def run(self, scripts: Sequence[str], outputs: Path) -> list[str]:
        """What each of the scripts prints, run one after the other in one shell.

        Raises:
            AssertionError: one of them failed.
        """
        here = [script.replace(DEFAULT, self.address) for script in scripts]
        steps = [f"{{\n{script}\n}} >{outputs}/{index} 2>&1; echo $?" for index, script in enumerate(here)]
        done = subprocess.run(
            ["bash", "-c", "\n".join(steps)],
            cwd=self.folder,
            env={**os.environ, "ORDERS_DATA_DIR": str(self.data)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        printed = [(outputs / str(index)).read_text() for index in range(len(here))]
        for code, script, output in zip(done.stdout.split(), here, printed, strict=True):
            assert int(code) in (0, CURL_TIMED_OUT), f"{script}\n{output}"
        return printed


def set_up(folder: Path) -> None:
    """A copy of what would be committed, after `make setup`.

    Raises:
        MissingPartError: the host's packages can't be had.
    """
    for name in committed():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    setup = ["env", *(f"{name}={value}" for name, value in OWN_MAKE.items()), "make", "setup"]
    try:
        fetch(
            setup, "an environment as `make setup` makes it", "let pip reach a Python package index", folder
        )
    except MissingPartError:
        shutil.rmtree(folder)
        raise


def committed() -> list[str]:
    """The repository's files as they would be committed now, by their paths in it."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in names.split("\0") if name and (ROOT / name).is_file()]


@contextmanager
def newcomer(folder: Path, scratch: Path) -> Iterator[Newcomer]:
    """Someone in `folder`, which `set_up` filled, with a host and data of their own."""
    port, data = free_port(), scratch / "data"
    env = {**OWN_MAKE, "PORT": str(port), "DATA_DIR": str(data)}
    with running(["make", "run"], port, scratch / "make-run.log", env=env, cwd=folder):
        yield Newcomer(folder, data, f"127.0.0.1:{port}")
