"""A retry finds the first order; two honest identical orders are two orders."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.blackbox.client import MUG, MUGS, ORDERS, Client, problem


def new_key() -> dict[str, str]:
    return {"Idempotency-Key": uuid.uuid4().hex}


def test_a_retry_finds_the_first_order(ana: Client) -> None:
    key = new_key()
    first = ana.send("POST", ORDERS, MUGS, headers=key)
    again = ana.send("POST", ORDERS, MUGS, headers=key)
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert ana.expect(201, again) == ana.expect(201, first)
    for header in ("location", "etag"):
        assert again.headers[header] == first.headers[header]


def test_a_retry_finds_the_order_as_it_is_now(ana: Client) -> None:
    key = new_key()
    order = ana.move(ana.create(**key), "CANCELLED")
    assert ana.create(**key) == order


def test_how_the_json_is_written_does_not_matter(ana: Client) -> None:
    key = new_key()
    order = ana.create(MUGS, **key)
    item = b'{"unit_price": 9.5, "quantity": 2, "name": "Mug", "product_id": "\\u0041-1"}'
    body = b'{"notes": null, "items": [' + item + b"]}"
    assert ana.expect(201, ana.send("POST", ORDERS, content=body, headers=key)) == order


def test_another_order_with_the_same_key_is_refused(ana: Client) -> None:
    key = new_key()
    ana.create(**key)
    response = ana.send("POST", ORDERS, {"items": [MUG | {"quantity": 3}]}, headers=key)
    problem(response, 422, "idempotency-key-reused")


def test_quoted_and_bare_keys_mean_the_same(ana: Client) -> None:
    key = uuid.uuid4().hex
    order = ana.create(**{"Idempotency-Key": key})
    assert ana.create(**{"Idempotency-Key": f'"{key}"'}) == order


def test_a_key_is_its_callers_own(ana: Client, luis: Client) -> None:
    key = new_key()
    assert ana.create(**key)["order_id"] != luis.create(**key)["order_id"]


def test_without_a_key_identical_orders_are_two(ana: Client) -> None:
    assert ana.create()["order_id"] != ana.create()["order_id"]


@pytest.mark.parametrize("key", ["k" * 256, '""'], ids=["too long", "empty"])
def test_a_key_that_is_none_is_refused(ana: Client, key: str) -> None:
    document = problem(ana.send("POST", ORDERS, MUGS, headers={"Idempotency-Key": key}), 400, "invalid-input")
    assert [fault["header"] for fault in document["errors"]] == ["Idempotency-Key"]


def test_the_longest_key_is_taken(ana: Client) -> None:
    key = uuid.uuid4().hex.ljust(255, "~")
    assert ana.create(**{"Idempotency-Key": key}) == ana.create(**{"Idempotency-Key": key})


def test_retries_at_the_same_time_make_one_order(ana: Client) -> None:
    key = new_key()
    with ThreadPoolExecutor(ana.host.parallel) as threads:
        orders = list(threads.map(lambda _: ana.create(**key), range(ana.host.parallel)))
    assert all(order == orders[0] for order in orders)
