"""The wheel, built from what would be committed, and environments with nothing else of the repository."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.docs.newcomer import ROOT, committed
from tests.real_parts.missing import fetch
from tests.real_parts.shared import made_once

HOW = "let pip reach a Python package index"


@dataclass(frozen=True)
class Installed:
    """A virtual environment of this interpreter with the wheel in it, and an empty folder to work in."""

    environment: Path
    folder: Path

    @property
    def orders(self) -> Path:
        return self.environment / "bin" / "orders"

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """What the command answers in the empty folder; it has no variable of this process."""
        return subprocess.run(
            command,
            cwd=self.folder,
            env={"PATH": "/usr/bin:/bin"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


def wheel() -> Path:
    """The wheel, built from a copy: one built in place may hold modules that were removed."""
    return next(made_once("wheel", _build).glob("*.whl"))


def install(extra: str, lock: str, folder: Path) -> Installed:
    """An environment with the wheel, its extra (or none: ""), and the exact packages of a lock file.

    Raises:
        MissingPartError: the packages can't be had.
    """
    return Installed(made_once(f"wheel-with-{extra or 'nothing'}", partial(_install, extra, lock)), folder)


def _build(target: Path) -> None:
    source = target.with_suffix(".source")
    for name in committed():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, source / name)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(target)]
    fetch([*pip, str(source)], "a wheel", HOW)


def _install(extra: str, lock: str, target: Path) -> None:
    built = f"{wheel()}[{extra}]" if extra else str(wheel())
    subprocess.run([sys.executable, "-m", "venv", str(target)], check=True)
    pip = [str(target / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    fetch([*pip, "--require-hashes", "-r", str(ROOT / "requirements" / lock)], f"the packages of {lock}", HOW)
    # Without an index: what the extra names and the lock file lacks would fail here.
    fetch([*pip, "--no-index", built], "an environment with the wheel", HOW)
