"""Who may do what: from the token's claims to the orders one may touch."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.orders import an_order

from orders_core.access import (
    CUSTOMER,
    STAFF,
    Caller,
    caller_from,
    customer_for,
    listing_scope,
    require_visible,
)
from orders_core.models import NotAllowed, OrderNotFound, OrderStatus

ANA, BOSS = Caller("ana", CUSTOMER), Caller("boss", STAFF)
groups = st.lists(st.from_regex(r"[A-Za-z0-9_-]{1,12}", fullmatch=True), max_size=4)


@pytest.mark.parametrize(
    "claim", ["staff", "[staff]", "admins,staff", "staff,admins", "[admins staff]", "[admins, staff]"]
)
def test_staff_is_who_the_claim_says_in_either_form(claim: str) -> None:
    assert caller_from({"sub": "x", "cognito:groups": claim}).role is STAFF


@pytest.mark.parametrize(
    "claim", ["", "[]", "staffs", "Staff", "not-staff", "[staff-in-training]", "st,aff", "[staffX]"]
)
def test_nobody_else_is_staff(claim: str) -> None:
    assert caller_from({"sub": "x", "cognito:groups": claim}).role is CUSTOMER


@given(groups, st.sampled_from(["{}", "[{}]"]), st.sampled_from([",", " ", ", "]))
def test_groups_are_told_apart_whatever_stands_between_them(
    names: list[str], around: str, between: str
) -> None:
    claim = around.format(between.join(names))
    assert (caller_from({"sub": "x", "cognito:groups": claim}).role is STAFF) == ("staff" in names)


@pytest.mark.parametrize("claims", [{}, {"sub": "x", "token_use": "access"}, {"cognito:groups": "staff"}])
def test_without_a_sub_or_with_another_token_there_is_no_caller(claims: dict[str, str]) -> None:
    with pytest.raises(KeyError):
        caller_from(claims)


def test_a_customer_orders_for_itself_only() -> None:
    assert customer_for(ANA, None) == customer_for(ANA, "ana") == "ana"
    with pytest.raises(
        NotAllowed, match=r"^You may create and list your own orders only; leave customer_id out\.$"
    ):
        customer_for(ANA, "luis")


def test_staff_orders_for_anybody() -> None:
    assert (customer_for(BOSS, None), customer_for(BOSS, "luis")) == ("boss", "luis")


def test_a_listing_shows_what_one_may_see() -> None:
    assert (listing_scope(ANA, None), listing_scope(ANA, "ana")) == ("ana", "ana")
    assert (listing_scope(BOSS, None), listing_scope(BOSS, "ana")) == (None, "ana")
    with pytest.raises(NotAllowed):
        listing_scope(ANA, "luis")


def test_anothers_order_looks_as_if_it_did_not_exist() -> None:
    order = an_order("luis")
    assert require_visible(order, BOSS, order.order_id) is order
    for absent in (order, None):
        with pytest.raises(OrderNotFound, match=order.order_id):
            require_visible(absent, ANA, order.order_id)


def test_the_table_of_roles() -> None:
    assert CUSTOMER.settable == (OrderStatus.CANCELLED,)
    assert CUSTOMER.editable_in == (OrderStatus.PENDING,)
    assert STAFF.settable == tuple(OrderStatus)
    assert STAFF.editable_in == tuple(OrderStatus)[:3]
