"""What each version of an order must say of goods and money, counted anew from its document."""

from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Any

Json = dict[str, Any]


def broken_laws(events: Mapping[str, list[Json]]) -> Iterator[str]:
    """The laws of goods and money that a version of an order breaks, or the step from one to the next."""
    for order_id, told in events.items():
        versions = [event["order"] for event in told]
        for order in versions:
            of_it = (*_goods(order), *_payments(order), *_derived_statuses(order))
            yield from (f"order {order_id}, version {order['version']}: {broken}" for broken in of_it)
        for before, after in pairwise(versions):
            of_step = (*_refunds_are_paid_back(before, after), *_nothing_is_taken_back(before, after))
            yield from (f"order {order_id}, version {after['version']}: {broken}" for broken in of_step)


def _goods(order: Json) -> Iterator[str]:
    bought = {line: item["quantity"] for line, item in enumerate(order["items"], start=1)}
    back = [each for each in order.get("returns", []) if each["status"] != "REJECTED"]
    for line, quantity in _by_line(back).items():
        if quantity > bought[line]:
            yield f"{quantity} of line {line} come back, {bought[line]} were bought"
    for line, quantity in _by_line(order.get("shipments", [])).items():
        if quantity > bought[line]:
            yield f"{quantity} of line {line} were shipped, {bought[line]} were bought"
    names = [each["tracking_number"] for each in order.get("shipments", [])]
    yield from (f"shipment {name} is there {count} times" for name, count in _repeated(names))


def _payments(order: Json) -> Iterator[str]:
    payments = order.get("payments", [])
    held = sum(Decimal(each["amount"]) for each in payments if each["status"] != "FAILED")
    if held > Decimal(order.get("total_amount", "0")):
        yield f"{held} is authorized or captured, of {order['total_amount']}"
    for each in payments:
        if _refunded(each) > (Decimal(each["amount"]) if each["status"] == "REFUNDED" else 0):
            yield f"{_refunded(each)} was paid back of a payment of {each['amount']}, {each['status']}"
    names = [each["reference"] for each in payments]
    yield from (f"payment {name} is there {count} times" for name, count in _repeated(names))


def _derived_statuses(order: Json) -> Iterator[str]:
    payments, shipments = order.get("payments", []), order.get("shipments", [])
    captured = sum(Decimal(each["amount"]) for each in payments if each["status"] in ("CAPTURED", "REFUNDED"))
    refunded = sum(map(_refunded, payments))
    if payments:
        if refunded:
            expected = "REFUNDED" if refunded == captured else "PARTIALLY_REFUNDED"
        elif captured:
            expected = "PAID" if captured == Decimal(order["total_amount"]) else "PARTIALLY_PAID"
        else:
            authorized = any(each["status"] == "AUTHORIZED" for each in payments)
            expected = "AUTHORIZED" if authorized else "UNPAID"
        if order["payment_status"] != expected:
            yield f"its payment status is {order['payment_status']}, not {expected}"
    if shipments:
        shipped = _by_line(shipments)
        whole = all(shipped[line] == item["quantity"] for line, item in enumerate(order["items"], start=1))
        expected = "FULFILLED" if whole else "PARTIALLY_FULFILLED"
        if order["fulfilment_status"] != expected:
            yield f"its fulfilment status is {order['fulfilment_status']}, not {expected}"


def _refunds_are_paid_back(before: Json, after: Json) -> Iterator[str]:
    """A return that is refunded takes its refund from the payments of its order, if there are any."""
    refunds = _refunds_of_returns(after) - _refunds_of_returns(before)
    if not refunds or not before.get("payments"):
        return
    paid_back = sum(map(_refunded, after["payments"])) - sum(map(_refunded, before["payments"]))
    if paid_back != refunds:
        yield f"{refunds} was refunded for a return, and {paid_back} was paid back"


def _nothing_is_taken_back(before: Json, after: Json) -> Iterator[str]:
    """What was recorded stays recorded: payments, shipments and returns only grow and move on."""
    for name, key in (("payments", "payment_id"), ("shipments", "shipment_id"), ("returns", "return_id")):
        earlier = [each[key] for each in before.get(name, [])]
        if [each[key] for each in after.get(name, [])][: len(earlier)] != earlier:
            yield f"its {name} are not those of the version before, and perhaps one more"


def _refunds_of_returns(order: Json) -> Decimal:
    refunded = (each for each in order.get("returns", []) if each["status"] == "REFUNDED")
    return sum((Decimal(each["refund_amount"]) for each in refunded), Decimal(0))


def _refunded(payment: Json) -> Decimal:
    return Decimal(payment.get("refunded_amount", "0"))


def _by_line(parts: list[Json]) -> Counter[int]:
    counted: Counter[int] = Counter()
    for part in parts:
        for line in part["lines"]:
            counted[line["line"]] += line["quantity"]
    return counted


def _repeated(names: list[str]) -> list[tuple[str, int]]:
    return [(name, count) for name, count in Counter(names).items() if count > 1]
