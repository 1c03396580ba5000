"""What is to be moved where, checked before anything is written."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlencode

from orders_aws.dynamodb.client import DynamoDBClient, RequestRefused
from orders_aws.dynamodb.store import Tables
from orders_host.data_dir import ORDERS_DB
from orders_host.options import DynamoDBStore
from orders_migration.file_side import FileSide
from orders_migration.state import State, StateFile, only_one
from orders_migration.table_side import TableSide, TargetUnusable

FILE: Final = "sqlite"
"""How a state names orders.db of its data directory."""


class Sides(NamedTuple):
    """Both sides of a migration, open."""

    file: FileSide
    table: TableSide


@contextmanager
def opened(data_dir: Path, store: DynamoDBStore) -> Iterator[Sides]:
    """Open both sides, and keep other migrations away from the data directory.

    Raises:
        FileNotFoundError: there is no orders.db.
        MigrationRunning: another process migrates the directory.
        TargetUnusable: a table is not there, or is another kind of table.
        StoreUnavailable, OSError, sqlite3.Error: a side can't be opened.
    """
    with ExitStack() as stack:
        file = FileSide(data_dir / ORDERS_DB)
        stack.callback(file.close)
        stack.enter_context(only_one(data_dir))
        yield Sides(file, stack.enter_context(opened_table(store)))


@contextmanager
def opened_table(store: DynamoDBStore) -> Iterator[TableSide]:
    """Open the tables of a deployment.

    Raises:
        TargetUnusable: a table is not there, or is another kind of table.
        StoreUnavailable: DynamoDB can't be asked.
    """
    try:
        client = DynamoDBClient(store.region, store.endpoint_url)
    except RequestRefused as error:
        raise TargetUnusable(str(error)) from error
    with closing(client):
        table = TableSide(client, Tables.beside(store.table))
        table.check()
        yield table


def url_of(store: DynamoDBStore) -> str:
    """The store as the option `store` names it, always in the same words."""
    query = {"region": store.region} | ({"endpoint_url": store.endpoint_url} if store.endpoint_url else {})
    return f"dynamodb://{store.table}?{urlencode(query, safe=':/')}"


def begin_to_table(sides: Sides, state_file: StateFile, store: DynamoDBStore) -> State:
    """Return the state to go on from; that of a new migration, which is saved, if there is none.

    Raises:
        TargetUnusable: the tables hold something that no migration from here has brought.
        ValueError: another migration from here has begun, or the state is damaged.
    """
    state = state_file.read()
    target = url_of(store)
    if state is None:
        require_empty(sides.table)
        state = State(FILE, target, sides.file.newest())
        state_file.write(state)
    elif (state.source, state.target) != (FILE, target):
        raise ValueError(
            f"A migration from {state.source} to {state.target} has begun: end it, or remove"
            f" {state_file.path}."
        )
    return state


def require_empty(table: TableSide) -> None:
    """Raise TargetUnusable if there is anything in the tables."""
    if not table.is_empty():
        raise TargetUnusable(
            f"the tables {', '.join(table.tables)} are not empty, and no migration from this directory has"
            " begun: choose empty ones"
        )
