"""`orders export`: writes all orders of a listing to a file, and goes on where it was interrupted."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click
import msgspec
from msgspec import Raw, Struct

from orders_cli.connection import Account, account, account_options, signed_in
from orders_cli.order_files import FORMATS, Format, format_of
from orders_cli.progress import Progress
from orders_contract import order_rows

if TYPE_CHECKING:
    from orders_client import Orders

_PAGE = "100"


class _Page(Struct, frozen=True):
    """A page of the listing, with each order as the API wrote it."""

    orders: list[Raw]
    next_cursor: str | None


class _State(Struct, frozen=True):
    """How far an export to a file has come; `size` bytes of it are whole orders."""

    query: dict[str, str]
    format: str
    size: int = 0
    orders: int = 0
    cursor: str | None = None


@click.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option(
    "--format", "format_", type=click.Choice(FORMATS), help="What to write, if FILE's name does not say it."
)
@click.option("--customer-id", metavar="ID", help="Orders of this customer only.")
@click.option("--status", metavar="STATUS[,STATUS…]", help="Orders in one of these statuses only.")
@click.option(
    "--created-from", metavar="TIME", help="Placed at this time or later, such as 2026-01-31T00:00:00Z."
)
@click.option("--created-to", metavar="TIME", help="Placed at this time or earlier.")
@account_options
def export(
    file: Path | None,
    format_: Format | None,
    customer_id: str | None,
    status: str | None,
    created_from: str | None,
    created_to: str | None,
    url: str,
    user: str | None,
    api_key: str | None,
) -> None:
    r"""Write all orders that USER may see to FILE, oldest first, as NDJSON or CSV; without FILE, print them.

    FILE is there when all of it is; until then FILE.part grows. Given again after it was interrupted, the
    same command goes on.

    \b
    ORDERS_PASSWORD=… orders export orders.csv --user staff@example.com --status PENDING,CONFIRMED
    """
    given = {
        "customer_id": customer_id,
        "status": status,
        "created_from": created_from,
        "created_to": created_to,
    }
    query = {name: value for name, value in given.items() if value is not None}
    if file is None:
        state = _State(query, format_ or "ndjson")
        with signed_in(account(url, user, api_key)) as client:
            _write(client, state, sys.stdout.buffer, None)
        return
    if file.exists():
        raise click.UsageError(f"{file} is there already: name another file, or remove it.")
    state = _resumed(file, _State(query, format_of(file, format_)))
    _to_file(file, state, account(url, user, api_key))


def _to_file(file: Path, state: _State, of: Account) -> None:
    part = _part(file)
    with signed_in(of) as client, part.open("r+b" if part.exists() else "wb") as opened:
        # What was written behind the last state may end within an order.
        opened.truncate(state.size)
        opened.seek(state.size)
        written = _write(client, state, opened, file)
    part.replace(file)
    _state(file).unlink(missing_ok=True)
    click.echo(f"Wrote {written:,} orders to {file}.", err=True)


def _write(client: "Orders", state: _State, out: BinaryIO, file: Path | None) -> int:
    """Write the orders behind a state; the state of an export to a file is kept after each page."""
    progress = Progress()
    size, orders, cursor = state.size, state.orders, state.cursor
    if state.format == "csv" and not size:
        size += out.write(order_rows.header().encode())
    while True:
        page = _page(client, state.query, cursor)
        size += out.write(b"".join(_text(order, state.format) for order in page.orders))
        out.flush()
        orders += len(page.orders)
        cursor = page.next_cursor
        progress.tell(orders)
        if cursor is None:
            progress.end()
            return orders
        if file is not None:
            _keep(file, _State(state.query, state.format, size, orders, cursor))


def _page(client: "Orders", query: dict[str, str], cursor: str | None) -> _Page:
    from orders_client.calls import ORDERS, Call

    asked = {"limit": _PAGE, "sort": "created_at", **query}
    return client.call(Call("GET", ORDERS, _Page, query=asked | ({"cursor": cursor} if cursor else {})))


def _text(order: Raw, format_: str) -> bytes:
    if format_ == "ndjson":
        return bytes(order) + b"\n"
    return order_rows.rows_of(msgspec.json.decode(order)).encode()


def _resumed(file: Path, new: _State) -> _State:
    """Where an export that was interrupted goes on; at its beginning if there was none.

    Raises:
        click.UsageError: what there is is of another export.
    """
    try:
        kept = msgspec.json.decode(_state(file).read_bytes(), type=_State)
    except FileNotFoundError:
        return new
    except msgspec.DecodeError:
        raise click.UsageError(f"{_state(file)} is damaged: remove it, and start again.") from None
    part = _part(file)
    whole = part.exists() and part.stat().st_size >= kept.size
    if not whole or (kept.query, kept.format) != (new.query, new.format):
        raise click.UsageError(
            f"{part} is of another export: remove it and {_state(file).name}, or name another file."
        )
    return kept


def _keep(file: Path, state: _State) -> None:
    new = file.with_name(f"{file.name}.part.state.new")
    new.write_bytes(msgspec.json.encode(state))
    new.replace(_state(file))


def _part(file: Path) -> Path:
    return file.with_name(f"{file.name}.part")


def _state(file: Path) -> Path:
    return file.with_name(f"{file.name}.part.state")
