"""What every store does alike: the contract of `OrderRepository`."""

import itertools
import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from msgspec.structs import replace
from tests import every_field
from tests.orders import LAMPS, MUGS, a_change, a_removal, an_order, moment

from orders_core import comments, models, payments, returns, shipments
from orders_core.access import CUSTOMER, STAFF, Role
from orders_core.comment_models import Comment, Visibility
from orders_core.models import (
    Address,
    Contact,
    IllegalState,
    LineItem,
    Order,
    OrderChange,
    OrderContent,
    OrderError,
    OrderNotFound,
    OrderStatus,
    ReturnStatus,
    VersionMismatch,
)
from orders_core.payment_models import OrderPaymentStatus, PaymentStatus
from orders_core.permissions import GROUPS
from orders_core.shipment_models import FulfilmentStatus, Shipment, ShipmentLine
from orders_core.stores import (
    OrderExists,
    OrderQuery,
    OrderRepository,
    OrderWasDeleted,
    Position,
    UnsupportedQuery,
)

CHEAPER = OrderContent((LineItem("A-1", 2, 900),), "EUR")


def paid(order: Order, status: PaymentStatus = PaymentStatus.CAPTURED) -> Order:
    """The order with a payment of 18.50."""
    return payments.record(order, "p1", "cash", "1", 1_850, status, at=order.updated_at, by="staff")


def everything(orders: OrderRepository, query: OrderQuery, limit: int) -> list[Order]:
    """All pages of a listing."""
    found: list[Order] = []
    after: Position | None = None
    for _ in range(1000):
        page = orders.list_orders(query, limit, after)
        assert len(page.orders) <= limit
        found += page.orders
        after = page.next_after
        if after is None:
            return found
    raise AssertionError("the listing does not end")


class TestCreateAndGet:
    @given(every_field.orders())
    @settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_every_field_is_kept(self, orders: OrderRepository, order: Order) -> None:
        order = replace(order, order_id=str(uuid.uuid4()))
        orders.create(order)
        assert orders.get(order.order_id) == order
        # An erased order takes no personal data.
        order = replace(order, order_id=str(uuid.uuid4()), erased_at="")
        orders.create(order)
        change = replace(a_change(order, order.content), at=moment(1), by="staff")
        assert orders.update(change) == models.change(order, change) == orders.get(order.order_id)

    @pytest.mark.parametrize("content", [MUGS, LAMPS])
    def test_what_was_created_is_what_is_read(self, orders: OrderRepository, content: OrderContent) -> None:
        order = an_order(content=content)
        orders.create(order)
        assert orders.get(order.order_id) == order

    def test_an_unknown_order_is_none(self, orders: OrderRepository) -> None:
        assert orders.get(an_order().order_id) is None

    def test_an_id_is_used_once_and_the_first_order_is_told(self, orders: OrderRepository) -> None:
        first = an_order(fingerprint="f1")
        orders.create(first)
        with pytest.raises(OrderExists) as caught:
            orders.create(an_order(order_id=first.order_id, content=LAMPS))
        assert caught.value.existing == first
        assert orders.get(first.order_id) == first

    def test_orders_are_stored_together_and_each_is_judged_by_itself(self, orders: OrderRepository) -> None:
        there, deleted = an_order(), an_order()
        orders.create(there)
        orders.create(deleted)
        orders.delete(a_removal(deleted))
        new = [an_order() for _ in range(20)]
        again = [replace(there, content=LAMPS), replace(deleted, content=LAMPS)]
        exists, was_deleted, *others = orders.create_all([*again, *new])
        assert isinstance(exists, OrderExists)
        assert exists.existing == there
        assert isinstance(was_deleted, OrderWasDeleted)
        assert others == [None] * len(new)
        assert [orders.get(order.order_id) for order in new] == new

    def test_a_full_sized_order_is_kept(self, orders: OrderRepository) -> None:
        items = tuple(LineItem("p" * 64, 10_000, 10**8, "ñ" * 200) for _ in range(100))
        metadata = {f"{number:02}" + "k" * 38: "v" * 200 for number in range(20)}
        order = an_order(content=OrderContent(items, "EUR", notes="n" * 1000, metadata=metadata))
        orders.create(order)
        assert orders.get(order.order_id) == order


class TestUpdate:
    def test_a_change_is_returned_and_stored(self, orders: OrderRepository) -> None:
        order = an_order()
        orders.create(order)
        change = a_change(order, LAMPS, OrderStatus.CONFIRMED)
        changed = orders.update(change)
        assert changed == models.change(order, change) == orders.get(order.order_id)
        assert (changed.version, changed.status, changed.content) == (2, OrderStatus.CONFIRMED, LAMPS)
        assert [entry.status for entry in changed.history] == ["PENDING", "CONFIRMED"]

    def test_a_whole_life_is_in_the_history(self, orders: OrderRepository) -> None:
        order = an_order()
        orders.create(order)
        for status in list(OrderStatus)[1:5]:
            order = orders.update(a_change(order, status=status))
        assert [entry.status for entry in order.history] == list(OrderStatus)[:5]
        assert sorted(entry.at for entry in order.history) == [entry.at for entry in order.history]

    def test_naming_the_present_status_adds_no_history(self, orders: OrderRepository) -> None:
        order = an_order()
        orders.create(order)
        changed = orders.update(a_change(order, status=OrderStatus.PENDING))
        assert (changed.history, changed.version) == (order.history, 2)

    def test_of_writers_that_know_one_version_one_wins(self, orders: OrderRepository) -> None:
        order = an_order()
        orders.create(order)
        orders.update(a_change(order, LAMPS, versions=(1,)))
        with pytest.raises(VersionMismatch) as caught:
            orders.update(a_change(order, MUGS, versions=(1,)))
        assert caught.value.current_version == 2
        assert orders.update(a_change(order, MUGS, versions=(1, 2))).version == 3

    def test_every_change_ends_as_the_domain_says(self, orders: OrderRepository) -> None:
        """Each combination of status, caller and change: the store and `models.change` agree."""
        kinds = itertools.product(OrderStatus, [None, *OrderStatus], [MUGS, LAMPS], [None, "ana", "luis"])
        for status, target, content, owner in kinds:
            order = an_order("ana", status)
            orders.create(order)
            change = a_change(order, content, target, owner=owner)
            self.agree(orders, order, change)

    @pytest.mark.parametrize("role", [CUSTOMER, STAFF])
    @pytest.mark.parametrize("customer_id", ["ana", "luis"])
    @pytest.mark.parametrize("versions", [(1,), (2,), None])
    def test_guards_are_judged_in_order(
        self,
        orders: OrderRepository,
        role: object,
        customer_id: str,
        versions: tuple[int, ...] | None,
    ) -> None:
        for status in (OrderStatus.PENDING, OrderStatus.SHIPPED):
            order = an_order("ana", status)
            orders.create(order)
            owner = "ana" if role is CUSTOMER else None
            change = a_change(order, LAMPS, None, owner, STAFF, customer_id, versions)
            self.agree(orders, order, change)

    @pytest.mark.parametrize("group", GROUPS)
    @pytest.mark.parametrize("content", [MUGS, LAMPS])
    @pytest.mark.parametrize("target", [None, OrderStatus.CONFIRMED, OrderStatus.CANCELLED])
    def test_each_group_moves_and_changes_what_it_may(
        self, orders: OrderRepository, group: str, content: OrderContent, target: OrderStatus | None
    ) -> None:
        order = an_order("ana")
        orders.create(order)
        self.agree(orders, order, a_change(order, content, target, role=Role(GROUPS[group])))

    @pytest.mark.parametrize(
        "content",
        [
            OrderContent(MUGS.items, "USD"),
            OrderContent(MUGS.items, "EUR", notes=""),
            OrderContent(MUGS.items, "EUR", metadata={"a": ""}),
            OrderContent((LineItem("A-1", 2, 950),), "EUR"),
            OrderContent((LineItem("A-1", 2, 951, "Mug"),), "EUR"),
            OrderContent((*MUGS.items, *MUGS.items), "EUR"),
        ],
    )
    def test_any_difference_of_content_counts_as_one(
        self, orders: OrderRepository, content: OrderContent
    ) -> None:
        order = an_order(status=OrderStatus.DELIVERED)
        orders.create(order)
        self.agree(orders, order, a_change(order, content))
        self.agree(orders, order, a_change(order, order.content))

    @pytest.mark.parametrize("content", [MUGS, LAMPS, replace(MUGS, currency="USD"), CHEAPER])
    @pytest.mark.parametrize("captured", [PaymentStatus.CAPTURED, PaymentStatus.FAILED])
    def test_a_paid_order_keeps_its_currency_and_comes_to_no_less(
        self, orders: OrderRepository, content: OrderContent, captured: PaymentStatus
    ) -> None:
        order = paid(an_order(), captured)
        orders.create(order)
        self.agree(orders, order, a_change(order, content))
        confirmed = orders.get(order.order_id)
        assert confirmed
        self.agree(orders, confirmed, a_change(confirmed, confirmed.content, OrderStatus.CONFIRMED))

    def test_an_unknown_order_is_not_found(self, orders: OrderRepository) -> None:
        with pytest.raises(OrderNotFound):
            orders.update(a_change(an_order(), versions=(1,)))

    @staticmethod
    def agree(orders: OrderRepository, order: Order, change: OrderChange) -> None:
        try:
            expected = models.change(order, change)
        except OrderError as error:
            with pytest.raises(type(error)) as caught:
                orders.update(change)
            assert str(caught.value) == str(error)
            assert orders.get(order.order_id) == order
        else:
            assert orders.update(change) == expected == orders.get(order.order_id)


class TestSave:
    def test_an_order_that_nobody_changed_meanwhile_is_replaced(self, orders: OrderRepository) -> None:
        order = an_order(status=OrderStatus.DELIVERED)
        orders.create(order)
        wanted = returns.request(order, "r1", [(1, 1)], "broken", at=moment(1), by="ana")
        orders.save(wanted, order.version)
        assert orders.get(order.order_id) == wanted
        refunded = wanted
        for status in (ReturnStatus.APPROVED, ReturnStatus.RECEIVED, ReturnStatus.REFUNDED):
            refunded = returns.move(refunded, "r1", status, at=moment(2), by="staff")
            orders.save(refunded, refunded.version - 1)
        assert orders.get(order.order_id) == refunded

    def test_payments_are_kept_with_what_was_paid_back(self, orders: OrderRepository) -> None:
        order = an_order()
        orders.create(order)
        captured = paid(order)
        orders.save(captured, order.version)
        assert orders.get(order.order_id) == captured
        refunded = payments.move(
            captured, "p1", PaymentStatus.REFUNDED, at=moment(2), by="staff", refunded_amount=5
        )
        orders.save(refunded, captured.version)
        assert orders.get(order.order_id) == refunded

    def test_comments_are_kept_and_stay_when_the_order_is_replaced(self, orders: OrderRepository) -> None:
        order = an_order()
        orders.create(order)
        comment = Comment("c1", moment(1), "staff", Visibility.INTERNAL, "Fragile")
        commented = comments.write(order, comment)
        orders.save(commented, order.version)
        assert orders.get(order.order_id) == commented
        assert orders.update(a_change(commented)).comments == (comment,)

    def test_the_first_shipment_moves_the_order_in_the_same_write(self, orders: OrderRepository) -> None:
        order = an_order(status=OrderStatus.PROCESSING)
        orders.create(order)
        shipment = Shipment("s1", "dhl", "1", (ShipmentLine(1, 1),), moment(1), "staff")
        shipped = shipments.record(order, shipment, at=moment(1))
        orders.save(shipped, order.version)
        assert orders.get(order.order_id) == shipped
        assert shipped in everything(orders, OrderQuery(None, (OrderStatus.SHIPPED,)), 100)

    def test_an_order_with_all_that_it_may_have_is_kept(self, orders: OrderRepository) -> None:
        """Each as large as it can be: a store's limits are not met."""
        items = tuple(LineItem("\U0001fad6" * 64, 10_000, 10**8, "\U0001fad6" * 200) for _ in range(100))
        metadata = {f"{number:02}" + "\U0001fad6" * 38: "\U0001fad6" * 200 for number in range(20)}
        address = Address(
            ("\U0001fad6" * 100,) * 4, "\U0001fad6" * 100, "ES", "\U0001fad6" * 100, "\U0001fad6" * 16
        )
        content = OrderContent(
            items,
            "EUR",
            notes="\U0001fad6" * 1_000,
            metadata=metadata,
            external_reference="\U0001fad6" * 64,
            contact=Contact("\U0001fad6" * 200, "\U0001fad6" * 254, "+" + "9" * 15),
            shipping_address=address,
            billing_address=address,
        )
        order = an_order(status=OrderStatus.DELIVERED, content=content)
        everything = [(number + 1, 100) for number in range(100)]
        steps = (ReturnStatus.APPROVED, ReturnStatus.RECEIVED, ReturnStatus.REFUNDED)
        wanted = order
        for number in range(returns.MAX_RETURNS):
            return_id, reason = f"{number:036}", "\U0001fad6" * 500
            wanted = returns.request(wanted, return_id, everything, reason, at=moment(1), by="u" * 36)
            for status in steps:
                wanted = returns.move(wanted, return_id, status, at=moment(2), by="u" * 36)
        for number in range(shipments.MAX_SHIPMENTS):
            shipment = Shipment(
                f"{number:036}",
                "c" * 64,
                f"{number:02}" + "t" * 98,
                tuple(ShipmentLine(line, 500) for line, _ in everything),
                shipped_at=moment(1),
                recorded_by="u" * 36,
                tracking_url="https://" + "u" * 500,
            )
            wanted = shipments.record(wanted, shipment, at=moment(1))
        for number in range(payments.MAX_PAYMENTS):
            reference = f"{number:02}" + "r" * 253
            wanted = payments.record(
                wanted,
                f"{number:036}",
                "p" * 64,
                reference,
                10**9,
                PaymentStatus.CAPTURED,
                at=moment(3),
                by="u" * 36,
            )
            wanted = payments.move(
                wanted,
                f"{number:036}",
                PaymentStatus.REFUNDED,
                at=moment(4),
                by="u" * 36,
                refunded_amount=None,
            )
        for by in (order.customer_id, "u" * 36):
            for number in range(10):
                text = "\U0001fad6" * 500
                comment = Comment(f"{by[:3]}{number:033}", moment(5), by, Visibility.INTERNAL, text)
                wanted = comments.write(wanted, comment)
        orders.create(order)
        orders.save(wanted, order.version)
        assert orders.get(order.order_id) == wanted

    def test_an_order_that_somebody_changed_is_left_alone(self, orders: OrderRepository) -> None:
        order = an_order(status=OrderStatus.DELIVERED)
        orders.create(order)
        changed = orders.update(a_change(order))
        with pytest.raises(VersionMismatch) as caught:
            orders.save(returns.request(order, "r1", [(1, 1)], "broken", at=moment(1), by="ana"), 1)
        assert caught.value.current_version == 2
        assert orders.get(order.order_id) == changed

    def test_an_order_that_is_gone_is_not_found(self, orders: OrderRepository) -> None:
        with pytest.raises(OrderNotFound):
            orders.save(an_order(), 1)


class TestDelete:
    def test_a_deleted_order_is_gone_from_everywhere(self, orders: OrderRepository) -> None:
        order = an_order()
        orders.create(order)
        orders.delete(a_removal(order, owner="ana", versions=(1,)))
        assert orders.get(order.order_id) is None
        assert orders.list_orders(OrderQuery("ana"), 10).orders == []
        with pytest.raises(OrderNotFound):
            orders.delete(a_removal(order))

    def test_an_order_with_payments_stays(self, orders: OrderRepository) -> None:
        order = paid(an_order())
        orders.create(order)
        with pytest.raises(IllegalState, match="has payments"):
            orders.delete(a_removal(order))
        assert orders.get(order.order_id) == order

    def test_a_late_retry_does_not_bring_a_deleted_order_back(self, orders: OrderRepository) -> None:
        order = an_order(fingerprint="f1")
        orders.create(order)
        orders.delete(a_removal(order))
        with pytest.raises(OrderWasDeleted):
            orders.create(order)
        with pytest.raises(OrderNotFound):
            orders.update(a_change(order))
        with pytest.raises(OrderNotFound):
            orders.save(order, 1)
        assert orders.get(order.order_id) is None
        assert orders.list_orders(OrderQuery(None), 10).orders == []

    @pytest.mark.parametrize("status", OrderStatus)
    @pytest.mark.parametrize("owner", [None, "ana", "luis"])
    @pytest.mark.parametrize("versions", [None, (1,), (7,)])
    def test_every_removal_ends_as_the_domain_says(
        self,
        orders: OrderRepository,
        status: OrderStatus,
        owner: str | None,
        versions: tuple[int, ...] | None,
    ) -> None:
        order = an_order("ana", status)
        orders.create(order)
        removal = a_removal(order, owner, versions)
        try:
            models.check_removal(order, removal)
        except OrderError as error:
            with pytest.raises(type(error)) as caught:
                orders.delete(removal)
            assert str(caught.value) == str(error)
            assert orders.get(order.order_id) == order
        else:
            orders.delete(removal)
            assert orders.get(order.order_id) is None


class TestList:
    def test_newest_first_and_only_the_customers_own(self, orders: OrderRepository) -> None:
        mine = [an_order("ana", at=moment(second)) for second in range(5)]
        for order in [*mine, an_order("luis")]:
            orders.create(order)
        page = orders.list_orders(OrderQuery("ana"), limit=10)
        assert (page.orders, page.next_after) == (mine[::-1], None)

    @pytest.mark.parametrize("customer_id", ["ana", None])
    @pytest.mark.parametrize("limit", [1, 3, 7, 100])
    def test_pages_join_to_the_whole_listing(
        self, orders: OrderRepository, customer_id: str | None, limit: int
    ) -> None:
        # Four orders share each instant, so pages end between orders of the same time.
        placed = [an_order("ana", at=moment(number // 4)) for number in range(12)]
        for order in placed:
            orders.create(order)
        found = everything(orders, OrderQuery(customer_id), limit)
        assert {order.order_id for order in found} == {order.order_id for order in placed}
        assert len(found) == len(placed)
        assert [order.created_at for order in found] == sorted(
            (order.created_at for order in placed), reverse=True
        )

    def test_a_last_page_that_is_just_full_has_no_next(self, orders: OrderRepository) -> None:
        for _ in range(3):
            orders.create(an_order())
        assert orders.list_orders(OrderQuery("ana"), limit=3).next_after is None

    @pytest.mark.parametrize("customer_id", ["ana", None])
    def test_filters_by_status_and_time_with_bounds_included(
        self, orders: OrderRepository, customer_id: str | None
    ) -> None:
        statuses = [OrderStatus.PENDING, OrderStatus.SHIPPED]
        placed = [an_order("ana", statuses[number % 2], at=moment(number)) for number in range(10)]
        for order in placed:
            orders.create(order)
        query = OrderQuery(customer_id, (OrderStatus.SHIPPED,), moment(3), moment(7))
        assert everything(orders, query, 2) == [placed[7], placed[5], placed[3]]
        assert everything(orders, OrderQuery(customer_id, (), moment(8)), 2) == [placed[9], placed[8]]
        assert everything(orders, OrderQuery(customer_id, (), None, moment(1)), 2) == [placed[1], placed[0]]
        assert everything(orders, OrderQuery(customer_id, (), moment(7), moment(3)), 2) == []

    def test_a_rare_status_is_found_behind_many_others(self, orders: OrderRepository) -> None:
        rare = an_order("ana", OrderStatus.CANCELLED, at=moment(0))
        orders.create(rare)
        for number in range(120):
            orders.create(an_order("ana", at=moment(number + 1)))
        assert everything(orders, OrderQuery("ana", (OrderStatus.CANCELLED,)), 5) == [rare]

    def test_a_status_that_changes_moves_in_the_listing(self, orders: OrderRepository) -> None:
        order = an_order()
        orders.create(order)
        confirmed = orders.update(a_change(order, status=OrderStatus.CONFIRMED))
        assert everything(orders, OrderQuery(None, (OrderStatus.PENDING,)), 5) == []
        assert everything(orders, OrderQuery(None, (OrderStatus.CONFIRMED,)), 5) == [confirmed]

    def test_words_are_searched_for_or_refused_with_what_is_possible(self, orders: OrderRepository) -> None:
        order = an_order("ana")
        orders.create(order)
        try:
            page = orders.list_orders(OrderQuery("ana", q="mug"), 20)
        except UnsupportedQuery as error:
            assert error.parameter == "q"
            assert "would read every order" in error.detail
            assert "GET /v1/orders/{number}" in error.detail
        else:
            assert page.orders == [order]

    def test_orders_are_listed_by_how_far_they_are_or_it_is_said_what_is_possible(
        self, orders: OrderRepository
    ) -> None:
        placed = [an_order("ana", at=moment(second)) for second in range(3)]
        for order in placed:
            orders.create(order)
        authorized = paid(placed[1], PaymentStatus.AUTHORIZED)
        orders.save(authorized, placed[1].version)
        by_payment = OrderQuery("ana", payment_statuses=(OrderPaymentStatus.UNPAID,))
        by_both = OrderQuery(
            "ana",
            payment_statuses=(OrderPaymentStatus.AUTHORIZED, OrderPaymentStatus.PAID),
            fulfilment_statuses=(FulfilmentStatus.UNFULFILLED,),
        )
        try:
            found = [everything(orders, query, 1) for query in (by_payment, by_both)]
        except UnsupportedQuery as error:
            assert error.parameter == "payment_status"
            assert "list by status" in error.detail
        else:
            assert found == [[placed[2], placed[0]], [authorized]]

    def test_orders_that_arrive_between_pages_disturb_nothing(self, orders: OrderRepository) -> None:
        placed = [an_order("ana", at=moment(second)) for second in range(6)]
        for order in placed:
            orders.create(order)
        first = orders.list_orders(OrderQuery("ana"), 3)
        orders.create(an_order("ana", at=moment(100)))
        second = orders.list_orders(OrderQuery("ana"), 3, first.next_after)
        assert first.orders + second.orders == placed[::-1]


class TestListByReference:
    @staticmethod
    def numbered(reference: str | None, customer: str = "ana", at: str | None = None) -> Order:
        return an_order(customer, content=replace(MUGS, external_reference=reference), at=at)

    def test_the_orders_with_a_reference_are_found_newest_first(self, orders: OrderRepository) -> None:
        placed = [self.numbered(reference) for reference in ("W-1", "W-2", None, "W-1", "W-1")]
        for order in placed:
            orders.create(order)
        found = everything(orders, OrderQuery(None, external_reference="W-1"), 2)
        assert found == [placed[4], placed[3], placed[0]]
        assert everything(orders, OrderQuery(None, external_reference="W"), 2) == []

    def test_what_else_is_asked_holds_too(self, orders: OrderRepository) -> None:
        old, young, other = (
            self.numbered("W-3", at=moment(100)),
            self.numbered("W-3", at=moment(200)),
            self.numbered("W-3", "luis", at=moment(300)),
        )
        for order in (old, young, other):
            orders.create(order)
        young = orders.update(a_change(young, status=OrderStatus.CONFIRMED))
        assert everything(orders, OrderQuery("ana", external_reference="W-3"), 1) == [young, old]
        pending = OrderQuery("ana", (OrderStatus.PENDING,), external_reference="W-3")
        assert everything(orders, pending, 1) == [old]
        early = OrderQuery(None, (), None, moment(200), "W-3")
        assert everything(orders, early, 1) == [young, old]

    def test_a_reference_that_changes_is_found_by_the_new_one_only(self, orders: OrderRepository) -> None:
        order = self.numbered("W-4")
        orders.create(order)
        moved = orders.update(a_change(order, replace(MUGS, external_reference="W-5")))
        assert everything(orders, OrderQuery(None, external_reference="W-4"), 5) == []
        assert everything(orders, OrderQuery(None, external_reference="W-5"), 5) == [moved]
        bare = orders.update(a_change(moved, MUGS))
        assert everything(orders, OrderQuery(None, external_reference="W-5"), 5) == []
        saved = replace(bare, content=order.content, version=bare.version + 1)
        orders.save(saved, bare.version)
        assert everything(orders, OrderQuery(None, external_reference="W-4"), 5) == [saved]

    def test_an_order_that_was_deleted_is_not_found(self, orders: OrderRepository) -> None:
        order = self.numbered("W-6")
        orders.create(order)
        orders.delete(a_removal(order))
        assert everything(orders, OrderQuery(None, external_reference="W-6"), 5) == []
