"""`orders webhook …`: the endpoints that receive the events of orders, on this machine or on AWS."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from orders_cli.common import as_time, data_dir_option, json_option, print_json, print_rows
from orders_core.timestamps import to_text, utc_now
from orders_host.options import InvalidOption, parse_store

if TYPE_CHECKING:
    from orders_aws.consumers.webhook_store import DynamoDBWebhooks
    from orders_host.relay.feed import Feed
    from orders_host.relay.store import EventStore
    from orders_webhooks.webhook import Webhook, Webhooks

F = TypeVar("F", bound=Callable[..., Any])

_DEFAULT_REGION = "eu-west-1"


def store_option(command: F) -> F:
    """Where the webhooks are: the options `--data-dir` and `--store`."""
    store = click.option(
        "--store",
        default="sqlite",
        show_default=True,
        envvar="ORDERS_WEBHOOKS_STORE",
        help="sqlite, or on AWS dynamodb://orders-api-ENVIRONMENT-webhooks?region=….",
    )
    return data_dir_option(store(command))


@click.group()
def webhook() -> None:
    """Webhooks: endpoints outside that are told of orders. It may be done while the host runs."""


@webhook.command()
@click.argument("url")
@click.option(
    "--events",
    "names",
    multiple=True,
    metavar="TYPE[,TYPE…]",
    help="order.created, order.updated, order.status_changed, order.deleted; all by default.",
)
@click.option("--allow-http", is_flag=True, help="Development: let it be on this machine, without TLS.")
@json_option
@store_option
def add(
    url: str, names: tuple[str, ...], allow_http: bool, as_json: bool, store: str, data_dir: Path
) -> None:
    """Tell URL of every event from now on, and print the secret that signs them: only this once."""
    from orders_webhooks.webhook import subscribe

    events = tuple(name.strip() for each in names for name in each.split(","))
    added = subscribe(url, events, time.time(), allow_loopback=allow_http)
    if store == "sqlite":
        with _local(data_dir) as (feed, webhooks):
            webhooks.add(added, feed.last)
    elif allow_http:
        raise InvalidOption("--allow-http is for this machine: an endpoint on AWS has an https:// URL.")
    else:
        with _on_aws(store) as table:
            table.add(added)
    _print_secret(added, as_json)


@webhook.command("list")
@json_option
@store_option
def list_(as_json: bool, store: str, data_dir: Path) -> None:
    """List the webhooks, how they do, and how many events they still have to get or did not get."""
    headings = ["Id", "URL", "Events", "State", "Added", "Last error"]
    if store != "sqlite":
        with _on_aws(store) as table:
            print_rows(headings, [_row(each) for each in table.all()], as_json)
        return
    with _local(data_dir) as (feed, webhooks):
        rows = []
        for each in webhooks.all():
            waiting, _, dead = webhooks.backlog(each.webhook_id)
            unread = feed.count_after(webhooks.cursor(each.webhook_id))
            rows.append([*_row(each), waiting + unread, dead])
    print_rows([*headings, "Waiting", "Dead letters"], rows, as_json)


@webhook.command()
@click.argument("webhook_id", metavar="ID")
@store_option
def test(webhook_id: str, store: str, data_dir: Path) -> None:
    """Send a message of type webhook.test from here, now, and say what the endpoint answers."""
    import asyncio

    from orders_webhooks.attempt import attempt
    from orders_webhooks.payload import trial_message

    with _webhooks(store, data_dir) as webhooks:
        found = _existing(webhooks, webhook_id)
    result = asyncio.run(attempt(found, trial_message(utc_now())))
    if result.error is not None:
        raise click.ClickException(f"{found.url}: {result.error}.")
    click.echo(f"{found.url} took it.")


@webhook.command()
@click.argument("webhook_id", metavar="ID")
@click.option(
    "--since", metavar="TIME", help="Every event since then: RFC 3339, such as 2026-01-31T09:00:00Z."
)
@click.option("--order", "order_id", metavar="ID", help="Every event of this order.")
@data_dir_option
def replay(webhook_id: str, since: str | None, order_id: str | None, data_dir: Path) -> None:
    """Deliver again the dead letters, or what the options name; on AWS, replay the bus's archive."""
    from orders_host.relay.registry import replay as put_again

    with _local(data_dir) as (feed, webhooks):
        found = _existing(webhooks, webhook_id)
        number = put_again(feed, webhooks, found, _time(since), order_id).events
    click.echo(f"{number} event{'' if number == 1 else 's'} will be delivered once more.")


@webhook.command()
@click.argument("webhook_id", metavar="ID")
@store_option
def remove(webhook_id: str, store: str, data_dir: Path) -> None:
    """Remove a webhook, and what it still had to get."""
    with _webhooks(store, data_dir) as webhooks:
        webhooks.remove(webhook_id)
    click.echo(f"{webhook_id} is removed.")


@webhook.command()
@click.argument("webhook_id", metavar="ID")
@store_option
def enable(webhook_id: str, store: str, data_dir: Path) -> None:
    """Deliver to a disabled webhook again, from where it stopped."""
    from orders_webhooks.webhook import enabled

    with _webhooks(store, data_dir) as webhooks:
        webhooks.change(webhook_id, enabled)
    click.echo(f"{webhook_id} is enabled.")


@webhook.command("rotate-secret")
@click.argument("webhook_id", metavar="ID")
@json_option
@store_option
def rotate_secret(webhook_id: str, as_json: bool, store: str, data_dir: Path) -> None:
    """Sign with a new secret, and for a day with the old one as well."""
    from orders_webhooks.webhook import rotate

    with _webhooks(store, data_dir) as webhooks:
        changed = webhooks.change(webhook_id, lambda before: rotate(before, time.time()))
    _print_secret(changed, as_json)


@contextmanager
def _webhooks(store: str, data_dir: Path) -> "Iterator[Webhooks]":
    if store == "sqlite":
        with _local(data_dir) as (_, webhooks):
            yield webhooks
    else:
        with _on_aws(store) as table:
            yield table


@contextmanager
def _local(data_dir: Path) -> "Iterator[tuple[Feed, EventStore]]":
    import sqlite3
    from contextlib import closing

    from orders_host.relay import EVENTS_DB, open_feed
    from orders_host.relay.store import EventStore
    from orders_host.sqlite_file import SchemaTooNew

    with closing(open_feed(data_dir)) as feed:
        try:
            webhooks = EventStore(data_dir / EVENTS_DB)
        except (OSError, sqlite3.Error, SchemaTooNew) as error:
            raise InvalidOption(f"can't be used: {error}", data_dir=data_dir) from error
        with closing(webhooks):
            yield feed, webhooks


@contextmanager
def _on_aws(store: str) -> "Iterator[DynamoDBWebhooks]":
    from contextlib import closing

    from orders_aws.consumers.webhook_store import DynamoDBWebhooks
    from orders_aws.dynamodb.client import DynamoDBClient, RequestRefused
    from orders_core.stores import StoreUnavailable

    table = parse_store(store, os.environ.get("AWS_REGION", _DEFAULT_REGION))
    assert table is not None
    try:
        with closing(DynamoDBClient(table.region, table.endpoint_url)) as client:
            yield DynamoDBWebhooks(client, table.table)
    except (RequestRefused, StoreUnavailable) as error:
        raise InvalidOption(f"can't be used: {error}", store=store) from error


def _existing(webhooks: "Webhooks", webhook_id: str) -> "Webhook":
    from orders_webhooks.webhook import NoSuchWebhook

    found = webhooks.get(webhook_id)
    if found is None:
        raise NoSuchWebhook(webhook_id)
    return found


def _print_secret(of: "Webhook", as_json: bool) -> None:
    secret = of.secrets[0].value
    if as_json:
        print_json({"id": of.webhook_id, "url": of.url, "secret": secret})
        return
    click.echo(f"Webhook {of.webhook_id}. Its receiver verifies with this secret; it is not shown again:")
    click.echo(secret)


def _row(of: "Webhook") -> Sequence[object]:
    state = of.disabled or (f"failing, {of.failures} times" if of.failures else "ok")
    return [
        of.webhook_id,
        of.url,
        list(of.events) or "all",
        state,
        as_time(of.created_at),
        of.last_error or "-",
    ]


def _time(text: str | None) -> str | None:
    """The time in the form in which events carry it, so that texts sort as times do."""
    if text is None:
        return None
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidOption("is no time: write one such as 2026-01-31T09:00:00Z.", since=text) from None
    return to_text(given)
