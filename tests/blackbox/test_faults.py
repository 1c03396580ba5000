"""Invalid requests: every fault is named, and the answer is a problem document."""

import uuid

import pytest

from tests.blackbox.client import MUG, MUGS, ORDERS, Client, path_of, problem

LIMIT = 256 * 1024

# What is wrong with a body, and where the fault is.
INVALID = {
    "no items": ({}, ["/items"]),
    "empty items": ({"items": []}, ["/items"]),
    "101 items": ({"items": [MUG] * 101}, ["/items"]),
    "unknown field": (MUGS | {"colour": "red"}, ["/colour"]),
    "unknown field of an item": ({"items": [MUG | {"weight": 1}]}, ["/items/0/weight"]),
    "a field with odd signs": (MUGS | {"a/b~c": 1}, ["/a~1b~0c"]),
    "the server's field": (MUGS | {"version": 1}, ["/version"]),
    "a wrong sum": (MUGS | {"total_amount": "1.00"}, ["/total_amount"]),
    "a discount above its line": ({"items": [MUG | {"discount": "19.01"}]}, ["/items/0/discount"]),
    "discounts above the lines": (MUGS | {"discounts": [{"amount": "19.01"}]}, ["/discounts"]),
    "a negative discount": (MUGS | {"discounts": [{"amount": "-1"}]}, ["/discounts/0/amount"]),
    "no discount": ({"items": [MUG | {"discount": None}]}, ["/items/0/discount"]),
    "shipping without a method": (MUGS | {"shipping": {"amount": "4.90"}}, ["/shipping/method"]),
    "shipping in parts of a cent": (
        MUGS | {"shipping": {"method": "standard", "amount": "4.901", "tax": "x"}},
        ["/shipping/amount", "/shipping/tax"],
    ),
    "a tax rate that is none": ({"items": [MUG | {"tax_rate": "21 %"}]}, ["/items/0/tax_rate"]),
    "21 taxes": (MUGS | {"taxes": [{"name": "IVA", "amount": "1"}] * 21}, ["/taxes"]),
    "taxes included, perhaps": (MUGS | {"taxes_included": "yes"}, ["/taxes_included"]),
    "status on creation": (MUGS | {"status": "PENDING"}, ["/status"]),
    "quantity 0": ({"items": [MUG | {"quantity": 0}]}, ["/items/0/quantity"]),
    "quantity 10001": ({"items": [MUG | {"quantity": 10_001}]}, ["/items/0/quantity"]),
    "quantity as text": ({"items": [MUG | {"quantity": "2"}]}, ["/items/0/quantity"]),
    "quantity 1.5": ({"items": [MUG | {"quantity": 1.5}]}, ["/items/0/quantity"]),
    "negative price": ({"items": [MUG | {"unit_price": "-1"}]}, ["/items/0/unit_price"]),
    "too many digits": ({"items": [MUG | {"unit_price": "9.999"}]}, ["/items/0/unit_price"]),
    "yen with digits": ({"currency": "JPY", "items": [MUG]}, ["/items/0/unit_price"]),
    "price above the limit": ({"items": [MUG | {"unit_price": "1000000.01"}]}, ["/items/0/unit_price"]),
    "price as words": ({"items": [MUG | {"unit_price": "ten"}]}, ["/items/0/unit_price"]),
    "no such currency": (MUGS | {"currency": "XXX"}, ["/currency"]),
    "empty product": ({"items": [MUG | {"product_id": ""}]}, ["/items/0/product_id"]),
    "long product": ({"items": [MUG | {"product_id": "p" * 65}]}, ["/items/0/product_id"]),
    "long name": ({"items": [MUG | {"name": "n" * 201}]}, ["/items/0/name"]),
    "long notes": (MUGS | {"notes": "n" * 1_001}, ["/notes"]),
    "empty customer": (MUGS | {"customer_id": ""}, ["/customer_id"]),
    "21 pairs": (MUGS | {"metadata": {str(number): "" for number in range(21)}}, ["/metadata"]),
    "long key": (MUGS | {"metadata": {"k" * 41: ""}}, [f"/metadata/{'k' * 41}"]),
    "long value": (MUGS | {"metadata": {"k": "v" * 201}}, ["/metadata/k"]),
    "value not text": (MUGS | {"metadata": {"k": 1}}, ["/metadata/k"]),
    "a list": ([], [""]),
    "null": (None, [""]),
    "many at once": (
        {"items": [MUG | {"quantity": 0}, {"unit_price": "x"}], "notes": 1, "colour": "red"},
        [
            "/colour",
            "/items/0/quantity",
            "/items/1/product_id",
            "/items/1/quantity",
            "/items/1/unit_price",
            "/notes",
        ],
    ),
}

MALFORMED = {
    "nothing": b"",
    "cut off": b'{"items": [',
    "not JSON": b"items=1",
    "two values": b"{} {}",
    "not a number": b'{"items": [{"product_id": "A", "quantity": NaN, "unit_price": 1}]}',
}


@pytest.mark.parametrize("case", INVALID)
def test_every_fault_is_named(ana: Client, case: str) -> None:
    body, pointers = INVALID[case]
    response = ana.send("POST", ORDERS, content=b"null") if body is None else ana.send("POST", ORDERS, body)
    document = problem(response, 400, "invalid-input")
    assert sorted(fault["pointer"] for fault in document["errors"]) == pointers
    assert all(fault["detail"] for fault in document["errors"])


def test_a_replacement_is_checked_likewise(ana: Client) -> None:
    order = ana.create()
    response = ana.send("PUT", path_of(order), {"items": [MUG | {"quantity": 0}], "status": "LOST"})
    document = problem(response, 400, "invalid-input")
    assert sorted(fault["pointer"] for fault in document["errors"]) == ["/items/0/quantity", "/status"]
    assert ana.get(order) == order


def test_a_name_given_twice_is_named(ana: Client) -> None:
    body = b'{"items": [{"product_id": "A", "quantity": 1, "quantity": 2, "unit_price": 1}]}'
    document = problem(ana.send("POST", ORDERS, content=body), 400, "invalid-input")
    assert [fault["pointer"] for fault in document["errors"]] == ["/items/0/quantity"]


@pytest.mark.parametrize("case", MALFORMED)
def test_what_is_not_json_is_malformed(ana: Client, case: str) -> None:
    problem(ana.send("POST", ORDERS, content=MALFORMED[case]), 400, "bad-request")


def test_deep_nesting_is_refused(ana: Client) -> None:
    response = ana.send("POST", ORDERS, content=b'{"items": ' + b"[" * 100_000 + b"]" * 100_000 + b"}")
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"


def test_the_largest_body_is_read_and_a_larger_one_is_not(ana: Client) -> None:
    body = b'{"items": []}'
    problem(ana.send("POST", ORDERS, content=body.ljust(LIMIT)), 400, "invalid-input")
    problem(ana.send("POST", ORDERS, content=body.ljust(LIMIT + 1)), 413, "payload-too-large")


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", "application/json; charset=latin-1"])
def test_other_media_types_are_refused(ana: Client, media_type: str) -> None:
    response = ana.send("POST", ORDERS, MUGS, headers={"Content-Type": media_type})
    problem(response, 415, "unsupported-media-type")


def test_json_may_say_that_it_is_utf_8(ana: Client) -> None:
    headers = {"Content-Type": "application/json; charset=UTF-8"}
    assert ana.send("POST", ORDERS, MUGS, headers=headers).status_code == 201


@pytest.mark.parametrize("order_id", [str(uuid.UUID(int=0)), "nonsense", "%00", "a%20b", "x" * 500])
def test_an_order_that_does_not_exist(ana: Client, order_id: str) -> None:
    for method, body in (("GET", None), ("PUT", MUGS), ("DELETE", None)):
        problem(ana.send(method, f"{ORDERS}/{order_id}", body), 404, "not-found")


@pytest.mark.parametrize("path", ["/v1", "/v2/orders", "/v1/orders/a/b"])
def test_a_resource_that_does_not_exist(ana: Client, path: str) -> None:
    problem(ana.send("GET", path), 404, "not-found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", ORDERS, {"GET", "POST", "OPTIONS"}),
        ("DELETE", ORDERS, {"GET", "POST", "OPTIONS"}),
        ("POST", f"{ORDERS}/{uuid.UUID(int=0)}", {"GET", "PUT", "PATCH", "DELETE", "OPTIONS"}),
    ],
)
def test_a_method_that_a_resource_has_not(ana: Client, method: str, path: str, allowed: set[str]) -> None:
    response = ana.send(method, path, MUGS)
    problem(response, 405, "method-not-allowed")
    assert {name.strip() for name in response.headers["allow"].split(",")} == allowed


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_parameters_that_an_operation_does_not_know(ana: Client, method: str) -> None:
    order = ana.create()
    response = ana.send(method, path_of(order), MUGS if method == "PUT" else None, query={"force": "true"})
    document = problem(response, 400, "invalid-input")
    assert [fault["parameter"] for fault in document["errors"]] == ["force"]
