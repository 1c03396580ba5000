"""Staff: moves orders and returns on, records payments and shipments, and learns of orders from everybody."""

from tests.api import ORDERS
from tests.simulation.clients import Client, Deed
from tests.simulation.history import Json

_NEXT = {"PENDING": "CONFIRMED", "CONFIRMED": "PROCESSING", "PROCESSING": "SHIPPED", "SHIPPED": "DELIVERED"}
_NEXT_OF_RETURN = {"REQUESTED": "APPROVED", "APPROVED": "RECEIVED", "RECEIVED": "REFUNDED"}
_NEXT_OF_PAYMENT = {"AUTHORIZED": ("CAPTURED", "CAPTURED", "FAILED"), "CAPTURED": ("REFUNDED",)}


class Staff(Client):
    """One of the staff, at its own desk."""

    def _choices(self, known_to_all: dict[str, Json]) -> list[tuple[Deed, float]]:
        self._known = known_to_all
        return [
            (self._move, 8),
            (self._move_return, 3),
            (self._get, 2),
            (self._change, 1),
            (self._record_payment, 3),
            (self._move_payment, 3),
            (self._record_shipment, 2),
        ]

    async def _move(self) -> None:
        if (order := self._some()) is None or order["status"] not in _NEXT:
            return
        asked = {
            "items": order["items"],
            "metadata": order["metadata"],
            "currency": order["currency"],
            "status": _NEXT[order["status"]],
        }
        await self._put(order, "move", self._tag(), asked, if_match=True)

    async def _move_return(self) -> None:
        open_ = [
            (order, each)
            for order in self._known.values()
            for each in order.get("returns", [])
            if each["status"] in _NEXT_OF_RETURN
        ]
        if open_:
            order, each = self._random.choice(open_)
            operation = self._start("decide", order["order_id"], self._tag(), {})
            path = f"{ORDERS}/{order['order_id']}/returns/{each['return_id']}"
            await self._ask(operation, "PUT", path, {"status": _NEXT_OF_RETURN[each["status"]]})

    async def _record_payment(self) -> None:
        """Record a payment of the whole order, or of a part, whatever others record meanwhile."""
        if (order := self._some()) is None:
            return
        tag = self._tag()
        body = {
            "provider": "bank",
            "reference": tag,
            "amount": order["total_amount"] if self._random.random() < 0.7 else "9.50",
            "status": self._random.choice(("AUTHORIZED", "CAPTURED")),
        }
        await self._record(order, "payments", tag, body)

    async def _move_payment(self) -> None:
        movable = [
            (order, each)
            for order in self._known.values()
            for each in order.get("payments", [])
            if each["status"] in _NEXT_OF_PAYMENT
        ]
        if movable:
            order, each = self._random.choice(movable)
            operation = self._start("move payment", order["order_id"], self._tag(), {})
            path = f"{ORDERS}/{order['order_id']}/payments/{each['payment_id']}"
            status = self._random.choice(_NEXT_OF_PAYMENT[each["status"]])
            await self._ask(operation, "PUT", path, {"status": status})

    async def _record_shipment(self) -> None:
        if (order := self._some("PROCESSING", "SHIPPED")) is None:
            return
        tag = self._tag()
        line = self._random.randint(1, len(order["items"]))
        quantity = self._random.randint(1, order["items"][line - 1]["quantity"])
        lines = [{"line": line, "quantity": quantity}]
        body = {"carrier": "dhl", "tracking_number": tag, "lines": lines}
        await self._record(order, "shipments", tag, body)

    async def _record(self, order: Json, collection: str, tag: str, body: Json) -> None:
        """Send it once, or again with the same key if the answer was lost."""
        path = f"{ORDERS}/{order['order_id']}/{collection}"
        for _ in range(2):
            operation = self._start(f"record {collection}", order["order_id"], tag, {})
            if await self._ask(operation, "POST", path, body, {"idempotency-key": tag}) is not None:
                return
