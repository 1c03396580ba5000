"""Keeps what the parts are made of outside the repository, each prepared once."""

import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def prepared(name: str, build: Callable[[Path], None]) -> Path:
    """The folder `name` in the cache; `build` fills an empty one when it is not there yet.

    A build that fails leaves nothing behind. `name` carries the version, so a new version is a new folder.
    """
    cache = _cache_dir()
    target = cache / name
    with locked(cache / f"{name}.lock"):
        if not target.exists():
            with tempfile.TemporaryDirectory(dir=cache, prefix=f"{name}.part-") as scratch:
                unfinished = Path(scratch) / name
                unfinished.mkdir()
                build(unfinished)
                unfinished.rename(target)
    return target


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds a lock between processes; the system frees it when its holder dies."""
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _cache_dir() -> Path:
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = base / "orders-api"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
