"""The numbers and ids of orders: two ways to write one value."""

import os
import time
from itertools import combinations
from unittest.mock import patch
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders_core.order_numbers import InvalidNumber, id_for, id_from, new_id, number_of

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ids = st.binary(min_size=7, max_size=7).map(id_for)


@given(ids)
def test_a_number_leads_back_to_its_id(order_id: str) -> None:
    number = number_of(order_id)
    assert [len(group) for group in number.split("-")] == [4, 4, 4]
    assert set(number) <= set(ALPHABET) | {"-"}
    assert id_from(number) == order_id


@given(ids, ids)
def test_ids_sort_as_their_numbers_do(one: str, other: str) -> None:
    assert (one < other) == (number_of(one)[:-1] < number_of(other)[:-1])


@given(ids)
def test_a_number_is_read_however_it_is_written_down(order_id: str) -> None:
    number = number_of(order_id)
    heard = number.lower().replace("0", "o").replace("1", "l")
    for written in (heard, number.replace("-", ""), number.replace("-", " ")):
        assert id_from(written) == order_id


@given(ids)
def test_every_single_mistake_is_noticed(order_id: str) -> None:
    digits = number_of(order_id).replace("-", "")
    for place, digit in enumerate(digits):
        for wrong in set(ALPHABET) - {digit}:
            mistyped = digits[:place] + wrong + digits[place + 1 :]
            with pytest.raises(InvalidNumber, match=mistyped):
                id_from(mistyped)


@given(ids)
def test_every_swap_of_two_characters_is_noticed(order_id: str) -> None:
    digits = number_of(order_id).replace("-", "")
    for first, second in combinations(range(12), 2):
        if digits[first] != digits[second]:
            swapped = list(digits)
            swapped[first], swapped[second] = digits[second], digits[first]
            with pytest.raises(InvalidNumber):
                id_from("".join(swapped))


@pytest.mark.parametrize(
    "text", ["", "7KQ2", "7KQ2-M4XT-9WZ", "7KQ2-M4XT-9WZ3-", "UUUU-UUUU-UUUU", "7KQ2_M4XT_9WZ3"]
)
def test_what_is_not_a_number_is_none(text: str) -> None:
    assert id_from(text) is None


def test_an_id_is_a_uuid_of_version_8() -> None:
    made = UUID(new_id())
    assert (made.version, made.variant) == (8, "specified in RFC 4122")


def test_the_id_of_a_digest_never_changes() -> None:
    """A retry after an upgrade finds its order by this id alone."""
    assert id_for(bytes(range(1, 33))) == "01020304-0506-806e-b137-aef089ff49b9"
    assert id_for(b"\xff" * 8) == "ffffffff-ffff-8ffc-a3b4-d19595ab8da0"


def test_an_id_holds_its_time_and_its_chance() -> None:
    """30 bits of time, of which later ones are dropped, and 25 bits of chance."""
    for moment in (1_795_000_000, 1_795_000_000 + (4 << 30)):
        with (
            patch.object(time, "time_ns", return_value=moment * 1_000_000_000),
            patch.object(os, "urandom", side_effect=lambda size: bytes(range(0xF0, 0xF0 + size))),
        ):
            assert new_id() == "6afd86c3-c3c7-8cad-b33f-2ccc3bcdfc48"


def test_ids_sort_by_their_time() -> None:
    moments = [seconds * 1_000_000_000 for seconds in (4, 1_023, 1_028, 65_536, 1_795_000_000)]
    with patch.object(time, "time_ns", side_effect=moments):
        made = [new_id() for _ in moments]
    assert made == sorted(made)


def test_ids_of_one_instant_differ_by_chance() -> None:
    with (
        patch.object(time, "time_ns", return_value=0),
        patch.object(os, "urandom", side_effect=[b"abcd", b"efgh"]),
    ):
        assert new_id() != new_id()
