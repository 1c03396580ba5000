"""`orders recount`: the daily figures of a deployment's tables, counted anew."""

import os

import click

from orders_core.stores import StoreUnavailable
from orders_host.options import InvalidOption, parse_store

_DEFAULT_REGION = "eu-west-1"


@click.command()
@click.option("--store", required=True, metavar="STORE", help="dynamodb://TABLE?region=…&endpoint_url=…")
def recount(store: str) -> None:
    """Count the daily figures of DynamoDB's tables anew from the orders, after a table was restored.

    Close the API first: a change that is made meanwhile would be missing from the figures.
    """
    table = parse_store(store, os.environ.get("AWS_REGION", _DEFAULT_REGION))
    if table is None:
        raise InvalidOption("keeps its figures right by itself: write dynamodb://TABLE", store=store)
    from orders_migration import figures
    from orders_migration.plan import opened_table

    try:
        with opened_table(table) as side:
            counted = figures.recount(side)
    except (StoreUnavailable, ValueError) as error:
        raise InvalidOption(f"can't be used: {error}", store=store) from error
    click.echo(f"The figures of {counted:,} orders are counted anew.")
