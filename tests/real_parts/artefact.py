"""The Lambda's zip, for the machine that runs the tests."""

import platform
import sys
from pathlib import Path

from scripts.build_zip import build

from tests.real_parts.missing import MissingPartError

ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64"}
PART = "the Lambda's zip for this machine"


def build_local_zip(output: Path) -> None:
    """Builds the zip for this machine's processor and this Python.

    Raises:
        MissingPartError: not a Linux machine, or the dependencies cannot be fetched.
    """
    architecture = ARCHITECTURES.get(platform.machine())
    if sys.platform != "linux" or architecture is None:
        raise MissingPartError(PART, f"{sys.platform} on {platform.machine()}", "run the tests on Linux")
    try:
        build(output, architecture, f"{sys.version_info.major}.{sys.version_info.minor}")
    except SystemExit as error:
        raise MissingPartError(PART, str(error), "let the tests reach the Python package index") from error
