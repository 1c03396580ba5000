"""How the commands that speak HTTP find the API and sign in to it, on one machine or on AWS."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

if TYPE_CHECKING:
    from orders_client import Orders

F = TypeVar("F", bound=Callable[..., Any])

_PASSWORD = "ORDERS_PASSWORD"  # noqa: S105 - the name of a variable


class Account(NamedTuple):
    """Where the API is, and who uses it."""

    url: str
    user: str
    password: str
    api_key: str | None


def account_options(command: F) -> F:
    """Add `--url`, `--user` and `--api-key` to a command."""
    options = (
        click.option(
            "--url",
            envvar="ORDERS_URL",
            default="http://127.0.0.1:8080",
            show_default=True,
            show_envvar=True,
            help="The host; on AWS the console's URL, beside which /config.json says where the API is.",
        ),
        click.option(
            "--user",
            envvar="ORDERS_USER",
            show_envvar=True,
            metavar="EMAIL",
            help=f"Who signs in. The password is taken from {_PASSWORD}, or asked for.",
        ),
        click.option(
            "--api-key", envvar="ORDERS_API_KEY", show_envvar=True, help="Key of a usage plan, if need be."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def account(url: str, user: str | None, api_key: str | None) -> Account:
    """The account, with its password from the environment or from the keyboard.

    Raises:
        click.UsageError: there is none, and no terminal to ask at; or no user is named.
    """
    if user is None:
        raise click.UsageError("No user: name one with --user EMAIL, or set ORDERS_USER.")
    password = os.environ.get(_PASSWORD)
    if password is None and not sys.stdin.isatty():
        raise click.UsageError(f"No password: set {_PASSWORD}.")
    return Account(url, user, password or click.prompt("Password", hide_input=True, err=True), api_key)


@contextmanager
def signed_in(account: Account) -> "Iterator[Orders]":
    """A client of the API.

    Raises:
        click.ClickException: what went wrong with a call, in one line.
    """
    from orders_client import Orders, OrdersError

    with Orders(account.url, account.user, account.password, api_key=account.api_key) as orders:
        try:
            yield orders
        except OrdersError as error:
            raise click.ClickException(f"{account.url}: {error}") from error
