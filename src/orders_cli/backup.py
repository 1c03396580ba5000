"""`orders backup`, `orders restore` and `orders check`: the data directory as a whole."""

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orders_cli.common import data_dir_option, json_option, print_json
from orders_host.options import InvalidOption

if TYPE_CHECKING:
    from orders_host.backup import Progress

archive_type = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("file", type=archive_type)
@json_option
@data_dir_option
def backup(file: Path, as_json: bool, data_dir: Path) -> None:
    """Write all databases to FILE, as they are now. The host may be running."""
    import os

    from orders_host.backup import write_backup

    os.nice(10)  # The host goes first.
    with _one_line(f"--data-dir {data_dir} can't be backed up to {file}"), _bar("Copying") as progress:
        manifest = write_backup(data_dir, file, progress)
    if as_json:
        files = [{"name": each.name, "bytes": each.bytes} for each in manifest.files]
        print_json({"file": str(file), "created_at": manifest.created_at, "files": files})
        return
    size = sum(each.bytes for each in manifest.files)
    click.echo(f"{file} has {', '.join(each.name for each in manifest.files)}: {size:,} bytes.")


@click.command()
@click.argument("file", type=archive_type)
@click.option(
    "--replace", is_flag=True, help="Move databases that are there already to a folder beside them."
)
@json_option
@data_dir_option
def restore(file: Path, replace: bool, as_json: bool, data_dir: Path) -> None:
    """Put the databases of the backup FILE into the data directory. No host may be using it."""
    from orders_host.restore import DirectoryInUse, InvalidBackup
    from orders_host.restore import restore as put_back

    with _one_line(f"{file} can't be restored"):
        try:
            epoch = put_back(file, data_dir, replace=replace)
        except (InvalidBackup, DirectoryInUse) as error:
            raise InvalidOption(str(error)) from error
    if as_json:
        print_json({"data_dir": str(data_dir), "file": str(file), "epoch": epoch})
        return
    click.echo(f"{data_dir} is restored from {file}. Its events from now on are of epoch {epoch}.")


@click.command()
@click.option("--backup", "file", type=archive_type, help="Check this backup's digests instead.")
@json_option
@data_dir_option
def check(file: Path | None, as_json: bool, data_dir: Path) -> None:
    """Check that the databases are sound and agree with each other; exit with 1 if not.

    The host may be running.
    """
    if file is not None:
        _check_backup(file, as_json)
        return
    from orders_host.check import MAX_FINDINGS
    from orders_host.check import check as inspect

    with _one_line(f"--data-dir {data_dir} can't be checked"):
        orders, events, findings = inspect(data_dir)
    if as_json:
        print_json({"orders": orders, "events": events, "findings": [each._asdict() for each in findings]})
    else:
        for each in findings:
            click.echo(f"{each.file}: {each.text}")
        more = f"the first {MAX_FINDINGS}" if len(findings) == MAX_FINDINGS else len(findings)
        verdict = f"{more} findings" if findings else "all is as it should be"
        click.echo(f"{orders:,} orders and {events:,} events checked: {verdict}.")
    if findings:
        sys.exit(1)


def _check_backup(file: Path, as_json: bool) -> None:
    from orders_host.restore import InvalidBackup, verify

    with _one_line(f"{file} can't be checked"):
        try:
            manifest = verify(file)
        except InvalidBackup as error:
            raise InvalidOption(str(error)) from error
    if as_json:
        print_json({"file": str(file), "created_at": manifest.created_at})
        return
    click.echo(f"{file} of {manifest.created_at} is complete and unchanged.")


@contextmanager
def _one_line(what: str) -> Iterator[None]:
    from orders_host.sqlite_file import SchemaTooNew

    try:
        yield
    except (OSError, sqlite3.Error, SchemaTooNew) as error:
        raise InvalidOption(f"{what}: {error}") from error


@contextmanager
def _bar(label: str) -> "Iterator[Progress]":
    """A progress bar, on a terminal only."""
    if not sys.stderr.isatty():
        yield lambda _, __: None
        return
    with click.progressbar(length=1_000, label=label, file=sys.stderr) as bar:

        def progress(done: int, total: int) -> None:
            bar.update(done * 1_000 // max(total, 1) - bar.pos)

        yield progress
