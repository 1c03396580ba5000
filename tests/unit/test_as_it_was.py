"""The last event until a time: what a search in steps finds is what reading all events finds."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.orders import an_order, moment

from orders_core.events import OrderEvent, event_for_write
from orders_core.operations.as_it_was import last_event_until


class Events:
    """An order's events at these times, the first versions of which may have been pruned."""

    def __init__(self, times: list[int], pruned: int) -> None:
        first = event_for_write(None, an_order())
        self.kept = [
            replace(first, version=version, time=moment(at))
            for version, at in enumerate(sorted(times), start=1)
            if version > pruned
        ]
        self.reads = 0

    def list_events(self, _: str, limit: int, after_version: int = 0) -> list[OrderEvent]:
        self.reads += 1
        return [event for event in self.kept if event.version > after_version][:limit]


@given(st.lists(st.integers(0, 50), max_size=70), st.integers(0, 10), st.integers(-1, 51))
def test_it_is_the_one_that_reading_all_of_them_finds(times: list[int], pruned: int, at: int) -> None:
    events = Events(times, pruned)
    early = [event for event in events.kept if event.time <= moment(at)]
    assert last_event_until(events, "any", moment(at)) == (early[-1] if early else None)


def test_a_thousand_versions_take_twenty_reads() -> None:
    events = Events(list(range(1_000)), pruned=0)
    found = last_event_until(events, "any", moment(700))
    assert found is not None
    assert found.version == 701
    assert events.reads <= 20
