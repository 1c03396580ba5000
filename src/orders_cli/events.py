"""`orders events`: what happened to the orders on this machine, and the schemas of the events."""

import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orders_cli.common import data_dir_option

if TYPE_CHECKING:
    from collections.abc import Iterable

    from orders_core.schemas import OrderEventView
    from orders_host.relay.feed import Entry

_LATEST = 20
_POLL_SECONDS = 0.3


@click.group(invoke_without_command=True)
@click.option("--follow", is_flag=True, help="Go on with what happens, until Ctrl-C.")
@click.option("--order", "order_id", metavar="ID", help="All that happened to this order, and nothing else.")
@click.option("--json", "as_json", is_flag=True, help="Print each event as a line of JSON.")
@data_dir_option
@click.pass_context
def events(context: click.Context, follow: bool, order_id: str | None, as_json: bool, data_dir: Path) -> None:
    """Print the latest events, oldest first."""
    if context.invoked_subcommand is not None:
        return
    from orders_host.relay import open_feed

    with closing(open_feed(data_dir)) as feed:
        position = feed.last
        past = feed.search(None, order_id) if order_id else feed.latest(_LATEST)
        _print(past, as_json)
        while follow:
            feed.look()
            news = feed.after(position)
            _print([entry for entry in news if order_id in (None, entry.order_id)], as_json)
            position = news[-1].sequence if news else position
            if not news:
                time.sleep(_POLL_SECONDS)


@events.command()
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="The folder to write them to.",
)
@click.option("--check", is_flag=True, help="Write nothing; exit with 2 if a file is not what the code says.")
def schema(output: Path, check: bool) -> None:
    """Write the JSON Schemas of the events, built from the code."""
    from orders_contract.event_schemas import documents

    for name, text in documents().items():
        path = output / name
        if not check:
            output.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        elif not path.is_file() or path.read_text() != text:
            raise click.UsageError(f"{path} is not what the code says: write it anew without --check.")


def _print(entries: "Iterable[Entry]", as_json: bool) -> None:
    import msgspec

    from orders_core.events import OrderEvent
    from orders_core.schemas import event_view_of

    for entry in entries:
        event = event_view_of(msgspec.json.decode(entry.document, type=OrderEvent))
        click.echo(msgspec.json.encode(event).decode() if as_json else _line(entry.sequence, event))


def _line(sequence: int, event: "OrderEventView") -> str:
    what = ", ".join(event.changed)
    if event.type == "OrderStatusChanged":
        what = f"{event.previous_status} → {event.order.status}"
    elif event.type == "OrderCreated":
        what = f"{event.order.total_amount} {event.order.currency}"
    return f"{sequence:>7}  {event.time}  {event.type:<18}  {event.id}  {what}".rstrip()
