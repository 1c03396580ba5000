"""The commands of `orders`. A misuse is answered with one line that says how to mend it, and exit code 2."""

import sqlite3
import sys

import click

from orders_cli.audit import audit
from orders_cli.backup import backup, check, restore
from orders_cli.completion import completion
from orders_cli.contract import openapi
from orders_cli.cost import cost
from orders_cli.customers import customer
from orders_cli.deploy import deploy
from orders_cli.doctor import doctor
from orders_cli.events import events
from orders_cli.export_orders import export
from orders_cli.import_orders import import_
from orders_cli.keys import key, keys
from orders_cli.migrate import migrate
from orders_cli.options import flag
from orders_cli.recount import recount
from orders_cli.serve import demo, serve
from orders_cli.users import token, user
from orders_cli.webhooks import webhook
from orders_host.options import InvalidOption
from orders_host.user_pool.errors import CognitoError

_MISUSE = 2
_INTERRUPTED = 130


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="orders-api")
def orders() -> None:
    """An order-management API: the host, its users, its keys, its contract and its events."""


for command in (serve, demo, user, token, key, openapi, events, webhook, deploy, doctor, cost):
    orders.add_command(command)
for command in (audit, customer, keys, backup, restore, check, migrate, recount, completion, export, import_):
    orders.add_command(command)


def run() -> None:
    """Run the command that the arguments name, and exit with its code."""
    try:
        sys.exit(orders(standalone_mode=False))
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        sys.exit(_MISUSE)
    except click.exceptions.Abort:
        sys.exit(_INTERRUPTED)
    except click.ClickException as error:
        _fail(error.format_message(), error)
    except InvalidOption as error:
        _fail(error.told(flag), error)
    except (CognitoError, ValueError, OSError, sqlite3.Error) as error:  # the last two: a full disk, for one
        _fail(str(error), error)


def _fail(message: str, error: Exception) -> None:
    context = getattr(error, "ctx", None)
    hint = f" See `{context.command_path} --help`." if context else ""
    click.echo(f"orders: {message}{hint}", err=True)
    sys.exit(_MISUSE)
