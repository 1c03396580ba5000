"""A small shop's week: over every store, each order and each sum is what a ledger of its own says."""

import uuid

from bench import shop_week

from orders_core.stores import Store


def test_every_cent_is_accounted_for(orders: Store) -> None:
    send, listed = shop_week.in_process(orders)
    result = shop_week.replay(send, listed, 50, seed=7, run=uuid.uuid4().hex[:8])
    assert result.differences == []
    assert result.told == result.ledger
    assert sum(result.statuses.values()) == 50
    assert {"PENDING", "CONFIRMED", "SHIPPED", "DELIVERED", "CANCELLED"} <= set(result.statuses)
    assert result.returns["REFUNDED"] > 0
