"""What callers of each group are answered: the 403 names the permission that is missing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.api import ANA, ORDERS, Api, Caller, Json

from orders_host.sqlite import SqliteOrderRepository

SUPPORT, FULFILMENT, FINANCE = (Caller(group, group) for group in ("support", "fulfilment", "finance"))
MUGS: Json = {"items": [{"product_id": "A-1", "name": "Mug", "quantity": 2, "unit_price": "9.50"}]}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    store = SqliteOrderRepository(tmp_path / "orders.db")
    yield Api(store)
    store.close()


@pytest.fixture
def order(api: Api) -> Json:
    return api.create(MUGS)


def needed(answer: Json) -> list[str]:
    """The permissions that a refusal names, in the document and in its detail."""
    assert all(each in answer["detail"] for each in answer["needed_permissions"])
    names: list[str] = answer["needed_permissions"]
    return names


def path_of(order: Json) -> str:
    return f"{ORDERS}/{order['order_id']}"


@pytest.mark.parametrize("caller", [ANA, SUPPORT, FULFILMENT])
def test_the_figures_are_for_finance(api: Api, caller: Caller) -> None:
    refused = api.send("GET", f"{ORDERS}/stats", caller=caller).expect(403)
    assert needed(refused) == ["statistics:read"]
    api.send("GET", f"{ORDERS}/stats", caller=FINANCE).expect(200)


def test_an_unknown_order_is_not_looked_for_without_permission(api: Api) -> None:
    path = f"{ORDERS}/00000000-0000-0000-0000-000000000000/payments"
    assert needed(api.send("POST", path, {}, caller=SUPPORT).expect(403)) == ["payments:write"]


def test_support_changes_and_cancels_but_does_not_move(api: Api, order: Json) -> None:
    path = path_of(order)
    api.send("PATCH", path, {"notes": "Call first"}, caller=SUPPORT).expect(200)
    refused = api.send("PATCH", path, {"status": "CONFIRMED"}, caller=SUPPORT).expect(403)
    assert needed(refused) == ["orders:move"]
    assert (
        api.send("PATCH", path, {"status": "CANCELLED"}, caller=SUPPORT).expect(200)["status"] == "CANCELLED"
    )


def test_fulfilment_moves_but_does_not_change(api: Api, order: Json) -> None:
    path = path_of(order)
    refused = api.send("PATCH", path, {"notes": "Call first"}, caller=FULFILMENT).expect(403)
    assert needed(refused) == ["orders:write"]
    moved = api.send("PATCH", path, {"status": "CONFIRMED"}, caller=FULFILMENT).expect(200)
    assert (moved["status"], moved["history"][-1]["by"]) == ("CONFIRMED", "fulfilment")


def test_finance_neither_moves_nor_changes(api: Api, order: Json) -> None:
    refused = api.send("PUT", path_of(order), MUGS | {"status": "CONFIRMED"}, caller=FINANCE).expect(403)
    assert needed(refused) == ["orders:write", "orders:move"]
