"""What a caller may do, as tables: permissions, the groups that have them, the operations that need them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Permission(StrEnum):
    """A kind of work, by the name that problem documents and the contract give it."""

    ORDERS_READ = "orders:read"
    ORDERS_WRITE = "orders:write"
    ORDERS_MOVE = "orders:move"
    ORDERS_EXPORT = "orders:export"
    PAYMENTS_WRITE = "payments:write"
    SHIPMENTS_WRITE = "shipments:write"
    RETURNS_DECIDE = "returns:decide"
    STATISTICS_READ = "statistics:read"
    CUSTOMERS_EXPORT = "customers:export"
    CUSTOMERS_ERASE = "customers:erase"
    WEBHOOKS_MANAGE = "webhooks:manage"


MEANINGS: Final[Mapping[Permission, str]] = {
    Permission.ORDERS_READ: "read and list orders and their events",
    Permission.ORDERS_WRITE: "place, change, cancel and delete orders, comment on them, ask for returns",
    Permission.ORDERS_MOVE: "set any status of an order that the status machine permits",
    Permission.ORDERS_EXPORT: "export all orders as one stream",
    Permission.PAYMENTS_WRITE: "record payments and move them",
    Permission.SHIPMENTS_WRITE: "record shipments",
    Permission.RETURNS_DECIDE: "decide on returns and move them, up to the refund",
    Permission.STATISTICS_READ: "see the figures of each day",
    Permission.CUSTOMERS_EXPORT: "export all that is held of a customer",
    Permission.CUSTOMERS_ERASE: "erase the personal data of a customer",
    Permission.WEBHOOKS_MANAGE: "see and manage webhooks and repeat their deliveries",
}

OF_CUSTOMERS: Final = frozenset({Permission.ORDERS_READ, Permission.ORDERS_WRITE})
"""What a user may do who is in no group of the shop: with orders of their own only."""

GROUPS: Final[Mapping[str, frozenset[Permission]]] = {
    "support": frozenset(
        {
            Permission.ORDERS_READ,
            Permission.ORDERS_WRITE,
            Permission.RETURNS_DECIDE,
            Permission.CUSTOMERS_EXPORT,
        }
    ),
    "fulfilment": frozenset(
        {Permission.ORDERS_READ, Permission.ORDERS_MOVE, Permission.SHIPMENTS_WRITE},
    ),
    "finance": frozenset(
        {
            Permission.ORDERS_READ,
            Permission.ORDERS_EXPORT,
            Permission.PAYMENTS_WRITE,
            Permission.RETURNS_DECIDE,
            Permission.STATISTICS_READ,
        }
    ),
    "admin": frozenset(Permission),
    "staff": frozenset(Permission),
}
"""The groups of the shop, whose members work with the orders of all customers.

A member of several may do what any of them may. `staff` is the group of a shop that does not tell its people
apart, and may do all that `admin` may.
"""

NEEDED: Final[Mapping[str, tuple[Permission, ...]]] = {
    "create_order": (Permission.ORDERS_WRITE,),
    "create_orders": (Permission.ORDERS_WRITE,),
    "list_orders": (Permission.ORDERS_READ,),
    "get_statistics": (Permission.STATISTICS_READ,),
    "export_orders": (Permission.ORDERS_EXPORT,),
    "get_order": (Permission.ORDERS_READ,),
    # With one of the two: which one depends on what the body changes, see models.change.
    "replace_order": (Permission.ORDERS_WRITE, Permission.ORDERS_MOVE),
    "change_order": (Permission.ORDERS_WRITE, Permission.ORDERS_MOVE),
    "delete_order": (Permission.ORDERS_WRITE,),
    "list_order_events": (Permission.ORDERS_READ,),
    "request_return": (Permission.ORDERS_WRITE,),
    "move_return": (Permission.RETURNS_DECIDE,),
    "record_payment": (Permission.PAYMENTS_WRITE,),
    "move_payment": (Permission.PAYMENTS_WRITE,),
    "record_shipment": (Permission.SHIPMENTS_WRITE,),
    "write_comment": (Permission.ORDERS_WRITE,),
    "export_customer": (Permission.CUSTOMERS_EXPORT,),
    "erase_customer": (Permission.CUSTOMERS_ERASE,),
    "list_webhooks": (Permission.WEBHOOKS_MANAGE,),
    "create_webhook": (Permission.WEBHOOKS_MANAGE,),
    "get_webhook": (Permission.WEBHOOKS_MANAGE,),
    "change_webhook": (Permission.WEBHOOKS_MANAGE,),
    "delete_webhook": (Permission.WEBHOOKS_MANAGE,),
    "rotate_webhook_secret": (Permission.WEBHOOKS_MANAGE,),
    "list_webhook_deliveries": (Permission.WEBHOOKS_MANAGE,),
    "replay_webhook": (Permission.WEBHOOKS_MANAGE,),
}
"""Of each operation the permissions of which one is enough."""
