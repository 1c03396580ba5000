"""The tables of orders.db, and the statements that lead from each version of them to the next."""

from typing import Final

from orders_core.stores import SortField
from orders_host import search_index
from orders_host.sqlite_file import Migrations

MIGRATIONS: Final[Migrations] = (
    (
        """CREATE TABLE orders (
            order_id    TEXT PRIMARY KEY,
            customer_id TEXT NOT NULL,
            status      TEXT NOT NULL,
            created_at  TEXT NOT NULL,
            currency    TEXT NOT NULL,
            total       INTEGER NOT NULL,
            document    BLOB NOT NULL
        ) STRICT""",
        "CREATE INDEX customer_index ON orders (customer_id, created_at, order_id)",
        "CREATE INDEX status_index ON orders (status, created_at, order_id)",
        "CREATE INDEX recent_index ON orders (created_at, order_id)",
        """CREATE TABLE outbox (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            order_id TEXT NOT NULL,
            version  INTEGER NOT NULL,
            document BLOB NOT NULL
        ) STRICT""",
        "CREATE UNIQUE INDEX outbox_order_index ON outbox (order_id, version)",
    ),
    (
        "CREATE INDEX customer_status_index ON orders (customer_id, status, created_at, order_id)",
        # The sum of a day's largest orders exceeds 64 bits: it is kept in two parts of 32 bits each.
        """CREATE TABLE daily_figures (
            day         TEXT NOT NULL,
            status      TEXT NOT NULL,
            currency    TEXT NOT NULL,
            orders      INTEGER NOT NULL,
            amount_high INTEGER NOT NULL,
            amount_low  INTEGER NOT NULL,
            PRIMARY KEY (day, status, currency)
        ) STRICT, WITHOUT ROWID""",
        """INSERT INTO daily_figures
            SELECT substr(created_at, 1, 10), status, currency,
                   count(*), sum(total >> 32), sum(total & 0xffffffff)
            FROM orders GROUP BY 1, 2, 3""",
        """CREATE TABLE tombstone (
            order_id   TEXT PRIMARY KEY,
            deleted_at TEXT NOT NULL
        ) STRICT, WITHOUT ROWID""",
        "CREATE INDEX tombstone_by_time ON tombstone (deleted_at)",
        """INSERT INTO tombstone
            SELECT order_id, CAST(document AS TEXT) ->> '$.time' FROM outbox
            WHERE CAST(document AS TEXT) ->> '$.type' = 'OrderDeleted'""",
        # Restoring a backup begins a new epoch: see docs/decisions/backup.md.
        "CREATE TABLE epoch (only INTEGER PRIMARY KEY CHECK (only = 1), number INTEGER NOT NULL) STRICT",
        "INSERT INTO epoch VALUES (1, 0)",
    ),
    (
        "ALTER TABLE orders ADD COLUMN external_reference TEXT",
        """UPDATE orders
            SET external_reference = CAST(document AS TEXT) ->> '$.content.external_reference'
            WHERE json_valid(CAST(document AS TEXT))""",
        """CREATE INDEX reference_index ON orders (external_reference, created_at, order_id)
            WHERE external_reference IS NOT NULL""",
    ),
    (
        # Where each day's events begin. An index by time would cost every event what this costs a day, and a
        # clock that was set back does not mislead it: it gives the first event of each day, by number.
        """CREATE TABLE outbox_day (
            day            TEXT PRIMARY KEY,
            first_sequence INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID""",
        """INSERT INTO outbox_day
            SELECT substr(CAST(document AS TEXT) ->> '$.time', 1, 10), min(sequence)
            FROM outbox WHERE json_valid(CAST(document AS TEXT)) GROUP BY 1""",
    ),
    (search_index.CREATE,),
    (
        "ALTER TABLE orders ADD COLUMN updated_at TEXT NOT NULL DEFAULT ''",
        """UPDATE orders SET updated_at = CAST(document AS TEXT) ->> '$.updated_at'
            WHERE json_valid(CAST(document AS TEXT))""",
        "CREATE INDEX updated_index ON orders (status, updated_at, order_id)",
        "CREATE INDEX total_index ON orders (currency, status, total, order_id)",
    ),
    (
        # Whose a deleted order was: its events are erased with the customer's other data.
        "ALTER TABLE tombstone ADD COLUMN customer_id TEXT NOT NULL DEFAULT ''",
        """UPDATE tombstone SET customer_id = coalesce((
            SELECT CAST(document AS TEXT) ->> '$.order.customer_id' FROM outbox
            WHERE outbox.order_id = tombstone.order_id AND json_valid(CAST(document AS TEXT))
            ORDER BY version LIMIT 1), '')""",
        "CREATE INDEX tombstone_by_customer ON tombstone (customer_id, order_id)",
    ),
)

CUSTOMER_INDEX: Final = "customer_index"
"""All orders of a customer, by the time they were placed."""

REFERENCE_INDEX: Final = "reference_index"
"""The index that answers listings by the shop's own number; orders without one are not in it."""

LISTING_INDEXES: Final = {
    # By whether the customer and the status are given.
    (False, False): "recent_index",
    (False, True): "status_index",
    (True, False): CUSTOMER_INDEX,
    (True, True): "customer_status_index",
}
"""The index that answers each listing by the time of placing, so that a page costs what it shows."""

SORT_INDEXES: Final = {SortField.UPDATED_AT: "updated_index", SortField.TOTAL_AMOUNT: "total_index"}
"""The index that answers each other order, status by status. A customer has none of its own: two more would
cost each write as much again, and its orders are few enough to be sorted."""
