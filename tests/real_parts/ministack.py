"""ministack, an emulator of AWS's APIs, in an environment of its own: its botocore is not ours."""

import sys
from pathlib import Path

from tests.real_parts.cache import prepared
from tests.real_parts.missing import fetch
from tests.real_parts.process import Server, free_port, start
from tests.real_parts.tables import REGION

PART = "ministack"
# Without cryptography ministack signs and verifies no token.
PACKAGES = ("ministack==1.5.33", "cryptography==50.0.2")
HOW = "let the first run reach the Python package index, later ones do not need it"


def start_ministack(log: Path) -> Server:
    """Starts an empty emulator.

    Raises:
        MissingPartError: it is not in the cache and cannot be fetched.
    """
    python = prepared(_folder(), _install) / "bin/python"
    port = free_port()
    variables = {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "LOG_LEVEL": "WARNING",
    }
    return start([python, "-m", "ministack"], port, log, env=variables)


def _folder() -> str:
    python = f"py{sys.version_info.major}{sys.version_info.minor}"
    return "-".join([*PACKAGES, python]).replace("==", "-")


def _install(folder: Path) -> None:
    fetch([sys.executable, "-m", "venv", str(folder)], PART, "apt-get install python3-venv")
    fetch([str(folder / "bin/python"), "-m", "pip", "install", "--quiet", *PACKAGES], PART, HOW)
