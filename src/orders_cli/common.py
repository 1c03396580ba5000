"""What several commands share: the data directory, tables for people, JSON for programs."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from orders_cli.options import host_options
from orders_host.data_dir import GATEWAY_DB
from orders_host.database import Database
from orders_host.options import InvalidOption

F = TypeVar("F", bound=Callable[..., Any])


def data_dir_option(command: F) -> F:
    """Add `--data-dir` to a command."""
    return host_options("data_dir")(command)


def json_option(command: F) -> F:
    """Add `--json` to a command."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")(command)


@contextmanager
def open_database(data_dir: Path, *, first_use: bool = False) -> Iterator[Database]:
    """The host's own database; it may be running meanwhile. On `first_use` it is made if it is not there.

    Raises:
        InvalidOption: the file does not exist or cannot be opened.
    """
    import sqlite3

    from orders_host.sqlite_file import SchemaTooNew

    if not first_use and not (data_dir / GATEWAY_DB).exists():
        raise InvalidOption("holds no data of a host. Is the path right?", data_dir=data_dir)
    try:
        database = Database(data_dir / GATEWAY_DB)
    except (OSError, sqlite3.Error, SchemaTooNew) as error:
        raise InvalidOption(f"can't be used: {error}", data_dir=data_dir) from error
    try:
        yield database
    finally:
        database.close()


def print_rows(headings: Sequence[str], rows: Sequence[Sequence[object]], as_json: bool) -> None:
    """A table with aligned columns, or a JSON array of objects named by the headings in lower case."""
    if as_json:
        names = [heading.lower().replace(" ", "_") for heading in headings]
        print_json([dict(zip(names, row, strict=True)) for row in rows])
        return
    cells = [list(map(_cell, row)) for row in [headings, *rows]]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        click.echo("  ".join(map(str.ljust, row, widths)).rstrip())


def print_json(value: object) -> None:
    """Print the value as indented JSON."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def as_time(seconds: float) -> str:
    """Unix time as RFC 3339 in UTC, to the second."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _cell(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
