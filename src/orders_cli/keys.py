"""`orders key …`: API keys and their usage plans; `orders keys rotate`: the keys that sign tokens."""

from pathlib import Path

import click

from orders_cli.common import as_time, data_dir_option, json_option, open_database, print_json, print_rows
from orders_host.api_keys import ApiKeys
from orders_host.data_dir import MAIL
from orders_host.throttling import PLANS


@click.group()
def key() -> None:
    """API keys: they say which usage plan applies, never who the caller is."""


@key.command()
@click.argument("name")
@click.option("--plan", type=click.Choice(list(PLANS)), default="basic", show_default=True)
@json_option
@data_dir_option
def create(name: str, plan: str, as_json: bool, data_dir: Path) -> None:
    """Create a key and print it: only this once."""
    with open_database(data_dir, first_use=True) as database:
        key_id, secret = ApiKeys(database).create(name, plan)
    if as_json:
        print_json({"id": key_id, "name": name, "plan": plan, "secret": secret})
    else:
        click.echo(f"Key {key_id} of plan {plan}. Send it as x-api-key; it is not shown again:\n{secret}")


@key.command("list")
@json_option
@data_dir_option
def list_(as_json: bool, data_dir: Path) -> None:
    """List the keys, without their secrets."""
    with open_database(data_dir) as database:
        rows = [
            (each.id, each.name, each.plan, as_time(each.created_at)) for each in ApiKeys(database).list()
        ]
    print_rows(("Id", "Name", "Plan", "Created"), rows, as_json)


@key.command()
@click.argument("key_id", metavar="ID")
@data_dir_option
def revoke(key_id: str, data_dir: Path) -> None:
    """End a key at once."""
    with open_database(data_dir) as database:
        ApiKeys(database).revoke(key_id)
    click.echo(f"Key {key_id} is revoked.")


@click.group()
def keys() -> None:
    """The keys that sign tokens. The host rotates them by itself: see `--rotate-keys-days`."""


@keys.command()
@json_option
@data_dir_option
def rotate(as_json: bool, data_dir: Path) -> None:
    """Sign with a new key from now on; tokens of the old one stay valid until they expire."""
    from orders_host.mail.mailbox import Mailbox
    from orders_host.user_pool import UserPool

    with open_database(data_dir) as database:
        kid = UserPool(database, Mailbox(data_dir / MAIL), rotate_keys_days=None).rotate_keys()
    if as_json:
        print_json({"kid": kid})
    else:
        click.echo(f"Key {kid} signs from now on.")
