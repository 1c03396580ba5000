"""Linters of OpenAPI that others run over the contract find nothing to say."""

import subprocess
from pathlib import Path

from tests.real_parts.npm import installed, node

ROOT = Path(__file__).parents[2]


def test_redocly_finds_nothing() -> None:
    redocly = installed("@redocly/cli@2.77.0") / "@redocly/cli/bin/cli.js"
    printed = said(redocly, "lint", "openapi.yaml")
    assert "Your API description is valid" in printed
    assert "You have" not in printed


def test_spectral_finds_nothing(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text("extends: spectral:oas\n")
    spectral = installed("@stoplight/spectral-cli@6.16.3") / "@stoplight/spectral-cli/dist/index.js"
    assert "No results with a severity" in said(spectral, "lint", "openapi.yaml", "--ruleset", str(rules))


def said(program: Path, *arguments: str) -> str:
    """What a program of Node.js prints; raises CalledProcessError if it fails."""
    command = [str(node()), str(program), *arguments]
    environment = {"PATH": "/usr/bin:/bin", "REDOCLY_TELEMETRY": "off", "NO_COLOR": "1"}
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr
