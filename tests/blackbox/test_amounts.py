"""Discounts, shipping and taxes: kept as given, summed up, checked against given sums, refunded."""

from tests.blackbox.client import JOURNEY, MUG, MUGS, ORDERS, Client, path_of, problem

LAMP = {"product_id": "B-7", "name": "Lamp", "quantity": 1, "unit_price": "49.99"}
BARGAIN = {
    "items": [MUG | {"discount": "1.00", "tax": "3.78", "tax_rate": "21"}, LAMP],
    "discounts": [{"amount": "5.00", "code": "SPRING"}, {"amount": "2.50", "description": "Regulars"}],
    "shipping": {"method": "standard", "amount": "4.90", "tax": "1.03"},
    "taxes": [{"name": "IVA", "amount": "10.00", "rate": "21"}],
}
SUMS = {
    "subtotal": "68.99",
    "discount_total": "8.50",
    "shipping_total": "4.90",
    "tax_total": "14.81",
    "total_amount": "80.20",
}


def test_what_was_sent_is_kept_and_summed_up(ana: Client) -> None:
    order = ana.create(BARGAIN | SUMS)
    shown = BARGAIN | SUMS
    assert {name: order[name] for name in shown} == shown
    assert ana.get(order) == order


def test_wrong_sums_are_refused_with_their_arithmetic(ana: Client) -> None:
    sent = BARGAIN | SUMS | {"total_amount": "80.19", "subtotal": 69}
    document = problem(ana.send("POST", ORDERS, sent), 400, "invalid-input")
    assert document["errors"] == [
        {"pointer": "/subtotal", "detail": "must be 68.99 = 2 × 9.50 + 1 × 49.99, not 69.00"},
        {
            "pointer": "/total_amount",
            "detail": "must be 80.20 = 68.99 - 8.50 + 4.90 + 14.81"
            " (subtotal - discount_total + shipping_total + tax_total), not 80.19",
        },
    ]


def test_prices_may_include_the_taxes(ana: Client) -> None:
    order = ana.create(BARGAIN | {"taxes_included": True})
    assert (order["taxes_included"], order["tax_total"], order["total_amount"]) == (True, "14.81", "65.39")


def test_a_patch_changes_a_part_and_the_sums_follow(ana: Client) -> None:
    order = ana.create(BARGAIN)
    dearer = {"shipping": {"amount": "6.90"}, "total_amount": "82.20"}
    changed = ana.expect(200, ana.send("PATCH", path_of(order), dearer))
    assert changed["shipping"] == {"method": "standard", "amount": "6.90", "tax": "1.03"}
    assert changed["total_amount"] == "82.20"
    untaxed = ana.expect(200, ana.send("PATCH", path_of(order), {"shipping": {"tax": None}}))
    assert untaxed["shipping"] == {"method": "standard", "amount": "6.90"}
    carried = ana.expect(200, ana.send("PATCH", path_of(order), {"shipping": None, "discounts": None}))
    assert not {"shipping", "discounts"} & carried.keys()
    document = problem(ana.send("PATCH", path_of(order), {"total_amount": "1.00"}), 400, "invalid-input")
    assert [fault["pointer"] for fault in document["errors"]] == ["/total_amount"]


def test_all_that_comes_back_is_refunded_with_shipping_to_the_cent(ana: Client, staff: Client) -> None:
    order = staff.move(ana.create(BARGAIN), *JOURNEY)
    path = f"{path_of(order)}/returns"
    for lines in ([{"line": 1, "quantity": 1}], [{"line": 1, "quantity": 1}, {"line": 2, "quantity": 1}]):
        order = ana.expect(201, ana.send("POST", path, {"lines": lines, "reason": "Too big"}))
        asked = f"{path}/{order['returns'][-1]['return_id']}"
        for status in ("APPROVED", "RECEIVED"):
            staff.expect(200, staff.send("PUT", asked, {"status": status}))
    document = problem(
        staff.send("PUT", asked, {"status": "REFUNDED", "shipping_refund": "5.94"}), 400, "invalid-input"
    )
    assert document["errors"] == [
        {
            "pointer": "/shipping_refund",
            "detail": "must be at most 5.93 = 5.93 paid for shipping - 0.00 refunded, not 5.94",
        }
    ]
    refund = {"status": "REFUNDED", "shipping_refund": "5.93"}
    order = staff.expect(200, staff.send("PUT", asked, refund))
    assert staff.expect(200, staff.send("PUT", asked, refund)) == order
    assert order["returns"][1]["shipping_refund"] == "5.93"
    cents = [int(each["refund_amount"].replace(".", "")) for each in order["returns"]]
    assert sum(cents) == 8_020


def test_an_order_of_items_alone_is_as_ever(ana: Client) -> None:
    order = ana.create(MUGS)
    assert not {"discounts", "shipping", "taxes", "taxes_included"} & order.keys()
    assert set(order["items"][0]) == {"product_id", "name", "quantity", "unit_price"}
