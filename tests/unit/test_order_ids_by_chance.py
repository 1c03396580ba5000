"""Two orders that draw one id: the second gets another, and a retry finds its own."""

from unittest.mock import patch

from tests.api import ANA, LUIS, Api
from tests.cache.memory_store import MemoryStore

from orders_core import order_numbers
from orders_core.order_numbers import id_for

FIRST, SECOND = id_for(b"first.."), id_for(b"second.")
MUGS = {"items": [{"product_id": "A-1", "quantity": 2, "unit_price": "9.50"}]}


def test_a_new_order_takes_another_id_when_its_own_is_taken() -> None:
    api = Api(MemoryStore())
    with patch.object(order_numbers, "new_id", side_effect=[FIRST, FIRST, SECOND]):
        assert [api.create(MUGS)["order_id"] for _ in range(2)] == [FIRST, SECOND]


def test_the_store_is_unavailable_when_no_id_is_free() -> None:
    api = Api(MemoryStore())
    with patch.object(order_numbers, "new_id", return_value=FIRST):
        api.create(MUGS)
        assert api.send("POST", "/v1/orders", MUGS).status == 503


def test_a_key_whose_id_is_taken_by_another_key_finds_its_own_order_again() -> None:
    api = Api(MemoryStore())
    of_key = order_numbers.id_for
    drawn: dict[bytes, str] = {}

    def clashing(digest: bytes) -> str:
        """The first two digests have one id."""
        drawn.setdefault(digest, FIRST if len(drawn) < 2 else of_key(digest))
        return drawn[digest]

    with patch.object(order_numbers, "id_for", clashing):
        ana = api.create(MUGS, ANA, idempotency_key="a")
        luis = api.create(MUGS, LUIS, idempotency_key="a")
        again = api.create(MUGS, LUIS, idempotency_key="a")
        assert ana["order_id"] == FIRST
        assert luis["order_id"] != FIRST
        assert again == luis
        other = MUGS | {"notes": "other"}
        headers = {"idempotency-key": "a"}
        assert api.send("POST", "/v1/orders", other, caller=LUIS, headers=headers).status == 422
