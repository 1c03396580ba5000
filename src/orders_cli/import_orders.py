"""`orders import`: places the orders of a file, a hundred at a time, and none twice."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, cast

import click
import msgspec

from orders_cli.connection import account, account_options, signed_in
from orders_cli.order_files import FORMATS, FaultyOrder, Format, NewOrder, OrderFile, format_of
from orders_cli.progress import Progress
from orders_core.schemas import MAX_BATCH, MAX_BODY_BYTES

if TYPE_CHECKING:
    from orders_client import Orders
    from orders_client.types import BatchResult
    from orders_client.types import NewOrder as Body

_ATTEMPTS: Final = 6
_FIRST_WAIT_SECONDS: Final = 0.5
_MAY_PASS: Final = (429, 503)
_ENVELOPE_BYTES: Final = 64


class _Batch(NamedTuple):
    """Orders that are placed by one request."""

    orders: list[NewOrder]
    size: int


class _Tally:
    """What came of the orders so far."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.progress = Progress()
        self.placed = self.there = self.faulty = 0

    @property
    def total(self) -> int:
        return self.placed + self.there + self.faulty

    def refuse(self, faults: list[tuple[int, str]]) -> None:
        self.faulty += 1
        self.progress.end()
        for line, fault in faults:
            click.echo(f"{self._path}:{line}: {fault}", err=True)


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False, readable=True))
@click.option(
    "--format", "format_", type=click.Choice(FORMATS), help="What FILE is, if its name does not say it."
)
@click.option("--dry-run", is_flag=True, help="Place nothing and ask no one: only tell every fault.")
@account_options
@click.pass_context
def import_(
    context: click.Context,
    file: Path,
    format_: Format | None,
    dry_run: bool,
    url: str,
    user: str | None,
    api_key: str | None,
) -> None:
    r"""Place the orders of FILE, NDJSON or CSV as `orders export` writes them, as new ones that are PENDING.

    Given again, the same file places only what is missing, also after it was interrupted. An order with an
    external_reference is known by it, another by its content. Columns of what the API computes or answers
    only (ids, statuses, times) may be there and are not read. Every fault is told as FILE:LINE; then the
    exit code is 1.

    \b
    orders import orders.csv --user staff@example.com --dry-run
    ORDERS_PASSWORD=… orders import orders.csv --user staff@example.com
    """
    tally = _Tally(file)
    size = file.stat().st_size or 1
    with file.open("rb") as opened:
        orders = OrderFile(opened, format_of(file, format_))
        if dry_run:
            for batch in _batches(orders, tally):
                tally.placed += len(batch.orders)
                tally.progress.tell(tally.total, orders.bytes_read / size)
        else:
            with signed_in(account(url, user, api_key)) as client:
                for batch in _batches(orders, tally):
                    _place(client, batch.orders, tally)
                    tally.progress.tell(tally.total, orders.bytes_read / size)
    tally.progress.end()
    done = "Would place" if dry_run else "Placed"
    there = f", {tally.there:,} were there already" if tally.there else ""
    click.echo(f"{done} {tally.placed:,} orders{there}, {tally.faulty:,} could not be placed.")
    if tally.faulty:
        context.exit(1)


def _batches(orders: OrderFile, tally: _Tally) -> Iterator[_Batch]:
    """The orders of the file in batches that the API takes; those with faults are told of."""
    batch = _Batch([], _ENVELOPE_BYTES)
    for order in orders:
        if isinstance(order, FaultyOrder):
            tally.refuse(order.faults)
            continue
        size = len(msgspec.json.encode(order.body)) + 1
        if len(batch.orders) == MAX_BATCH or (batch.orders and batch.size + size > MAX_BODY_BYTES):
            yield batch
            batch = _Batch([], _ENVELOPE_BYTES)
        batch = _Batch([*batch.orders, order], batch.size + size)
    if batch.orders:
        yield batch


def _place(client: "Orders", orders: list[NewOrder], tally: _Tally) -> None:
    """Place a batch; orders that the store did not take are sent again, a few times and ever later."""
    waiting = orders
    for attempt in range(_ATTEMPTS):
        if attempt:
            time.sleep(_FIRST_WAIT_SECONDS * 2 ** (attempt - 1))
        results = client.create_all([cast("Body", each.body) for each in waiting]).results
        again: list[NewOrder] = []
        for order, result in zip(waiting, results, strict=True):
            if result.status in _MAY_PASS and attempt < _ATTEMPTS - 1:
                again.append(order)
            else:
                _note(order, result, tally)
        waiting = again
        if not waiting:
            return


def _note(order: NewOrder, result: "BatchResult", tally: _Tally) -> None:
    if result.problem is None:
        tally.there += result.replayed
        tally.placed += not result.replayed
        return
    problem = result.problem
    faults = [order.told(each.pointer, each.detail) for each in problem.errors]
    tally.refuse(faults or [(order.lines[0], f"{problem.status} {problem.title}. {problem.detail}")])
