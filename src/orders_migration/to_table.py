"""From orders.db to DynamoDB: everything there is, then what changed since, then a comparison.

The copy is no snapshot: each order is read as it is when its turn comes, and the outbox says which orders
changed since the copy began. Every write puts an item as a whole, and what was read last is written last,
so that any step may be done twice. The comparison is of one moment of the source:

    events, orders, deleted orders │ changes since │ pinned: last changes, figures, comparison, repairs

What changes without a new event (an erasure empties old events in place, a pruning removes them) is found by
the comparison, and put again.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Final, NamedTuple, TypeVar

from orders_migration.digest import Digest, OrdersDigest
from orders_migration.file_side import FileSide
from orders_migration.state import Stage, State, StateFile
from orders_migration.table_side import CONNECTIONS, MAX_BATCH, TableSide

T = TypeVar("T")

MAX_NAMED: Final = 100
"""Orders that a comparison names at most."""

_MAX_BUCKETS: Final = 2_000
"""Buckets whose orders one comparison tells apart: their ids are held in memory."""

_UNDERWAY: Final = 4 * CONNECTIONS
_BATCHES_A_SAVE: Final = 40
_CHANGES_AT_ONCE: Final = 400

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many records are done, and how many there are."""


class Outcome(NamedTuple):
    """What the comparison of both sides found."""

    records: int
    source_root: str
    target_root: str
    differing: list[str]


class ToTable:
    """One migration to tables; go on with it by making another one over the same state."""

    def __init__(
        self,
        source: FileSide,
        target: TableSide,
        state_file: StateFile,
        state: State,
        progress: Progress = lambda *_: None,
        reached: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`reached` is called with the name of each step that has ended; tests stop the process there."""
        self._source = source
        self._target = target
        self._file = state_file
        self._state = state
        self._progress = progress
        self._reached = reached
        self._counts = source.counts()

    def run(self) -> Outcome:
        """Copy what is not copied yet, catch up, and compare.

        Raises:
            StoreUnavailable: DynamoDB took no more; a later run goes on from here.
        """
        state = self._state
        if state.stage is Stage.EVENTS:
            events = self._source.events(state.after)
            self._copy(events, self._target.put_events, self._counts.events, lambda last: last[:2])
            self._next(Stage.ORDERS)
        if state.stage is Stage.ORDERS:
            orders = self._source.orders(state.after[0])
            self._copy(orders, self._target.put_orders, self._counts.orders, lambda last: (last.order_id, 0))
            self._next(Stage.DELETED)
        if state.stage is Stage.DELETED:
            deleted = self._source.tombstones(state.after[0])
            self._copy(
                deleted, self._target.put_tombstones, self._counts.deleted, lambda last: (last.order_id, 0)
            )
            self._next(Stage.CHANGES)
        self._catch_up()
        with self._source.pinned():
            # The target gets nothing that is newer than this moment until the comparison has ended.
            self._catch_up()
            self._put_figures()
            outcome = self._compare()
            before: list[str] = []
            while outcome.differing != before and self._repair(outcome.differing):
                before = outcome.differing
                outcome = self._compare()
            return outcome

    def _copy(
        self,
        records: Iterable[T],
        put: Callable[[Sequence[T]], None],
        total: int,
        place: Callable[[T], tuple[str, int]],
    ) -> None:
        """Put records batch by batch over several connections; save where a later run has to go on."""
        stage = self._state.stage
        done = 0
        for number, batch in enumerate(_put_all(records, put), start=1):
            done += len(batch)
            self._state.after = place(batch[-1])
            self._reached(f"{stage} put")
            if number % _BATCHES_A_SAVE == 0:
                self._save()
            self._progress(stage, done, total)

    def _next(self, stage: Stage) -> None:
        self._state.stage = stage
        self._state.after = ("", 0)
        self._save()

    def _save(self) -> None:
        self._file.write(self._state)
        self._reached("state saved")

    def _catch_up(self) -> None:
        """Bring over what was committed since `position`: the events, and their orders as they are now."""
        while changes := self._source.changes(self._state.position, _CHANGES_AT_ONCE):
            order_ids = list(dict.fromkeys(change.event.order_id for change in changes))
            orders, tombstones = self._source.state_of(order_ids)
            _drain(_put_all((change.event for change in changes), self._target.put_events))
            self._reached("changes: events put")
            _drain(_put_all(orders, self._target.put_orders))
            _drain(_put_all(tombstones, self._target.put_tombstones))
            self._reached("changes: orders put")
            self._state.position = changes[-1].sequence
            self._save()
            self._progress(Stage.CHANGES, self._state.position, self._source.newest())

    def _put_figures(self) -> None:
        _drain(_put_all(self._source.figures(), self._target.put_figures))
        self._reached("figures put")

    def _compare(self) -> Outcome:
        source, target = Digest(), Digest()
        self._source.digest(source)
        self._target.digest(target, lambda _: self._progress("compared", target.records, source.records))
        differing = self._differing(source, target)
        return Outcome(source.records, source.root, target.root, differing)

    def _differing(self, source: Digest, target: Digest) -> list[str]:
        """The ids of orders that are not the same on both sides, those of _MAX_BUCKETS at most."""
        pairs = enumerate(zip(source.buckets, target.buckets, strict=True))
        buckets = set(islice((number for number, (here, there) in pairs if here != there), _MAX_BUCKETS))
        if not buckets:
            return []
        here, there = OrdersDigest(buckets), OrdersDigest(buckets)
        self._source.digest(here)
        self._target.digest(there)
        ids = here.orders.keys() | there.orders.keys()
        return sorted(each for each in ids if here.orders.get(each) != there.orders.get(each))

    def _repair(self, order_ids: Sequence[str]) -> bool:
        """Put orders again that changed without an event; False if all of them were written there since."""
        repaired = False
        for order_id in order_ids:
            if not self._target.is_as_moved(order_id):
                continue
            repaired = True
            events = self._source.events_of(order_id)
            orders, tombstones = self._source.state_of([order_id])
            self._target.remove_events(order_id, {event.version for event in events})
            _drain(_put_all(events, self._target.put_events))
            if orders:
                self._target.put_orders(orders)
            elif tombstones:
                self._target.put_tombstones(tombstones)
            else:
                self._target.remove(order_id)
            self._reached("order put again")
        return repaired


def _put_all(records: Iterable[T], put: Callable[[Sequence[T]], None]) -> Iterator[Sequence[T]]:
    """Put records over several connections; yields each batch when it and all before it are written."""
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        underway: deque[tuple[Sequence[T], Future[None]]] = deque()
        for batch in _batches(records):
            underway.append((batch, pool.submit(put, batch)))
            if len(underway) == _UNDERWAY:
                yield _written(underway)
        while underway:
            yield _written(underway)


def _written(underway: "deque[tuple[Sequence[T], Future[None]]]") -> Sequence[T]:
    batch, written = underway.popleft()
    written.result()
    return batch


def _batches(records: Iterable[T]) -> Iterator[Sequence[T]]:
    iterator = iter(records)
    while batch := list(islice(iterator, MAX_BATCH)):
        yield batch


def _drain(batches: Iterator[object]) -> None:
    deque(batches, maxlen=0)
