"""A network that loses things and a host that is busy: what is asked for happens, and happens once."""

import pytest

from orders_client import Orders, OrderStatus
from orders_client.errors import (
    NotFound,
    ServiceUnavailable,
    TooManyRequests,
    Unauthorized,
    Unreachable,
    VersionMismatch,
)
from tests.client.conftest import AT_ONCE, MUGS
from tests.client.flaky import Fault, FlakyProxy
from tests.hosts import ANA, PASSWORD
from tests.real_parts.process import free_port

LOST = (Fault.LOSE_REQUEST, Fault.LOSE_ANSWER)
EACH_FAULT = pytest.mark.parametrize("fault", [*LOST, Fault.BUSY, Fault.THROTTLE])


@EACH_FAULT
def test_an_order_is_placed_once_whatever_fails(
    proxy: FlakyProxy, through_proxy: Orders, fault: Fault
) -> None:
    proxy.faults.extend([fault, fault])
    placed = through_proxy.create(MUGS)
    assert proxy.seen == ["POST /v1/orders"] * 3
    assert [order.order_id for order in through_proxy.list(created_from=placed.created_at)].count(
        placed.order_id
    ) == 1


@EACH_FAULT
def test_an_order_is_read_whatever_fails(proxy: FlakyProxy, through_proxy: Orders, fault: Fault) -> None:
    placed = through_proxy.create(MUGS)
    proxy.faults.append(fault)
    assert through_proxy.get(placed.order_id) == placed


@EACH_FAULT
def test_an_order_is_deleted_whatever_fails(proxy: FlakyProxy, through_proxy: Orders, fault: Fault) -> None:
    placed = through_proxy.create(MUGS)
    proxy.faults.append(fault)
    through_proxy.delete(placed)
    with pytest.raises(NotFound):
        through_proxy.get(placed.order_id)


def test_deleting_what_is_not_there_is_told(through_proxy: Orders) -> None:
    placed = through_proxy.create(MUGS)
    through_proxy.delete(placed)
    with pytest.raises(NotFound):
        through_proxy.delete(placed)


def test_a_change_whose_answer_was_lost_is_made_once(proxy: FlakyProxy, through_proxy: Orders) -> None:
    placed = through_proxy.create(MUGS)
    proxy.faults.append(Fault.LOSE_ANSWER)
    with pytest.raises(VersionMismatch):
        through_proxy.cancel(placed)
    now = through_proxy.get(placed.order_id)
    assert (now.status, now.version) == (OrderStatus.CANCELLED, 2)


@pytest.mark.parametrize(
    ("fault", "error"), [(Fault.BUSY, ServiceUnavailable), (Fault.THROTTLE, TooManyRequests)]
)
def test_patience_has_an_end(
    proxy: FlakyProxy, through_proxy: Orders, fault: Fault, error: type[Exception]
) -> None:
    proxy.faults.extend([fault] * AT_ONCE.attempts)
    with pytest.raises(error):
        through_proxy.create(MUGS)
    assert len(proxy.seen) == AT_ONCE.attempts


@pytest.mark.parametrize("fault", LOST)
def test_a_network_that_stays_away_is_told(proxy: FlakyProxy, through_proxy: Orders, fault: Fault) -> None:
    proxy.faults.extend([fault] * AT_ONCE.attempts)
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1"):
        through_proxy.create(MUGS)


def test_a_host_that_is_not_there_is_told() -> None:
    with (
        Orders(f"http://127.0.0.1:{free_port()}", ANA, PASSWORD, retries=AT_ONCE) as orders,
        pytest.raises(Unreachable),
    ):
        orders.create(MUGS)


def test_a_token_that_is_refused_is_renewed_without_the_password(
    proxy: FlakyProxy, through_proxy: Orders
) -> None:
    proxy.faults.append(Fault.REFUSE_TOKEN)
    through_proxy.create(MUGS)
    assert proxy.seen == ["POST /v1/orders", "POST /cognito/", "POST /v1/orders"]


def test_a_new_token_that_is_refused_too_is_told(proxy: FlakyProxy, through_proxy: Orders) -> None:
    proxy.faults.extend([Fault.REFUSE_TOKEN, Fault.REFUSE_TOKEN])
    with pytest.raises(Unauthorized):
        through_proxy.create(MUGS)
