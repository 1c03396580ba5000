"""Many orders in one request: each by itself, and none twice."""

import uuid

from tests.blackbox.client import MUGS, ORDERS, Client, Json, path_of, problem

BATCH = f"{ORDERS}:batch"


def place(client: Client, *orders: object, **headers: str) -> Json:
    return client.expect(200, client.send("POST", BATCH, {"orders": orders}, headers=headers))


def test_orders_are_placed_together(ana: Client) -> None:
    orders = [MUGS | {"notes": f"{number}"} for number in range(100)]
    told = place(ana, *orders)
    assert (told["created"], told["replayed"], told["refused"]) == (100, 0, 0)
    assert [each["order"]["notes"] for each in told["results"]] == [order["notes"] for order in orders]
    first, last = told["results"][0]["order"], told["results"][-1]["order"]
    assert [ana.get(first), ana.get(last)] == [first, last]


def test_one_that_is_refused_holds_up_no_other(ana: Client) -> None:
    told = place(ana, MUGS, {"items": []}, MUGS | {"customer_id": "somebody-else"}, MUGS)
    assert [each["status"] for each in told["results"]] == [201, 400, 403, 201]
    assert told["results"][1]["problem"]["errors"][0]["pointer"] == "/items"


def test_a_batch_that_is_sent_again_places_none_twice(ana: Client) -> None:
    key = {"Idempotency-Key": uuid.uuid4().hex}
    own = {"idempotency_key": uuid.uuid4().hex}
    first = place(ana, MUGS, MUGS | own, **key)
    again = place(ana, MUGS, MUGS | own, **key)
    assert (first["created"], again["created"], again["replayed"]) == (2, 0, 2)
    assert [each["order"] for each in again["results"]] == [each["order"] for each in first["results"]]


def test_staff_places_orders_for_customers(staff: Client, ana: Client) -> None:
    told = place(staff, MUGS | {"customer_id": ana.sub}, MUGS)
    order, other = (each["order"] for each in told["results"])
    assert ana.get(order) == order
    problem(ana.send("GET", path_of(other)), 404, "not-found")


def test_a_batch_is_one_request_with_faults_of_its_own(ana: Client) -> None:
    document = problem(ana.send("POST", BATCH, {"orders": [MUGS] * 101}), 400, "invalid-input")
    assert [fault["pointer"] for fault in document["errors"]] == ["/orders"]
    problem(ana.send("POST", BATCH, MUGS, query={"limit": "1"}), 400, "invalid-input")
    problem(ana.send("POST", BATCH, content=b'{"orders": ['), 400, "bad-request")
    response = problem(ana.send("GET", BATCH), 405, "method-not-allowed")
    assert "POST" in response["detail"]
