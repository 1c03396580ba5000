"""ministack, an emulator of AWS's APIs, in an environment of its own: its botocore is not ours."""

import sys
from pathlib import Path

from tests.real_parts.cache import prepared
from tests.real_parts.missing import fetch
from tests.real_parts.process import Server, free_port, start

PART = "ministack"
VERSION = "1.5.33"
HOW = "let the first run reach the Python package index, later ones do not need it"


def start_ministack(log: Path) -> Server:
    """Starts an empty emulator.

    Raises:
        MissingPartError: it is not in the cache and cannot be fetched.
    """
    python = (
        prepared(f"ministack-{VERSION}-py{sys.version_info.major}{sys.version_info.minor}", _install)
        / "bin/python"
    )
    port = free_port()
    return start([python, "-m", "ministack"], port, log, env={"GATEWAY_PORT": str(port)})


def _install(folder: Path) -> None:
    fetch([sys.executable, "-m", "venv", str(folder)], PART, "apt-get install python3-venv")
    fetch([str(folder / "bin/python"), "-m", "pip", "install", "--quiet", f"ministack=={VERSION}"], PART, HOW)
