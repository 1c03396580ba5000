"""Records what a process writes to a directory and when it makes that durable, by `recorder.c`."""

import subprocess
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tests.real_parts.missing import program
from tests.real_parts.shared import made_once

_SOURCE = Path(__file__).with_name("recorder.c")


class Kind(StrEnum):
    """What the operating system was asked to do."""

    CREATE = "create"
    WRITE = "write"
    TRUNCATE = "truncate"
    SYNC = "sync"
    RENAME = "rename"
    UNLINK = "unlink"


class Operation(NamedTuple):
    """One successful operation on a file, or on the directory itself (`.`).

    `began_ns` is the monotonic clock before it. `data` is what was written, or a renamed file's new name;
    `offset` is where it was written, or the size of a truncated file.
    """

    kind: Kind
    began_ns: int
    path: str
    offset: int
    data: bytes


def recorded(trace: Path, directory: Path) -> Mapping[str, str]:
    """The environment in which a process records to `trace` what it does in `directory`.

    Raises:
        MissingPartError: there is no C compiler.
    """
    compiler = program("cc", "a C compiler", "apt-get install gcc libc6-dev")
    library = made_once("recorder.so", partial(_compile, compiler))
    return {
        "LD_PRELOAD": str(library),
        "DISK_TRACE": str(trace),
        "DISK_TRACED": str(directory.resolve()),
    }


def read(trace: Path) -> list[Operation]:
    """What was recorded, in the order in which it happened."""
    return list(_operations(trace.read_bytes()))


def _compile(compiler: Path, library: Path) -> None:
    options = ["-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
    subprocess.run([compiler, *options, "-o", library, _SOURCE, "-ldl"], check=True)


def _operations(content: bytes) -> Iterator[Operation]:
    at = 0
    while at < len(content):
        end = content.index(b"\n", at)
        kind, began, path, offset, length = content[at:end].decode().split(" ")
        at = end + 1 + int(length)
        yield Operation(Kind(kind), int(began), path, int(offset), content[end + 1 : at])
