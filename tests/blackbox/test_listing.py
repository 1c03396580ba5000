"""Lists: newest first, filtered, in pages."""

from collections.abc import Mapping

import pytest

from tests.blackbox.client import MUGS, ORDERS, Client, Json, problem, some_customer


@pytest.fixture(scope="module")
def customer(staff: Client) -> str:
    """A customer with seven orders, every second one cancelled."""
    name = some_customer()
    for number in range(7):
        order = staff.create(MUGS | {"customer_id": name, "metadata": {"number": str(number)}})
        if number % 2:
            staff.move(order, "CANCELLED")
    return name


def listed(client: Client, customer: str, **query: str) -> Json:
    return client.expect(200, client.send("GET", ORDERS, query={"customer_id": customer, **query}))


def numbers(page: Json) -> list[int]:
    assert page["count"] == len(page["orders"])
    return [int(order["metadata"]["number"]) for order in page["orders"]]


def test_newest_first(staff: Client, customer: str) -> None:
    page = listed(staff, customer)
    assert numbers(page) == [6, 5, 4, 3, 2, 1, 0]
    assert page["next_cursor"] is None


def test_an_order_in_a_list_is_the_order(staff: Client, customer: str) -> None:
    newest = listed(staff, customer)["orders"][0]
    assert staff.get(newest) == newest


@pytest.mark.parametrize(
    ("status", "expected"), [("CANCELLED", [5, 3, 1]), ("PENDING", [6, 4, 2, 0]), ("SHIPPED", [])]
)
def test_by_status(staff: Client, customer: str, status: str, expected: list[int]) -> None:
    assert numbers(listed(staff, customer, status=status)) == expected


@pytest.mark.parametrize("separate", [True, False])
def test_by_several_statuses(staff: Client, customer: str, separate: bool) -> None:
    statuses = ["SHIPPED", "CANCELLED"]
    asked = [("customer_id", customer), ("limit", "2")]
    asked += [("status", each) for each in statuses] if separate else [("status", ",".join(statuses))]
    first = staff.expect(200, staff.send("GET", ORDERS, query=asked))
    second = staff.expect(200, staff.send("GET", ORDERS, query=[*asked, ("cursor", first["next_cursor"])]))
    assert numbers(first) + numbers(second) == [5, 3, 1]


def test_oldest_first(staff: Client, customer: str) -> None:
    first = listed(staff, customer, sort="created_at", limit="5")
    second = listed(staff, customer, sort="created_at", limit="5", cursor=first["next_cursor"])
    assert numbers(first) + numbers(second) == [0, 1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    "query",
    [
        {"sort": "-updated_at", "updated_from": "2026-01-01T00:00:00Z"},
        {"sort": "total_amount", "currency": "EUR", "total_min": "19", "total_max": "19.00"},
        {"count": "exact"},
        {"count": "estimate", "status": "PENDING,CANCELLED"},
        {"payment_status": "UNPAID,PAID"},
        {"fulfilment_status": "UNFULFILLED", "sort": "-updated_at"},
    ],
    ids=str,
)
def test_other_orders_and_numbers_are_given_or_refused_with_what_is_possible(
    staff: Client, customer: str, query: dict[str, str]
) -> None:
    response = staff.send("GET", ORDERS, query={"customer_id": customer, **query})
    if response.status_code == 400:
        (fault,) = problem(response, 400, "invalid-input")["errors"]
        assert fault["parameter"] in query
        assert "on AWS" in fault["detail"]
        return
    page = staff.expect(200, response)
    assert len(numbers(page)) == 7
    assert (page.get("total_count"), page.get("total_is_exact")) == (
        (7, True) if "count" in query else (None, None)
    )


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({"total_min": "1"}, ["total_min"]),
        ({"sort": "total_amount"}, ["currency"]),
        ({"currency": "EUR"}, ["currency"]),
        ({"sort": "total_amount", "currency": "JPY", "total_max": "1.5"}, ["total_max"]),
        ({"sort": "total_amount", "currency": "EUR", "total_min": "2", "total_max": "1"}, ["total_max"]),
        ({"sort": "updated_at", "created_from": "2026-01-01T00:00:00Z", "q": "mug"}, ["created_from", "q"]),
        ({"q": "mug", "count": "exact"}, ["count"]),
        ({"payment_status": "PAID", "count": "exact"}, ["count"]),
        ({"fulfilment_status": "LOST"}, ["fulfilment_status"]),
        ({"sort": "price"}, ["sort"]),
        ({"status": "PENDING,LOST"}, ["status"]),
        ({"status": ""}, ["status"]),
        ({"count": "yes"}, ["count"]),
    ],
    ids=str,
)
def test_what_does_not_go_together_is_named(
    staff: Client, customer: str, query: dict[str, str], named: list[str]
) -> None:
    document = problem(
        staff.send("GET", ORDERS, query={"customer_id": customer, **query}), 400, "invalid-input"
    )
    assert [fault["parameter"] for fault in document["errors"]] == named


def test_by_time_of_creation_ends_included(staff: Client, customer: str) -> None:
    times = {
        int(order["metadata"]["number"]): order["created_at"] for order in listed(staff, customer)["orders"]
    }
    assert numbers(listed(staff, customer, created_from=times[2], created_to=times[4])) == [4, 3, 2]
    assert numbers(listed(staff, customer, created_to="2020-01-01T00:00:00Z")) == []


@pytest.mark.parametrize("query", [{}, {"status": "PENDING"}], ids=["all", "filtered"])
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_pages_add_up_to_the_whole(
    staff: Client, customer: str, query: Mapping[str, str], limit: int
) -> None:
    whole = numbers(listed(staff, customer, **query))
    found: list[int] = []
    cursor: dict[str, str] = {}
    for _ in range(len(whole) + 1):
        page = listed(staff, customer, limit=str(limit), **query, **cursor)
        assert len(page["orders"]) <= limit
        found += numbers(page)
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert found == whole


def test_the_link_header_leads_to_the_next_page(staff: Client, customer: str) -> None:
    response = staff.send("GET", ORDERS, query={"customer_id": customer, "limit": "4"})
    target = response.links["next"]["url"]
    following = staff.send("GET", str(response.request.url.join(target)).removeprefix(staff.host.origin))
    assert numbers(staff.expect(200, following)) == [2, 1, 0]


def test_twenty_unless_told_otherwise(staff: Client) -> None:
    customer = some_customer()
    for _ in range(21):
        staff.create(MUGS | {"customer_id": customer})
    assert listed(staff, customer)["count"] == 20


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "0"),
        ("limit", "101"),
        ("limit", "ten"),
        ("status", "LOST"),
        ("created_from", "yesterday"),
        ("created_to", "2026-02-30T00:00:00Z"),
        ("cursor", "damaged"),
        ("colour", "red"),
    ],
)
def test_a_bad_parameter_is_named(staff: Client, customer: str, name: str, value: str) -> None:
    query = {"customer_id": customer, name: value}
    document = problem(staff.send("GET", ORDERS, query=query), 400, "invalid-input")
    assert [fault["parameter"] for fault in document["errors"]] == [name]


def test_every_bad_parameter_is_named(staff: Client) -> None:
    query = [("limit", "0"), ("colour", "red"), ("customer_id", "a"), ("customer_id", "b")]
    document = problem(staff.send("GET", ORDERS, query=query), 400, "invalid-input")
    assert {fault["parameter"] for fault in document["errors"]} == {"limit", "colour", "customer_id"}


def test_a_cursor_belongs_to_its_query(staff: Client, customer: str) -> None:
    cursor = listed(staff, customer, limit="2")["next_cursor"]
    for query in ({"customer_id": some_customer()}, {"customer_id": customer, "status": "PENDING"}):
        document = problem(staff.send("GET", ORDERS, query=query | {"cursor": cursor}), 400, "invalid-input")
        assert [fault["parameter"] for fault in document["errors"]] == ["cursor"]


def test_a_cursor_opens_nobody_elses_orders(ana: Client, staff: Client) -> None:
    """Whose orders are read comes from the request and the token, never from the cursor."""
    for _ in range(2):
        ana.create()
    cursor = listed(staff, ana.sub, limit="1")["next_cursor"]
    page = ana.expect(
        200, ana.send("GET", ORDERS, query={"customer_id": ana.sub, "limit": "1", "cursor": cursor})
    )
    assert page["orders"][0]["customer_id"] == ana.sub
