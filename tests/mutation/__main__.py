"""`python -m tests.mutation [MODULE…]`: changes modules in many small ways that their tests should notice.

Exits with 1 if more changes pass than `SURVIVORS` accepts. Why those pass: docs/reliability.md.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "build" / "mutation"
MUTMUT: Final = ROOT / "build" / "mutmut"
COPIED: Final = ("src", "tests", "docs", "openapi.yaml", "pyproject.toml")

SURVIVORS: Final = {"access": 4, "cursors": 3, "money": 2, "order_numbers": 0}
"""How many changes may pass in each module of orders_core, under the tests of tests/unit/test_MODULE.py."""


def main(chosen: list[str]) -> int:
    """Mutate the modules, by default all, and print what passed."""
    unknown = set(chosen) - SURVIVORS.keys()
    if unknown:
        print(f"{', '.join(unknown)}: known are {', '.join(SURVIVORS)}", file=sys.stderr)
        return 2
    return max([_mutate(module) for module in chosen or SURVIVORS])


def _mutate(module: str) -> int:
    _prepare(module)
    _mutmut("run", capture=False)
    mutants = len(re.findall(r": \S", _mutmut("results", "--all", "true")))
    survived = re.findall(r"(\S+): (?!killed)(.+)", _mutmut("results"))
    for name, how in survived:
        print(f"\n{name}: {how}\n{_mutmut('show', name)}")
    print(f"{module}: {len(survived)} of {mutants} pass, {SURVIVORS[module]} are accepted")
    return int(len(survived) > SURVIVORS[module])


def _prepare(module: str) -> None:
    """Copy what the tests need: mutmut works in the current folder."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, FOLDER / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, FOLDER / name)
    with (FOLDER / "pyproject.toml").open("a") as file:
        file.write(f"""
[tool.mutmut]
source_paths = ["src/"]
only_mutate = ["src/orders_core/{module}.py"]
also_copy = ["tests", "docs", "openapi.yaml"]
pytest_add_cli_args_test_selection = ["tests/unit/test_{module}.py"]
""")


def _mutmut(*arguments: str, capture: bool = True) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "mutmut", *arguments],
        cwd=FOLDER,
        env={**os.environ, "PYTHONPATH": str(MUTMUT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if capture else None,
        text=True,
        check=True,
    )
    return done.stdout or ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
