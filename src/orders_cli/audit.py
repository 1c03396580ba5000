"""`orders audit`: what was done to users, passwords, groups and keys, and who signed in."""

from pathlib import Path

import click

from orders_cli.common import as_time, data_dir_option, json_option, open_database, print_rows

MAX_ENTRIES = 100_000


@click.command()
@click.option(
    "--limit",
    type=click.IntRange(1, MAX_ENTRIES),
    default=100,
    show_default=True,
    help="How many of the latest entries.",
)
@json_option
@data_dir_option
def audit(limit: int, as_json: bool, data_dir: Path) -> None:
    """Show the audit log: sign-ins, failures, passwords, groups and keys. Entries are never changed."""
    from orders_host.audit import AuditLog

    with open_database(data_dir) as database:
        entries = AuditLog(database).entries(limit)
    rows = [(e.number, as_time(e.at), e.event, e.subject, e.detail, e.source) for e in entries]
    print_rows(("Number", "At", "Event", "Subject", "Detail", "Source"), rows, as_json)
