"""checkov finds nothing in infra/, and whatever it is told to skip has a reason beside it."""

import re
import subprocess
import sys
from pathlib import Path

from tests.infra.terraform import INFRA
from tests.real_parts.cache import prepared
from tests.real_parts.missing import fetch

PART = "checkov"
PACKAGE = "checkov==3.3.30"
HOW = "let the first run reach the Python package index, later ones do not need it"


def test_finds_nothing() -> None:
    python = f"py{sys.version_info.major}{sys.version_info.minor}"
    checkov = prepared(f"{PACKAGE.replace('==', '-')}-{python}", _install) / "bin/python"
    done = subprocess.run(
        [
            checkov,
            "-m",
            "checkov.main",
            f"--directory={INFRA}",
            "--framework=terraform",
            "--compact",
            "--quiet",
            "--skip-download",
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Passed checks" in done.stdout


def test_skips_have_reasons() -> None:
    skips = [
        line.strip()
        for path in INFRA.rglob("*.tf")
        for line in path.read_text().splitlines()
        if "checkov:" in line
    ]
    assert skips
    assert [skip for skip in skips if not re.fullmatch(r"#checkov:skip=CKV2?_AWS_\d+: \S.{10,}", skip)] == []


def _install(folder: Path) -> None:
    fetch([sys.executable, "-m", "venv", str(folder)], PART, "apt-get install python3-venv")
    fetch([str(folder / "bin/python"), "-m", "pip", "install", "--quiet", PACKAGE], PART, HOW)
