"""One instance of a part for all workers of a run: the first that asks starts it, the controller stops it."""

import dataclasses
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.real_parts.cache import locked
from tests.real_parts.process import Server, stop

RUN_DIR = "ORDERS_TEST_RUN_DIR"


def begin_run() -> None:
    """Makes the run's folder, before the controller starts the workers that inherit its environment."""
    os.environ[RUN_DIR] = tempfile.mkdtemp(prefix="orders-tests-")


def end_run() -> None:
    """Stops every part of the run, after the last worker has ended."""
    run_dir = Path(os.environ.pop(RUN_DIR))
    for record in run_dir.glob("*.server"):
        stop(_read(record))
    shutil.rmtree(run_dir)


def shared(name: str, start: Callable[[Path], Server]) -> Server:
    """The run's only instance of the part `name`; `start` is given the file for its log."""
    run_dir = Path(os.environ[RUN_DIR])
    record = run_dir / f"{name}.server"
    with locked(run_dir / f"{name}.lock"):
        if not record.exists():
            server = start(run_dir / f"{name}.log")
            record.write_text(json.dumps(dataclasses.asdict(server)))
    return _read(record)


def made_once(name: str, make: Callable[[Path], None]) -> Path:
    """The run's only file or folder `name`; `make` writes it to the path it is given."""
    run_dir = Path(os.environ[RUN_DIR])
    target = run_dir / name
    with locked(run_dir / f"{name}.lock"):
        if not target.exists():
            make(target)
    return target


def _read(record: Path) -> Server:
    return Server(**json.loads(record.read_text()))
