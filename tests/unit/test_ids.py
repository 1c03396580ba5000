"""The ids that new orders get."""

import time
from unittest.mock import patch
from uuid import UUID

from orders_core.operations.common import new_id


def test_an_id_is_a_uuid_of_version_7_that_holds_its_time() -> None:
    with patch.object(time, "time_ns", return_value=1_700_000_000_123_456_789):
        made = UUID(new_id())
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert made.int >> 80 == 1_700_000_000_123


def test_ids_sort_by_their_time() -> None:
    moments = [millisecond * 1_000_000 for millisecond in (1, 255, 256, 65_536, 1_795_000_000_000)]
    with patch.object(time, "time_ns", side_effect=moments):
        ids = [new_id() for _ in moments]
    assert ids == sorted(ids)


def test_ids_of_one_instant_differ() -> None:
    with patch.object(time, "time_ns", return_value=0):
        assert len({new_id() for _ in range(1_000)}) == 1_000
