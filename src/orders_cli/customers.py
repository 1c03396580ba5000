"""`orders customer …`: what is held of one person, exported or erased."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orders_cli.common import data_dir_option, json_option, print_json
from orders_host.data_dir import GATEWAY_DB, ORDERS_DB
from orders_host.options import InvalidOption

if TYPE_CHECKING:
    from orders_core.erasure import Counts
    from orders_host.customers import Customers, Erased, Progress


@click.group()
def customer() -> None:
    """Personal data of one customer, named by `sub` or e-mail address. The host may be running."""


@customer.command()
@click.argument("name", metavar="CUSTOMER")
@data_dir_option
def export(name: str, data_dir: Path) -> None:
    """Print all that is held of CUSTOMER as JSON: account, orders with their events, letters, audit log."""
    import msgspec

    with _customers(data_dir) as customers:
        exported = customers.export(_known(customers, name))
        click.echo(msgspec.json.format(msgspec.json.encode(exported)).decode())


@customer.command()
@click.argument("name", metavar="CUSTOMER")
@click.option("--dry-run", is_flag=True, help="Only count what would change.")
@click.option("--yes", is_flag=True, help="Erase without asking first.")
@json_option
@data_dir_option
def erase(name: str, dry_run: bool, yes: bool, as_json: bool, data_dir: Path) -> None:
    """Erase the personal data of CUSTOMER from every file, for good.

    The account goes, with its sessions and letters; orders and their events keep products, amounts, statuses
    and times, and lose contact, addresses, notes, metadata and all other texts that people write. If it is
    interrupted, run it again.
    """
    from orders_host.customers import StillRead

    with _customers(data_dir) as customers:
        customer_id = _known(customers, name)
        found = customers.count(customer_id)
        if dry_run:
            _print(found, as_json, "would be erased")
            return
        if not yes:
            if not sys.stdin.isatty():
                raise click.UsageError("Erasing can't be undone: give --yes to do it without being asked.")
            _print(found, False, "will be erased, for good")
            click.confirm("Erase them?", abort=True)
        try:
            with _progress(found) as progress:
                erased = customers.erase(customer_id, progress)
        except StillRead as error:
            raise ValueError(f"all is erased, but {error}") from None
        _print(erased, as_json, "erased")
    for folder in sorted(data_dir.glob("replaced-*")):
        click.echo(f"{folder} has the databases from before a restore: remove it when you can.", err=True)


def _known(customers: "Customers", name: str) -> str:
    """The customer's id; raises ValueError if nothing is held of one of this name."""
    customer_id = customers.customer_id(name)
    if customer_id == name and not customers.count(customer_id).total and not customers.has_orders(name):
        raise ValueError(f"nothing is held of a customer {name}: give the address of a user, or a `sub`.")
    return customer_id


def _print(erased: "Erased", as_json: bool, what: str) -> None:
    numbers = {"orders": erased.orders.orders, "events": erased.orders.events, **erased.others}
    if as_json:
        print_json(numbers)
    else:
        click.echo(f"{', '.join(f'{number:,} {each}' for each, number in numbers.items())} {what}.")


@contextmanager
def _customers(data_dir: Path) -> "Iterator[Customers]":
    import sqlite3

    from orders_core.stores import StoreUnavailable
    from orders_host.customers import open_customers
    from orders_host.sqlite_file import SchemaTooNew

    if not all((data_dir / name).exists() for name in (GATEWAY_DB, ORDERS_DB)):
        raise InvalidOption("holds no data of a host. Is the path right?", data_dir=data_dir)
    try:
        with open_customers(data_dir) as customers:
            yield customers
    except (OSError, sqlite3.Error, SchemaTooNew, StoreUnavailable) as error:
        raise InvalidOption(f"can't be used: {error}", data_dir=data_dir) from error


@contextmanager
def _progress(found: "Erased") -> "Iterator[Progress]":
    """A progress bar, on a terminal only."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with click.progressbar(length=max(found.orders.orders, 1), label="Erasing", file=sys.stderr) as bar:

        def progress(counts: "Counts") -> None:
            bar.update(counts.orders - bar.pos)

        yield progress
