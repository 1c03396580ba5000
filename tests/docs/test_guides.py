"""The guides' commands work as pasted, and what comes back is what they say."""

import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.docs.answers import check
from tests.docs.markdown import Block, blocks
from tests.docs.newcomer import DEFAULT, ROOT, Newcomer, newcomer, set_up
from tests.real_parts.shared import made_once

GUIDES = ("README.md", "README.es.md", "docs/api.md")
FIRST_ACCOUNT = "docs/first-account.md"
RUNS_HERE, NEEDS_AWS, PYTHON = "sh", "bash", "python"
# Runs in the background already.
SERVER = "make run\n"


@pytest.fixture
def someone(tmp_path: Path) -> Iterator[Newcomer]:
    with newcomer(made_once("newcomer", set_up), tmp_path) as started:
        yield started


@pytest.mark.parametrize("guide", GUIDES)
def test_every_command_works_and_answers_as_shown(guide: str, someone: Newcomer, tmp_path: Path) -> None:
    found = blocks(ROOT / guide)
    commands = [block for block in found if block.language == RUNS_HERE and block.text != SERVER]
    assert commands
    printed = dict(zip(commands, someone.run([each.text for each in commands], tmp_path), strict=True))
    for command, answer in pairwise(found):
        if command in printed and is_an_answer(answer):
            check(answer.language, answer.text, printed[command])


@pytest.mark.parametrize("guide", GUIDES)
def test_every_python_example_runs(guide: str, someone: Newcomer) -> None:
    for block in blocks(ROOT / guide):
        if block.language == PYTHON:
            program = block.text.replace(DEFAULT, someone.address)
            run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
            assert run.returncode == 0, run.stderr


def test_the_first_account_takes_twelve_commands_and_reads_outputs_that_are_there() -> None:
    script = next(block.text for block in blocks(ROOT / FIRST_ACCOUNT) if block.language == NEEDS_AWS)
    commands = [line for line in script.splitlines() if line and line[0] not in "# "]
    assert len(commands) <= 12
    for folder, name in re.findall(r"-chdir=(\S+) output -(?:raw|json) (\w+)", script):
        assert f'output "{name}"' in (ROOT / folder / "outputs.tf").read_text(), name


@pytest.mark.parametrize("guide", (*GUIDES, FIRST_ACCOUNT))
def test_commands_that_need_an_account_are_at_least_well_formed(guide: str) -> None:
    for block in blocks(ROOT / guide):
        if block.language == NEEDS_AWS:
            parsed = subprocess.run(
                ["bash", "-n", "-c", block.text], capture_output=True, text=True, check=False
            )
            assert parsed.returncode == 0, parsed.stderr
            for word in block.text.split():
                name = word.partition("=")[2]
                if name.endswith((".tfvars", ".hcl")):
                    assert (ROOT / "infra" / name).is_file(), name


def is_an_answer(block: Block) -> bool:
    return block.language in ("json", "http", "text")
