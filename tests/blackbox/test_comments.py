"""Staff and customers comment on orders, and what is internal stays with staff, wherever a customer looks."""

import json
import uuid

import pytest

from tests.blackbox.client import MUG, Client, Json, path_of, problem

SECRET = "Claims a broken cup each time"
INTERNAL = {"text": SECRET}
VISIBLE = {"text": "We have put it aside", "visibility": "VISIBLE"}


@pytest.fixture
def order(ana: Client) -> Json:
    return ana.create({"items": [MUG]})


def comments_of(order: Json) -> str:
    return f"{path_of(order)}/comments"


def test_a_comment_is_on_the_order_for_staff_and_customer(ana: Client, staff: Client, order: Json) -> None:
    response = staff.send("POST", comments_of(order), VISIBLE)
    commented = staff.expect(201, response)
    (comment,) = commented["comments"]
    assert comment == {
        "comment_id": str(uuid.UUID(comment["comment_id"])),
        "at": commented["updated_at"],
        "by": staff.sub,
        **VISIBLE,
    }
    assert (commented["version"], response.headers["etag"]) == (2, '"2"')
    assert response.headers["location"].endswith(f"/comments/{comment['comment_id']}")
    assert ana.get(order) == commented


def test_a_customer_answers_on_an_order_of_its_own(ana: Client, staff: Client, order: Json) -> None:
    commented = ana.expect(201, ana.send("POST", comments_of(order), {"text": "Thank you"}))
    (comment,) = commented["comments"]
    assert (comment["by"], comment["visibility"]) == (ana.sub, "VISIBLE")
    assert staff.get(order)["comments"] == [comment]


def test_what_staff_does_not_say_to_be_visible_is_internal(staff: Client, order: Json) -> None:
    commented = staff.expect(201, staff.send("POST", comments_of(order), INTERNAL))
    assert [each["visibility"] for each in commented["comments"]] == ["INTERNAL"]


def test_a_customer_is_shown_no_internal_comment_in_any_answer(
    ana: Client, staff: Client, order: Json
) -> None:
    for body in (VISIBLE, INTERNAL):
        commented = staff.expect(201, staff.send("POST", comments_of(order), body))
    path, key = path_of(order), {"Idempotency-Key": uuid.uuid4().hex}
    replacement = {"items": [MUG], "notes": "Ring twice"}
    merge_patch = {"Content-Type": "application/merge-patch+json"}
    answers = [
        ana.send("GET", path),
        ana.send("GET", "/v1/orders"),
        ana.send("GET", path, query={"version": str(commented["version"])}),
        ana.send("GET", path, query={"at": commented["updated_at"]}),
        ana.send("POST", comments_of(order), {"text": "Hello?"}, headers=key),
        ana.send("POST", comments_of(order), {"text": "Hello?"}, headers=key),
        ana.send("PUT", path, replacement),
        ana.send("PATCH", path, {"notes": "Ring thrice"}, headers=merge_patch),
        ana.send("PATCH", path, {}, headers=merge_patch),
        ana.send("GET", f"{path}/events"),
        ana.send("POST", comments_of(order), INTERNAL | {"visibility": "INTERNAL"}),
        ana.send("PUT", path, replacement, headers={"If-Match": '"1"'}),
        ana.send("DELETE", path, headers={"If-Match": '"1"'}),
    ]
    assert [answer.status_code for answer in answers] == [200] * 4 + [201] * 2 + [200] * 4 + [403, 412, 412]
    for answer in answers:
        assert SECRET not in answer.text
        assert "INTERNAL" not in answer.text
    assert SECRET in json.dumps(staff.get(order))


def test_a_repeated_order_shows_its_customer_no_internal_comment(ana: Client, staff: Client) -> None:
    key = {"Idempotency-Key": uuid.uuid4().hex}
    placed = ana.expect(201, ana.send("POST", "/v1/orders", {"items": [MUG]}, headers=key))
    staff.expect(201, staff.send("POST", comments_of(placed), INTERNAL))
    again = ana.send("POST", "/v1/orders", {"items": [MUG]}, headers=key)
    assert "comments" not in ana.expect(201, again)
    assert again.headers["idempotent-replayed"] == "true"


def test_staff_reads_internal_comments_in_a_listing(staff: Client, order: Json) -> None:
    commented = staff.expect(201, staff.send("POST", comments_of(order), INTERNAL))
    listed = staff.send("GET", "/v1/orders", query={"customer_id": order["customer_id"]})
    assert commented in staff.expect(200, listed)["orders"]


def test_a_comment_that_is_sent_again_with_its_key_is_found(ana: Client, order: Json) -> None:
    headers = {"If-Match": '"1"', "Idempotency-Key": uuid.uuid4().hex}
    first = ana.send("POST", comments_of(order), {"text": "Hello?"}, headers=headers)
    again = ana.send("POST", comments_of(order), {"text": "Hello?"}, headers=headers)
    assert ana.expect(201, again) == ana.expect(201, first)
    assert (first.headers.get("idempotent-replayed"), again.headers["idempotent-replayed"]) == (None, "true")
    assert again.headers["location"] == first.headers["location"]
    other = ana.send("POST", comments_of(order), {"text": "Anybody?"}, headers=headers)
    problem(other, 422, "idempotency-key-reused")


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/text"]),
        ({"text": ""}, ["/text"]),
        ({"text": "t" * 501}, ["/text"]),
        (VISIBLE | {"visibility": "SECRET"}, ["/visibility"]),
        (VISIBLE | {"by": "somebody"}, ["/by"]),
    ],
)
def test_a_comment_is_checked_like_an_order(
    staff: Client, order: Json, body: Json, pointers: list[str]
) -> None:
    document = problem(staff.send("POST", comments_of(order), body), 400, "invalid-input")
    assert [fault["pointer"] for fault in document["errors"]] == pointers


def test_refusals_come_in_their_order(ana: Client, luis: Client, order: Json) -> None:
    """Not found, not allowed, version."""
    stale = {"If-Match": '"99"'}
    internal = INTERNAL | {"visibility": "INTERNAL"}
    problem(luis.send("POST", comments_of(order), internal, headers=stale), 404, "not-found")
    problem(ana.send("POST", comments_of(order), internal, headers=stale), 403, "forbidden")
    problem(ana.send("POST", comments_of(order), VISIBLE, headers=stale), 412, "version-mismatch")
