"""Changing some of an order by a JSON Merge Patch (RFC 7396)."""

import httpx
import pytest

from tests.blackbox.client import MUG, MUGS, ORDERS, Client, Json, path_of, problem

MERGE_PATCH = {"Content-Type": "application/merge-patch+json"}
FULL = MUGS | {
    "notes": "Ring twice",
    "metadata": {"channel": "web", "gift": "no"},
    "contact": {"name": "Ana", "email": "ana@example.com"},
    "shipping_address": {"lines": ["Calle Mayor 1"], "city": "Madrid", "country": "ES"},
}


def patch(client: Client, order: Json, changes: object, **headers: str) -> httpx.Response:
    return client.send("PATCH", path_of(order), changes, headers=MERGE_PATCH | headers)


def test_what_is_left_out_stays_and_null_removes(ana: Client) -> None:
    order = ana.create(FULL)
    changes = {
        "notes": None,
        "metadata": {"gift": "yes", "channel": None},
        "contact": {"phone": "+34911234567"},
        "shipping_address": {"city": "Toledo"},
    }
    response = patch(ana, order, changes, **{"If-Match": '"1"'})
    changed = ana.expect(200, response)
    assert response.headers["etag"] == '"2"'
    expected = {
        "notes": None,
        "metadata": {"gift": "yes"},
        "contact": order["contact"] | {"phone": "+34911234567"},
        "shipping_address": order["shipping_address"] | {"city": "Toledo"},
    }
    assert changed == order | expected | {"version": 2, "updated_at": changed["updated_at"]}
    assert ana.get(order) == changed


def test_lists_are_replaced_as_a_whole_and_numbers_read_as_written(ana: Client) -> None:
    order = ana.create(FULL)
    content = b'{"items": [{"product_id": "B-7", "quantity": 3, "unit_price": 0.10}]}'
    response = ana.send("PATCH", path_of(order), content=content, headers=MERGE_PATCH)
    changed = ana.expect(200, response)
    assert [item["product_id"] for item in changed["items"]] == ["B-7"]
    assert (changed["total_amount"], changed["notes"]) == ("0.30", "Ring twice")


def test_a_patch_that_changes_nothing_writes_nothing(ana: Client) -> None:
    order = ana.create(FULL)
    for same in ({}, {"notes": "Ring twice"}, {"external_reference": None}, {"status": "PENDING"}):
        assert ana.expect(200, patch(ana, order, same)) == order


def test_plain_json_is_taken_for_a_merge_patch_and_nothing_else_is(ana: Client) -> None:
    order = ana.create()
    assert ana.expect(200, ana.send("PATCH", path_of(order), {"notes": "plain"}))["notes"] == "plain"
    wrong = ana.send("PATCH", path_of(order), [], headers={"Content-Type": "application/json-patch+json"})
    assert "application/merge-patch+json" in problem(wrong, 415, "unsupported-media-type")["detail"]


def test_a_status_moves_the_order_as_a_put_does(ana: Client, staff: Client) -> None:
    order = ana.create(FULL)
    confirmed = staff.expect(200, patch(staff, order, {"status": "CONFIRMED"}))
    assert [entry["status"] for entry in confirmed["history"]] == ["PENDING", "CONFIRMED"]
    assert confirmed["notes"] == "Ring twice"
    problem(patch(ana, order, {"notes": "too late"}), 409, "illegal-state")
    problem(patch(ana, order, {"status": "PROCESSING"}), 403, "forbidden")
    problem(patch(staff, order, {"status": "DELIVERED"}), 409, "illegal-state")
    assert ana.expect(200, patch(ana, order, {"status": "CANCELLED"}))["status"] == "CANCELLED"


def test_only_the_version_that_the_client_knows_is_changed(ana: Client) -> None:
    order = ana.create()
    ana.expect(200, patch(ana, order, {"notes": "first"}))
    stale = patch(ana, order, {"notes": "second"}, **{"If-Match": '"1"'})
    assert problem(stale, 412, "version-mismatch")["current_version"] == 2


def test_an_order_of_another_looks_as_if_it_did_not_exist(ana: Client, luis: Client) -> None:
    problem(patch(luis, ana.create(), {"notes": "mine"}), 404, "not-found")
    problem(patch(ana, {"order_id": "nonsense"}, {"notes": "x"}), 404, "not-found")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"items": None}, "/items"),
        ({"status": None}, "/status"),
        ({"currency": None}, "/currency"),
        ({"currency": "JPY"}, "/items/0/unit_price"),
        ({"items": []}, "/items"),
        ({"items": [MUG | {"unit_price": "1.234"}]}, "/items/0/unit_price"),
        ({"billing_address": {"city": "Reno"}}, "/billing_address/lines"),
        ({"version": 7}, "/version"),
    ],
)
def test_what_a_patch_would_break_is_named(ana: Client, changes: object, pointer: str) -> None:
    body = problem(patch(ana, ana.create(), changes), 400, "invalid-input")
    assert pointer in [fault["pointer"] for fault in body["errors"]]


def test_a_number_names_the_order_too(ana: Client) -> None:
    order = ana.create()
    response = ana.send("PATCH", f"{ORDERS}/{order['order_number']}", {"notes": "by number"})
    assert ana.expect(200, response)["order_id"] == order["order_id"]
