"""What the guide to extensions says is all that it takes: it is applied to a copy, and shown to work."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.docs.answers import check
from tests.docs.markdown import Block, blocks_by_heading
from tests.docs.newcomer import DEFAULT, ROOT
from tests.real_parts.process import free_port, running

GUIDE = ROOT / "docs/extending.md"
EVERY_FIELD = "tests/unit/test_every_field.py"
CHANGE, CALL = "diff", "sh"
CHAPTERS = {
    heading: found
    for heading, found in blocks_by_heading(GUIDE).items()
    if any(block.language == CHANGE for block in found)
}
RUN = [sys.executable, "-c", "from orders_cli import main; main()"]


@dataclass(frozen=True)
class Copy:
    """The code in `folder`, to be changed; what runs in it imports the copy and not what is installed."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": f"{self.folder / 'src'}:{self.folder}"}

    def run(self, command: list[str], **more: str) -> str:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment | more,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Copy]:
    folder = tmp_path / "copy"
    for name in ("src", "tests"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "pyproject.toml", folder)
    yield Copy(folder)


@pytest.mark.parametrize("heading", CHAPTERS)
def test_a_change_is_all_that_it_takes(heading: str, copy: Copy, tmp_path: Path) -> None:
    chapter = CHAPTERS[heading]
    for block in chapter:
        if block.language == CHANGE:
            apply(block.text, copy.folder)
    copy.run([*RUN, "openapi", "--output", "openapi.yaml"])
    copy.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", EVERY_FIELD])
    calls = [block for block in chapter if block.language == CALL]
    assert calls
    for call, printed in zip(calls, calls_made(copy, calls, tmp_path), strict=True):
        answer = chapter[chapter.index(call) + 1]
        check(answer.language, answer.text, printed)


def calls_made(copy: Copy, calls: list[Block], scratch: Path) -> list[str]:
    """What the calls print when they are made to the copy's host."""
    port, data = free_port(), str(scratch / "data")
    serve: list[str | Path] = [*RUN, "serve", "--demo", "--port", str(port), "--data-dir", data]
    with running(serve, port, scratch / "host.log", env=copy.environment, cwd=copy.folder):
        token = copy.run([*RUN, "token", "staff@example.com", "--data-dir", data]).strip()
        return [
            copy.run(["bash", "-ec", call.text.replace(DEFAULT, f"127.0.0.1:{port}")], TOKEN=token)
            for call in calls
        ]


def apply(change: str, folder: Path) -> None:
    """Apply a change, whose parts each begin with the path of a file."""
    _, *parts = re.split(r"^ # (src/\S+)\n", change, flags=re.MULTILINE)
    for path, lines in zip(parts[::2], parts[1::2], strict=True):
        file = folder / path
        file.write_text("\n".join([*changed(file.read_text().splitlines(), lines.splitlines(), path), ""]))


def changed(file: list[str], change: list[str], path: str) -> list[str]:
    """The file after a change: its lines that stay say where, in their order; what lies between is left out.

    Raises:
        AssertionError: the file has no such line there.
    """
    after: list[str] = []
    rest = file
    for kind, text in ((line[0], line[1:]) for line in change if line):
        if kind == "+":
            after.append(text)
            continue
        assert text in rest, f"{path} has no line {text!r} there"
        at = rest.index(text)
        after += rest[: at + (kind == " ")]
        rest = rest[at + 1 :]
    return after + rest
