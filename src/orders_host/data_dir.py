"""The host's files in its data directory, by name."""

from typing import Final

ORDERS_DB: Final = "orders.db"
EVENTS_DB: Final = "events.db"
GATEWAY_DB: Final = "gateway.db"

DATABASES: Final = (EVENTS_DB, ORDERS_DB, GATEWAY_DB)
"""In the order in which a backup pins them: how far a webhook has come is never ahead of the events."""

RESTORING: Final = "restoring"
"""The folder that a restore works in. While it is there, the databases beside it can't be opened."""
