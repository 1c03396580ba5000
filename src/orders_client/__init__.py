"""A client of the Orders API: `Orders` for threads, `AsyncOrders` for asyncio, the same calls in both.

    with Orders("http://127.0.0.1:8080", "ana@example.com", password) as orders:
        order = orders.create([NewLineItem("A-1", 2, Decimal("9.50"))])
        order = orders.cancel(order)

The exceptions are in `orders_client.errors`.
"""

from orders_client.asynchronous import AsyncOrders
from orders_client.errors import OrdersError, Problem
from orders_client.retrying import Retries
from orders_client.session import Host
from orders_client.synchronous import Orders
from orders_client.types import (
    Discount,
    NewComment,
    NewLineItem,
    NewOrder,
    NewPayment,
    NewShipment,
    Order,
    OrderStatus,
    PaymentStatus,
    ReturnLine,
    ReturnStatus,
    ShipmentLine,
    Shipping,
    Tax,
    Visibility,
)

__all__ = [
    "AsyncOrders",
    "Discount",
    "Host",
    "NewComment",
    "NewLineItem",
    "NewOrder",
    "NewPayment",
    "NewShipment",
    "Order",
    "OrderStatus",
    "Orders",
    "OrdersError",
    "PaymentStatus",
    "Problem",
    "Retries",
    "ReturnLine",
    "ReturnStatus",
    "ShipmentLine",
    "Shipping",
    "Tax",
    "Visibility",
]
