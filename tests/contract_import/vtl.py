"""Renders mapping templates as API Gateway does: by an engine of the Velocity Template Language."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.real_parts.cache import prepared
from tests.real_parts.missing import fetch

PART = "airspeed, an engine for VTL"
PACKAGE = "airspeed==0.7.1"
HOW = "let the first run reach the Python package index, later ones do not need it"

# Reads pairs of a template and its variables, and writes what they become.
_PROGRAM = """
import json, sys
import airspeed
print(json.dumps([airspeed.Template(text).merge(variables) for text, variables in json.load(sys.stdin)]))
"""


def render(templates: list[str], variables: dict[str, dict[str, str]]) -> list[str]:
    """Each template, with these variables.

    Raises:
        MissingPartError: the engine is not in the cache and cannot be fetched.
    """
    folder = prepared(PACKAGE.replace("==", "-"), _install)
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        input=json.dumps([(template, variables) for template in templates]),
        env=os.environ | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    rendered: list[str] = json.loads(done.stdout)
    return rendered


def _install(folder: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    fetch([*pip, "install", "--quiet", "--target", str(folder), PACKAGE], PART, HOW)
