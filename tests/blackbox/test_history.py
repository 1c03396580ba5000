"""An order's events and the figures of each day.

On AWS a function fills both from the table's stream, a second or so later; the deployed host of these tests
has no such function, so what they hold is asked of the embedded host, and who may ask of both.
"""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from httpx import Response

from tests.blackbox.client import MUG, ORDERS, Client, Json, path_of, problem
from tests.blackbox.conftest import signed_in
from tests.hosts import ANA, LUIS, STAFF, Host

STATS = f"{ORDERS}/stats"
LONG_AGO = {"from": "2020-01-01", "to": "2020-12-31"}


@pytest.fixture(scope="module")
def ana_here(embedded_host: Host) -> Iterator[Client]:
    yield from signed_in(embedded_host, ANA)


@pytest.fixture(scope="module")
def luis_here(embedded_host: Host) -> Iterator[Client]:
    yield from signed_in(embedded_host, LUIS)


@pytest.fixture(scope="module")
def staff_here(embedded_host: Host) -> Iterator[Client]:
    yield from signed_in(embedded_host, STAFF)


def events_of(client: Client, order: Json, **query: str) -> Json:
    return client.expect(200, client.send("GET", f"{path_of(order)}/events", query=query))


def as_it_was(client: Client, order: Json, **query: str) -> Response:
    return client.send("GET", path_of(order), query=query)


class TestWhoMayAsk:
    """On both hosts."""

    def test_figures_are_for_staff(self, ana: Client, staff: Client) -> None:
        problem(ana.send("GET", STATS), 403, "forbidden")
        assert staff.expect(200, staff.send("GET", STATS, query=LONG_AGO)) == LONG_AGO | {"days": []}

    def test_anothers_events_do_not_exist(self, ana: Client, luis: Client) -> None:
        problem(luis.send("GET", f"{path_of(ana.create())}/events"), 404, "not-found")

    @pytest.mark.parametrize(
        ("query", "parameter"),
        [
            ({"from": "yesterday"}, "from"),
            ({"to": "2026-02-30"}, "to"),
            ({"from": "2026-02-01", "to": "2026-01-31"}, "from"),
            ({"from": "2024-12-31", "to": "2026-01-01"}, "from"),
            ({"day": "2026-01-31"}, "day"),
        ],
    )
    def test_a_bad_period_is_named(self, staff: Client, query: dict[str, str], parameter: str) -> None:
        document = problem(staff.send("GET", STATS, query=query), 400, "invalid-input")
        assert [fault["parameter"] for fault in document["errors"]] == [parameter]

    @pytest.mark.parametrize(("name", "value"), [("limit", "0"), ("cursor", "damaged"), ("order", "asc")])
    def test_a_bad_parameter_is_named(self, ana: Client, name: str, value: str) -> None:
        response = ana.send("GET", f"{path_of(ana.create())}/events", query={name: value})
        assert [fault["parameter"] for fault in problem(response, 400, "invalid-input")["errors"]] == [name]


class TestEvents:
    def test_each_write_is_an_event_oldest_first(self, ana_here: Client, staff_here: Client) -> None:
        order = ana_here.create()
        changed = ana_here.expect(200, ana_here.put(order, items=[MUG | {"quantity": 3}]))
        moved = staff_here.move(changed, "CONFIRMED")
        page = events_of(ana_here, order)
        assert (page["count"], page["next_cursor"]) == (3, None)
        told = [
            (event["type"], event["version"], event["actor"], event["changed"], event["previous_status"])
            for event in page["events"]
        ]
        assert told == [
            ("OrderCreated", 1, ana_here.sub, [], None),
            ("OrderUpdated", 2, ana_here.sub, ["items", "total_amount"], "PENDING"),
            ("OrderStatusChanged", 3, staff_here.sub, ["status"], "PENDING"),
        ]
        assert [event["order"] for event in page["events"]] == [order, changed, moved]
        assert [event["id"] for event in page["events"]] == [f"{order['order_id']}:{n}" for n in (1, 2, 3)]

    def test_they_remain_when_the_order_is_deleted(
        self, ana_here: Client, luis_here: Client, staff_here: Client
    ) -> None:
        order = ana_here.create()
        assert ana_here.send("DELETE", path_of(order)).status_code == 204
        for client in (ana_here, staff_here):
            page = events_of(client, order)
            assert [event["type"] for event in page["events"]] == ["OrderCreated", "OrderDeleted"]
        problem(luis_here.send("GET", f"{path_of(order)}/events"), 404, "not-found")

    def test_what_was_refused_is_no_event(self, ana_here: Client) -> None:
        order = ana_here.create()
        ana_here.put(order, {"If-Match": '"9"'}, notes="x")
        ana_here.put(order, status="CONFIRMED")
        assert events_of(ana_here, order)["count"] == 1

    @pytest.mark.parametrize("limit", [1, 2, 5])
    def test_pages_add_up_to_the_whole(self, ana_here: Client, limit: int) -> None:
        order = ana_here.create()
        for number in range(4):
            ana_here.put(order, notes=str(number))
        found: list[int] = []
        path = f"{path_of(order)}/events?limit={limit}"
        while path:
            response = ana_here.send("GET", path)
            found += [event["version"] for event in ana_here.expect(200, response)["events"]]
            following = response.links.get("next")
            path = f"{path.partition('?')[0]}{following['url']}" if following else ""
        assert found == [1, 2, 3, 4, 5]

    def test_a_cursor_belongs_to_its_order(self, ana_here: Client) -> None:
        orders = [ana_here.create() for _ in range(2)]
        for order in orders:
            ana_here.put(order, notes="x")
        cursor = events_of(ana_here, orders[0], limit="1")["next_cursor"]
        response = ana_here.send("GET", f"{path_of(orders[1])}/events", query={"cursor": cursor})
        problem(response, 400, "invalid-input")


class TestAsItWas:
    def test_each_version_can_be_read_again(self, ana_here: Client, staff_here: Client) -> None:
        order = ana_here.create()
        changed = ana_here.expect(200, ana_here.put(order, items=[MUG | {"quantity": 3}]))
        moved = staff_here.move(changed, "CONFIRMED")
        for state in (order, changed, moved):
            assert ana_here.expect(200, as_it_was(ana_here, order, version=str(state["version"]))) == state
            assert ana_here.expect(200, as_it_was(staff_here, order, at=state["updated_at"]))["version"] in (
                version for version in (1, 2, 3) if version >= state["version"]
            )
        assert ana_here.expect(200, as_it_was(ana_here, order, at="9999-12-31T23:59:59Z")) == moved

    def test_payments_are_told_by_events_and_shown_as_they_were(
        self, ana_here: Client, staff_here: Client
    ) -> None:
        order = ana_here.create()
        card = {"provider": "stripe", "reference": "pi_1", "amount": "19.00", "status": "AUTHORIZED"}
        paid = staff_here.expect(201, staff_here.send("POST", f"{path_of(order)}/payments", card))
        payment = f"{path_of(order)}/payments/{paid['payments'][0]['payment_id']}"
        captured = staff_here.expect(200, staff_here.send("PUT", payment, {"status": "CAPTURED"}))
        events = events_of(ana_here, order)["events"]
        assert [event["changed"] for event in events] == [[], ["payments"], ["payments"]]
        assert (events[2]["order"], events[2]["actor"]) == (captured, staff_here.sub)
        for state in (order, paid, captured):
            assert ana_here.expect(200, as_it_was(ana_here, order, version=str(state["version"]))) == state

    def test_shipments_are_told_by_events_and_shown_as_they_were(
        self, ana_here: Client, staff_here: Client
    ) -> None:
        order = staff_here.move(ana_here.create(), "CONFIRMED", "PROCESSING")
        parcel = {"carrier": "dhl", "tracking_number": "JD01", "lines": [{"line": 1, "quantity": 1}]}
        rest = parcel | {"tracking_number": "JD02"}
        shipments = f"{path_of(order)}/shipments"
        first, second = (
            staff_here.expect(201, staff_here.send("POST", shipments, body)) for body in (parcel, rest)
        )
        events = events_of(ana_here, order)["events"][-2:]
        assert [(event["type"], event["changed"]) for event in events] == [
            ("OrderStatusChanged", ["shipments", "status"]),
            ("OrderUpdated", ["shipments"]),
        ]
        for state in (order, first, second):
            assert ana_here.expect(200, as_it_was(ana_here, order, version=str(state["version"]))) == state

    def test_an_event_tells_what_was_before_and_after_on_every_page(self, ana_here: Client) -> None:
        order = ana_here.create({"items": [MUG], "notes": "Ring twice"})
        address = {"lines": ["Calle Mayor 1"], "city": "Madrid", "country": "ES"}
        for written in ({"notes": None}, {"status": "CANCELLED"}):
            order = ana_here.expect(200, ana_here.put(order, shipping_address=address, **written))
        changes = [
            [],
            [
                {"field": "notes", "before": "Ring twice", "after": None},
                {"field": "shipping_address", "before": None, "after": address},
            ],
            [{"field": "status", "before": "PENDING", "after": "CANCELLED"}],
        ]
        whole = events_of(ana_here, order)["events"]
        assert [event.get("changes", []) for event in whole] == changes
        cursor, read = None, list[Json]()
        while len(read) < len(changes):
            page = events_of(ana_here, order, limit="1", **({"cursor": cursor} if cursor else {}))
            cursor, read = page["next_cursor"], [*read, *page["events"]]
        assert (read, cursor) == (whole, None)

    def test_an_internal_comment_is_told_to_staff_only(self, ana_here: Client, staff_here: Client) -> None:
        order = ana_here.create()
        body = {"text": "Claims a broken cup each time"}
        commented = staff_here.expect(201, staff_here.send("POST", f"{path_of(order)}/comments", body))
        (told,) = events_of(staff_here, order)["events"][1:]
        assert (told["changed"], told["order"]) == (["comments"], commented)
        (told,) = events_of(ana_here, order)["events"][1:]
        assert (told["version"], told["changed"]) == (2, [])
        assert "comments" not in told["order"]
        for query in ({"version": "2"}, {"at": commented["updated_at"]}):
            assert staff_here.expect(200, as_it_was(staff_here, order, **query)) == commented
            assert "comments" not in ana_here.expect(200, as_it_was(ana_here, order, **query))

    def test_what_was_not_there_is_told(self, ana_here: Client) -> None:
        order = ana_here.create()
        unknown = problem(as_it_was(ana_here, order, version="2"), 404, "not-found")
        assert unknown["detail"] == "No version 2 of this order is known."
        early = problem(as_it_was(ana_here, order, at="2020-01-01T00:00:00Z"), 404, "not-found")
        assert early["detail"] == "The order had not been placed at 2020-01-01T00:00:00.000Z."

    def test_a_deleted_order_can_be_read_as_it_was(self, ana_here: Client, luis_here: Client) -> None:
        order = ana_here.create()
        ana_here.send("DELETE", path_of(order))
        assert ana_here.expect(200, as_it_was(ana_here, order, version="1")) == order
        assert (
            "was deleted at" in problem(as_it_was(ana_here, order, version="2"), 404, "not-found")["detail"]
        )
        problem(as_it_was(luis_here, order, version="1"), 404, "not-found")
        problem(ana_here.send("GET", path_of(order)), 404, "not-found")

    def test_the_present_version_can_be_asked_for_on_both_hosts(self, ana: Client, luis: Client) -> None:
        order = ana.create()
        assert ana.expect(200, as_it_was(ana, order, version="1")) == order
        assert ana.expect(200, as_it_was(ana, order, at="9999-12-31T23:59:59Z")) == order
        problem(as_it_was(luis, order, version="1"), 404, "not-found")
        problem(as_it_was(luis, order, at="9999-12-31T23:59:59Z"), 404, "not-found")

    @pytest.mark.parametrize(
        ("query", "parameter"),
        [
            ({"version": "0"}, "version"),
            ({"version": "latest"}, "version"),
            ({"at": "yesterday"}, "at"),
            ({"version": "1", "at": "2026-01-31T09:30:00Z"}, "at"),
            ({"limit": "1"}, "limit"),
        ],
    )
    def test_a_moment_that_can_not_be_read_is_named(
        self, ana: Client, query: dict[str, str], parameter: str
    ) -> None:
        document = problem(as_it_was(ana, ana.create(), **query), 400, "invalid-input")
        assert [fault["parameter"] for fault in document["errors"]] == [parameter]


class TestFigures:
    def test_days_without_orders_are_left_out(self, staff_here: Client) -> None:
        period = {"from": "2026-01-01", "to": "2026-12-31"}
        figures = staff_here.expect(200, staff_here.send("GET", STATS, query=period))
        days = [day["date"] for day in figures["days"]]
        assert days == sorted(set(days))
        assert all(day["orders"] == sum(day["by_status"].values()) > 0 for day in figures["days"])

    def test_the_last_thirty_days_unless_told_otherwise(self, staff_here: Client) -> None:
        figures = staff_here.expect(200, staff_here.send("GET", STATS))
        first, last = date.fromisoformat(figures["from"]), date.fromisoformat(figures["to"])
        assert last - first == timedelta(days=29)
