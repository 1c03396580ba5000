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
    require_permission,
    require_visible,
)
from orders_core.application import ROUTES
from orders_core.models import NotAllowed, OrderNotFound, OrderStatus
from orders_core.permissions import GROUPS, MEANINGS, NEEDED, Permission

ANA, BOSS = Caller("ana", CUSTOMER), Caller("boss", STAFF)
groups = st.lists(
    st.sampled_from(list(GROUPS)) | st.from_regex(r"[A-Za-z0-9_-]{1,12}", fullmatch=True), max_size=4
)


@pytest.mark.parametrize(
    "claim", ["staff", "[staff]", "beta,staff", "staff,beta", "[beta staff]", "[support, staff]", "admin"]
)
def test_staff_is_who_the_claim_says_in_either_form(claim: str) -> None:
    assert caller_from({"sub": "x", "cognito:groups": claim}).role == STAFF


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
    role = caller_from({"sub": "x", "cognito:groups": claim}).role
    assert role.is_shop == any(name in GROUPS for name in names)


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


def in_groups(*names: str) -> Caller:
    return caller_from({"sub": "x", "cognito:groups": ",".join(names)})


def test_every_operation_needs_a_permission_and_every_permission_is_needed() -> None:
    assert {operation.__name__ for operation in ROUTES.values()} == NEEDED.keys()
    assert {each for needed in NEEDED.values() for each in needed} == set(Permission) == MEANINGS.keys()


def test_staff_and_admin_may_do_everything() -> None:
    assert GROUPS["staff"] == GROUPS["admin"] == set(Permission)


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("operation", NEEDED)
def test_a_group_may_do_what_its_permissions_say(group: str, operation: str) -> None:
    if GROUPS[group] & set(NEEDED[operation]):
        require_permission(in_groups(group), operation)
        return
    with pytest.raises(NotAllowed) as refusal:
        require_permission(in_groups(group), operation)
    assert refusal.value.needed == NEEDED[operation]


def test_a_member_of_several_groups_may_do_what_any_of_them_may() -> None:
    both = in_groups("support", "finance", "beta")
    assert both.role.permissions == GROUPS["support"] | GROUPS["finance"]
    assert both.owner is None


def test_a_group_that_the_shop_does_not_have_makes_a_customer() -> None:
    assert in_groups("beta") == Caller("x", CUSTOMER)


def test_who_may_only_move_orders_changes_none_and_who_may_only_change_them_may_cancel() -> None:
    assert in_groups("fulfilment").role.settable == tuple(OrderStatus)
    assert in_groups("fulfilment").role.editable_in == ()
    assert in_groups("support").role.settable == (OrderStatus.CANCELLED,)
    assert in_groups("support").role.editable_in == STAFF.editable_in
