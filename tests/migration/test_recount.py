"""The figures of DynamoDB's tables are counted anew, as after a restore."""

from pathlib import Path

from msgspec.structs import replace

from orders_core.stores import DayFigures
from orders_host.options import DynamoDBStore
from orders_migration.plan import opened_table as opened_side
from orders_migration.plan import url_of
from tests.gateway.test_cli import refused, run
from tests.migration.shop import opened_table, to_table

DAYS = ("2026-01-01", "2026-02-28")


def test_figures_that_are_wrong_are_those_of_the_orders_again(shop: Path, table: DynamoDBStore) -> None:
    to_table(shop, table)
    with opened_table(table) as store:
        right = store.daily_figures(*DAYS)
    first, second = right[:2]
    with opened_side(table) as side:
        wrong = [replace(first, orders=99), replace(second, amount=1)]
        side.put_figures([*wrong, DayFigures("2026-02-27", first.status, "CHF", 3, 300)])
    done = run("recount", "--store", url_of(table))
    assert (done.returncode, done.stdout) == (
        0,
        f"The figures of {sum(each.orders for each in right)} orders are counted anew.\n",
    )
    with opened_table(table) as store:
        assert store.daily_figures(*DAYS) == right


def test_what_can_t_be_recounted_is_told_in_one_line(table: DynamoDBStore) -> None:
    assert "write dynamodb://TABLE" in refused("recount", "--store", "sqlite")
    missing = table._replace(table="no-such-orders")
    assert "no-such-orders can't be used" in refused("recount", "--store", url_of(missing))
