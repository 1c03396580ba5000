"""A batch of orders: each is judged by itself, and all of them together take neither time nor space."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from tests.api import ANA, LUIS, STAFF, Api, Json

from orders_core import order_numbers
from orders_core.models import Order
from orders_core.operations import placing
from orders_core.schemas import MAX_BODY_BYTES
from orders_core.stores import CreateRefused, StoreUnavailable
from orders_core.telemetry import Placed
from orders_host.sqlite import SqliteOrderRepository

BATCH = "/v1/orders:batch"
MUG = {"product_id": "A-1", "quantity": 2, "unit_price": "9.50"}
MUGS = {"items": [MUG]}


class Store(SqliteOrderRepository):
    """A store that throttles some of the orders of a batch."""

    throttled: frozenset[int] = frozenset()

    def create_all(self, orders: Sequence[Order]) -> list[CreateRefused | None]:
        return [
            StoreUnavailable("throttled") if number in self.throttled else self._refusal(order)
            for number, order in enumerate(orders)
        ]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "orders.db")
    yield opened
    opened.close()


@pytest.fixture
def api(store: Store) -> Api:
    return Api(store)


def batch(api: Api, *orders: object, **headers: str) -> Json:
    answer = api.send("POST", BATCH, {"orders": orders}, headers=headers)
    return answer.expect(200)


def test_an_order_is_answered_as_if_it_had_come_alone(api: Api) -> None:
    (result,) = batch(api, MUGS)["results"]
    alone = api.send("GET", f"/v1/orders/{result['order_id']}").expect(200)
    assert result == {
        "status": 201,
        "order_id": alone["order_id"],
        "order_number": alone["order_number"],
        "order": alone,
    }


@pytest.mark.parametrize(
    "order",
    [
        {"items": []},
        {"items": [MUG], "colour": "red"},
        {"items": [MUG], "total_amount": "1.00"},
        {"items": [MUG], "customer_id": "luis"},
        {"items": [MUG | {"unit_price": "9.999"}], "currency": "JPY"},
        [],
        7,
    ],
    ids=["empty", "unknown field", "wrong sum", "another's", "digits", "array", "number"],
)
def test_a_fault_is_told_as_if_the_order_had_come_alone(api: Api, order: object) -> None:
    """Alone it may have no key of its own, which is all that differs."""
    alone = api.send("POST", "/v1/orders", order)
    told = batch(api, MUGS, order, MUGS)
    (_, refused, _) = told["results"]
    assert (told["created"], told["refused"]) == (2, 1)
    assert refused["status"] == alone.status
    document, expected = refused["problem"], alone.json
    for each in (document, expected):
        del each["request_id"], each["instance"]
    text = json.dumps(document).replace(", idempotency_key", "")
    assert json.loads(text) == expected


def test_the_batch_itself_has_faults_too(api: Api) -> None:
    empty = api.send("POST", BATCH, {"orders": []}).expect(400)
    assert [fault["pointer"] for fault in empty["errors"]] == ["/orders"]
    many = api.send("POST", BATCH, {"orders": [MUGS] * 101}).expect(400)
    assert many["errors"][0]["detail"] == "must be at most 100 elements in all, not 101"
    # A batch has more values than an order may have, and its own faults are named all the same.
    large = {"orders": [{"items": [MUG] * 20}] * 100, "colour": "red"}
    assert [fault["pointer"] for fault in api.send("POST", BATCH, large).expect(400)["errors"]] == ["/colour"]
    twice = b'{"orders": [{"items": []}], "orders": []}'
    assert "more than once" in api.send("POST", BATCH, content=twice).body
    assert api.send("POST", BATCH, content=b"{").status == 400
    assert api.send("POST", BATCH, content=b" " * (MAX_BODY_BYTES + 1)).status == 413


def test_a_repeated_name_is_found_in_its_order(api: Api) -> None:
    mug = json.dumps(MUG)
    orders = [f'{{"items": [{mug}], "notes": "a", "notes": "b"}}', json.dumps(MUGS)]
    content = f'{{"orders": [{", ".join(orders)}]}}'.encode()
    faulty, fine = api.send("POST", BATCH, content=content).expect(200)["results"]
    assert faulty["problem"]["errors"] == [{"pointer": "/notes", "detail": "is given more than once"}]
    assert fine["status"] == 201


def test_a_text_that_looks_like_names_is_none(api: Api) -> None:
    orders = [{"items": [MUG] * 60, "notes": '"a": "b", "a":'} for _ in range(20)]
    assert batch(api, *orders)["created"] == 20


def test_a_repeated_batch_doubles_nothing(api: Api) -> None:
    first = batch(api, MUGS, MUGS, **{"Idempotency-Key": "b1"})
    again = batch(api, MUGS, MUGS, **{"Idempotency-Key": "b1"})
    assert (first["created"], again["created"], again["replayed"]) == (2, 0, 2)
    assert [each["order"] for each in again["results"]] == [each["order"] for each in first["results"]]
    assert [each["replayed"] for each in again["results"]] == [True, True]


def test_a_key_of_an_order_is_that_of_an_order_alone(api: Api) -> None:
    alone = api.send("POST", "/v1/orders", MUGS, headers={"Idempotency-Key": "k1"}).expect(201)
    (result,) = batch(api, MUGS | {"idempotency_key": "k1"})["results"]
    assert (result["replayed"], result["order"]) == (True, alone)
    (other,) = batch(api, {"items": [MUG | {"quantity": 3}], "idempotency_key": "k1"})["results"]
    assert other["problem"]["type"].endswith("/idempotency-key-reused")


def test_a_key_of_the_batch_is_none_of_an_order(api: Api) -> None:
    api.send("POST", "/v1/orders", MUGS, headers={"Idempotency-Key": "k1"}).expect(201)
    assert batch(api, MUGS, **{"Idempotency-Key": "k1"})["created"] == 1


def test_a_key_is_used_once_in_a_batch(api: Api) -> None:
    keyed = MUGS | {"idempotency_key": "k1"}
    told = batch(api, keyed, keyed)
    assert [each["status"] for each in told["results"]] == [201, 400]
    assert told["results"][1]["problem"]["errors"][0]["pointer"] == "/idempotency_key"


def test_another_callers_keys_are_other_keys(api: Api) -> None:
    keyed = {"orders": [MUGS | {"idempotency_key": "k1"}]}
    orders = [api.send("POST", BATCH, keyed, caller=caller).expect(200) for caller in (ANA, LUIS, STAFF)]
    assert [each["created"] for each in orders] == [1, 1, 1]


def test_the_key_of_a_deleted_order_is_used_up(api: Api) -> None:
    (result,) = batch(api, MUGS | {"idempotency_key": "k1"})["results"]
    assert api.send("DELETE", f"/v1/orders/{result['order_id']}").status == 204
    (again,) = batch(api, MUGS | {"idempotency_key": "k1"})["results"]
    assert again["status"] == 422


def test_what_the_store_does_not_take_is_unavailable_and_the_rest_is_there(api: Api, store: Store) -> None:
    store.throttled = frozenset({1})
    orders = [MUGS | {"idempotency_key": f"k{number}"} for number in range(3)]
    told = batch(api, *orders)
    assert [each["status"] for each in told["results"]] == [201, 503, 201]
    store.throttled = frozenset()
    again = batch(api, *orders)
    assert [each["status"] for each in again["results"]] == [201, 201, 201]
    assert (again["created"], again["replayed"]) == (1, 2)


def test_ids_that_are_taken_by_chance_are_tried_again(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = batch(api, MUGS)["results"][0]["order_id"]
    new_id, ids = order_numbers.new_id, [taken, taken]
    monkeypatch.setattr(order_numbers, "new_id", lambda: ids.pop() if ids else new_id())
    assert batch(api, MUGS, MUGS)["created"] == 2
    monkeypatch.setattr(order_numbers, "new_id", lambda: taken)
    assert [each["status"] for each in batch(api, MUGS)["results"]] == [503]


def test_each_order_counts_as_placed(api: Api) -> None:
    batch(api, MUGS, {}, MUGS | {"idempotency_key": "k1"})
    batch(api, MUGS | {"idempotency_key": "k1"})
    placed = [list(each.placed) for each in api.telemetry.observations]
    assert placed == [[Placed(1_900, "EUR")] * 2, []]


def test_each_order_has_its_event(api: Api) -> None:
    for result in batch(api, MUGS, MUGS)["results"]:
        (event,) = api.send("GET", f"/v1/orders/{result['order_id']}/events").expect(200)["events"]
        assert (event["type"], event["order"]) == ("OrderCreated", result["order"])


def test_orders_are_shown_as_far_as_an_answer_takes_them(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Orders that were placed before may have grown since."""
    monkeypatch.setattr(placing, "MAX_PAGE_BYTES", 1_500)
    told = batch(api, MUGS, MUGS, MUGS)
    assert told["created"] == 3
    assert ["order" in each for each in told["results"]] == [True, True, False]
    assert api.send("GET", f"/v1/orders/{told['results'][2]['order_id']}").status == 200


def test_faults_without_end_are_not_told_to_the_end(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placing, "_MAX_FAULTS_TOLD", 5)
    told = batch(api, *[{"items": [], "a": 1, "b": 2}] * 4)
    counts = [len(each["problem"]["errors"]) for each in told["results"]]
    assert counts == [3, 3, 1, 1]
    monkeypatch.setattr(placing, "_MAX_FAULTS_TOLD", 1_000)
    monkeypatch.setattr(placing, "_MAX_BYTES_WALKED", 20)
    told = batch(api, *[{"items": [], "a": 1, "b": 2}] * 2)
    assert [len(each["problem"]["errors"]) for each in told["results"]] == [3, 1]
    assert [each["status"] for each in told["results"]] == [400, 400]
