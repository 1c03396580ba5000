"""The guide's client in TypeScript: its types come from the contract, and its program runs as pasted."""

import os
import subprocess
from pathlib import Path

from tests.docs.markdown import blocks
from tests.hosts import ANA, Host
from tests.real_parts.missing import program
from tests.real_parts.npm import HOW

GUIDE = Path(__file__).parents[2] / "docs/api.md"
DEFAULT = "http://127.0.0.1:8080"


def test_the_program_of_the_guide_places_an_order(embedded_host: Host, tmp_path: Path) -> None:
    program("npm", "npm", HOW)
    (commands,) = (block.text for block in blocks(GUIDE) if block.language == "shell")
    (source,) = (block.text for block in blocks(GUIDE) if block.language == "ts")
    (tmp_path / "shop.ts").write_text(with_key(source, embedded_host))
    done = subprocess.run(
        ["bash", "-ec", commands.replace(DEFAULT, embedded_host.origin)],
        cwd=tmp_path,
        env=os.environ | {"TOKEN": embedded_host.tokens(ANA)["id"]},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert done.stdout.splitlines()[-1] == "PENDING 19.00 EUR"


def with_key(source: str, host: Host) -> str:
    """The program for this host, which requires an API key."""
    return source.replace(DEFAULT, host.origin).replace(
        "headers: {", f'headers: {{ "x-api-key": "{host.api_key}",'
    )
