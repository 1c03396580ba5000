"""Linters of GitHub's workflows, in an environment of their own."""

import subprocess
import sys
from pathlib import Path

from tests.real_parts.cache import prepared
from tests.real_parts.missing import fetch

ROOT = Path(__file__).parents[2]
PART = "zizmor and check-jsonschema"
PACKAGES = ("zizmor==1.32.0", "check-jsonschema==0.39.0")
HOW = "let the first run reach the Python package index, later ones do not need it"


def zizmor(*arguments: str | Path) -> str:
    """What zizmor prints.

    Raises:
        MissingPartError: it is not in the cache and cannot be fetched.
        AssertionError: it finds a fault; the text is what it printed.
    """
    return _run(_folder() / "bin/zizmor", *arguments)


def check_jsonschema(*arguments: str | Path) -> str:
    """As `zizmor`."""
    # Its script names an interpreter in the folder where it was installed first.
    return _run(_folder() / "bin/python", "-m", "check_jsonschema", *arguments)


def _run(*command: str | Path) -> str:
    done = subprocess.run(
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def _folder() -> Path:
    return prepared("-".join(PACKAGES).replace("==", "-"), _install)


def _install(folder: Path) -> None:
    fetch([sys.executable, "-m", "venv", str(folder)], PART, "apt-get install python3-venv")
    fetch([str(folder / "bin/python"), "-m", "pip", "install", "--quiet", *PACKAGES], PART, HOW)
