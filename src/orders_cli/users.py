"""`orders user …` and `orders token`: administration of the embedded user pool."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from orders_cli.common import as_time, data_dir_option, json_option, open_database, print_json, print_rows
from orders_core.permissions import GROUPS
from orders_host.data_dir import MAIL

if TYPE_CHECKING:
    from orders_host.user_pool import UserPool


@click.group()
def user() -> None:
    """Users of the embedded user pool. It may be done while the host runs."""


@user.command()
@click.argument("email")
@click.option("--password", help="Its password; left out, a temporary one is made and printed.")
@click.option("--group", "groups", multiple=True, type=click.Choice(list(GROUPS)), help="A group to join.")
@click.option("--temporary", is_flag=True, help="The password must be changed at the first sign-in.")
@json_option
@data_dir_option
def add(
    email: str,
    password: str | None,
    groups: tuple[str, ...],
    temporary: bool,
    as_json: bool,
    data_dir: Path,
) -> None:
    """Add a user, whose address counts as verified."""
    from orders_host.user_pool import generate_password

    secret = password or generate_password()
    permanent = password is not None and not temporary
    with _pool(data_dir, first_use=True) as pool:
        added = pool.add_user(email, secret, groups=groups, permanent=permanent)
    if as_json:
        print_json({"email": added.email, "sub": added.sub, **({} if password else {"password": secret})})
        return
    click.echo(f"Added {added.email} ({added.sub}).")
    if password is None:
        click.echo(f"Temporary password, to be changed at the first sign-in: {secret}")


@user.command("list")
@json_option
@data_dir_option
def list_(as_json: bool, data_dir: Path) -> None:
    """List the users."""
    with _pool(data_dir) as pool:
        rows = [
            (each.email, each.sub, each.status, each.enabled, list(each.groups), as_time(each.created_at))
            for each in pool.list_users()
        ]
    print_rows(("Email", "Sub", "Status", "Enabled", "Groups", "Created"), rows, as_json)


@user.command("set-password")
@click.argument("email")
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True, help="The new password.")
@click.option("--temporary", is_flag=True, help="It must be changed at the next sign-in.")
@data_dir_option
def set_password(email: str, password: str, temporary: bool, data_dir: Path) -> None:
    """Set a user's password; asks for it when it is not given."""
    with _pool(data_dir) as pool:
        pool.set_password(email, password, permanent=not temporary)
    click.echo(f"The password of {email} is set.")


@user.command()
@click.argument("action", type=click.Choice(["add", "remove"]))
@click.argument("email")
@click.argument("name")
@data_dir_option
def group(action: str, email: str, name: str, data_dir: Path) -> None:
    """Add a user to a group, or remove it. Tokens show it when they are next renewed."""
    if action == "add" and name not in GROUPS:
        raise click.BadParameter(f"there is no group {name}; there are {', '.join(GROUPS)}.")
    with _pool(data_dir) as pool:
        if action == "add":
            pool.add_to_group(email, name)
        else:
            pool.remove_from_group(email, name)
    click.echo(f"{email} is {'now' if action == 'add' else 'no longer'} in {name}.")


@user.command()
@click.argument("email")
@click.option("--undo", is_flag=True, help="Enable the user again.")
@data_dir_option
def disable(email: str, undo: bool, data_dir: Path) -> None:
    """Bar a user from the API and from signing in, at once."""
    with _pool(data_dir) as pool:
        if undo:
            pool.enable(email)
        else:
            pool.disable(email)
    click.echo(f"{email} is {'enabled' if undo else 'disabled'}.")


@user.command()
@click.argument("email")
@data_dir_option
def enable(email: str, data_dir: Path) -> None:
    """Let a disabled user sign in again."""
    with _pool(data_dir) as pool:
        pool.enable(email)
    click.echo(f"{email} is enabled.")


@user.command()
@data_dir_option
def export(data_dir: Path) -> None:
    """Print all users as JSON, password hashes included: keep it as secret as the host's own files."""
    from orders_host.user_pool.transfer import export_users

    with _pool(data_dir) as pool:
        click.echo(export_users(pool))


@user.command("import")
@click.argument("file", type=click.File("rb"))
@data_dir_option
def import_(file: BinaryIO, data_dir: Path) -> None:
    """Add the users of an export, all or none; `-` reads from standard input. Passwords stay valid."""
    from orders_host.user_pool.transfer import import_users

    with _pool(data_dir, first_use=True) as pool:
        count = import_users(pool, file.read())
    click.echo(f"Imported {count} users.")


@user.command()
@click.argument("action", type=click.Choice(["off"]))
@click.argument("email")
@data_dir_option
def mfa(action: str, email: str, data_dir: Path) -> None:
    """Forget a user's authenticator app, after a lost phone: the password alone signs in again."""
    with _pool(data_dir) as pool:
        pool.remove_app(email)
    click.echo(f"{email} has no authenticator app any more.")


@user.command("sign-out")
@click.argument("email")
@data_dir_option
def sign_out(email: str, data_dir: Path) -> None:
    """End every session of a user, at once."""
    with _pool(data_dir) as pool:
        pool.sign_out(email)
    click.echo(f"{email} is signed out everywhere.")


@user.command()
@click.argument("email")
@click.confirmation_option(prompt="Delete this user? It can't be undone")
@data_dir_option
def delete(email: str, data_dir: Path) -> None:
    """Delete a user; its orders stay. Asks first, unless --yes is given."""
    with _pool(data_dir) as pool:
        pool.delete(email)
    click.echo(f"{email} is deleted.")


@click.command()
@click.argument("email", metavar="USER")
@json_option
@data_dir_option
def token(email: str, as_json: bool, data_dir: Path) -> None:
    r"""Print an ID token of a user, without a password: for cURL and scripts on this machine.

    \b
    TOKEN=$(orders token ana@example.com)
    curl -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/v1/orders
    """
    with _pool(data_dir) as pool:
        tokens = pool.issue_tokens(email)
    if as_json:
        print_json(tokens._asdict())
    else:
        click.echo(tokens.id_token)


@contextmanager
def _pool(data_dir: Path, *, first_use: bool = False) -> Iterator["UserPool"]:
    from orders_host.mail.mailbox import Mailbox
    from orders_host.user_pool import UserPool

    with open_database(data_dir, first_use=first_use) as database:
        yield UserPool(database, Mailbox(data_dir / MAIL), rotate_keys_days=None)
