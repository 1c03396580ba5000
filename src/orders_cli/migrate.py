"""`orders migrate`: orders, their events and figures, from this machine to DynamoDB."""

import os
import sqlite3
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orders_cli.common import data_dir_option
from orders_cli.progress_line import ProgressLine
from orders_core.stores import StoreUnavailable
from orders_host.options import DynamoDBStore, InvalidOption, parse_store

if TYPE_CHECKING:
    from orders_migration.to_table import Outcome

_DEFAULT_REGION = "eu-west-1"


@click.command()
@click.option("--to", required=True, metavar="STORE", help="dynamodb://TABLE?region=…&endpoint_url=…")
@click.option("--dry-run", is_flag=True, help="Check both sides and count; write nothing.")
@data_dir_option
def migrate(to: str, dry_run: bool, data_dir: Path) -> None:
    """Copy all orders with their events and figures to DynamoDB, and compare both sides.

    The host may be running. A run that was interrupted goes on where it was; one after the end brings over
    what changed since. Exits with 1 if the sides differ.
    """
    store = parse_store(to, os.environ.get("AWS_REGION", _DEFAULT_REGION))
    if store is None:
        raise InvalidOption("is where the orders are: write dynamodb://TABLE?region=…", to=to)
    from orders_host.sqlite_file import SchemaTooNew

    try:
        outcome = _to_table(data_dir, store, dry_run)
    except (StoreUnavailable, OSError, sqlite3.Error, SchemaTooNew) as error:
        raise InvalidOption(f"can't be migrated to {to}: {error}", data_dir=data_dir) from error
    if outcome is not None:
        _tell(outcome)


def _to_table(data_dir: Path, store: DynamoDBStore, dry_run: bool) -> "Outcome | None":
    from orders_migration.plan import begin_to_table, opened, require_empty
    from orders_migration.state import StateFile
    from orders_migration.to_table import ToTable

    state_file = StateFile(data_dir)
    with opened(data_dir, store) as sides:
        if dry_run:
            counts = sides.file.counts()
            if state_file.read() is None:
                require_empty(sides.table)
            click.echo(
                f"{counts.orders:,} orders, {counts.events:,} events and what is left of {counts.deleted:,}"
                f" deleted orders would go to {', '.join(sides.table.tables)}. Nothing was written."
            )
            return None
        state = begin_to_table(sides, state_file, store)
        progress = ProgressLine()
        try:
            return ToTable(sides.file, sides.table, state_file, state, progress).run()
        finally:
            progress.end()


def _tell(outcome: "Outcome") -> None:
    """Print what the comparison found; exit with 1 if the sides differ."""
    from orders_migration.to_table import MAX_NAMED

    if outcome.source_root == outcome.target_root:
        click.echo(f"Both sides have the same {outcome.records:,} records: root {outcome.source_root}.")
        return
    for order_id in outcome.differing[:MAX_NAMED]:
        click.echo(f"order {order_id} differs")
    click.echo(f"The sides differ: roots {outcome.source_root} and {outcome.target_root}.")
    sys.exit(1)
