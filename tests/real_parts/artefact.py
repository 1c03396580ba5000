"""The Lambda's zip, and what runs it as Lambda does."""

import platform
import sys
from collections import Counter
from pathlib import Path

from orders_tools.build_zip import build
from orders_tools.trims import Trim
from tests.real_parts.missing import MissingPartError

PART = "the Lambda's zip"
THIS_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64"}

# The base interpreter: the one of a virtual environment would find its packages, even with -S.
INTERPRETER = Path(sys.base_prefix) / "bin" / f"python{THIS_PYTHON}"


def build_zip(output: Path, architecture: str, python: str) -> Counter[Trim]:
    """As `make package`.

    Raises:
        MissingPartError: the dependencies cannot be fetched, or there is no such Python here.
    """
    try:
        return build(output, architecture, python)
    except SystemExit as error:
        how = f"install python{python} and let the tests reach the Python package index"
        raise MissingPartError(PART, str(error), how) from error


def build_local_zip(output: Path) -> None:
    """The zip for this machine's processor and this Python.

    Raises:
        MissingPartError: also when this machine is no Linux.
    """
    architecture = ARCHITECTURES.get(platform.machine())
    if sys.platform != "linux" or architecture is None:
        raise MissingPartError(PART, f"{sys.platform} on {platform.machine()}", "run the tests on Linux")
    build_zip(output, architecture, THIS_PYTHON)
