"""The consumers on AWS keep their promises whatever fails, and a consumer that did not would be found out."""

from collections.abc import Callable
from typing import Any

import pytest

from orders_aws.client.calls import AwsClient
from orders_aws.consumers import fulfilment
from orders_aws.consumers.history import History
from orders_aws.consumers.notifications import SentMails
from orders_core.models import OrderStatus
from orders_core.schemas import OrderView
from tests.consumers import faults, stream
from tests.consumers.faults import NONE
from tests.consumers.run import run

CHANGES = 1_500
"""About two hours of the shop, with a spell or two in which a service is away."""


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_fails_everything_is_heard_and_counted(seed: int) -> None:
    report = run(seed, CHANGES)
    assert report.broken == []
    assert min(report.faults[name] for name in ("answer_lost", "throttled", "conflict", "twice", "away")) > 0


def test_a_seed_replays_exactly() -> None:
    assert run(4, 300) == run(4, 300)


def test_without_faults_nothing_is_repeated() -> None:
    report = run(5, 500, NONE)
    assert (report.broken, set(report.repeated.values()), report.faults) == ([], {0}, {})


# --- planted bugs ---

Plant = Callable[[pytest.MonkeyPatch], None]


def ten_attempts(patch: pytest.MonkeyPatch) -> None:
    """While the bus is away for longer than those take."""
    patch.setattr(faults, "SERVICES", ("events",))
    settings = stream.setting
    patch.setattr(stream, "setting", lambda name: 10 if name == "maximum_retry_attempts" else settings(name))


def lost_mails_are_repeated(patch: pytest.MonkeyPatch) -> None:
    call = AwsClient.call
    patch.setattr(
        AwsClient, "call", lambda self, operation, request, once=False: call(self, operation, request)
    )


def mails_are_not_claimed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SentMails, "claim", lambda *_: True)


def what_comes_again_counts_again(patch: pytest.MonkeyPatch) -> None:
    put = History._put

    def unconditional(self: History, change: Any) -> Any:
        item: Any = put(self, change)
        del item["Put"]["ConditionExpression"]
        return item

    patch.setattr(History, "_put", unconditional)


def only_the_newest_status_is_handed_over(patch: pytest.MonkeyPatch) -> None:
    def due(order: OrderView) -> list[OrderStatus]:
        return [order.status]

    patch.setattr(fulfilment, "_due", due)


@pytest.mark.parametrize(
    ("plant", "found"),
    [
        (ten_attempts, "the bus did not hear"),
        (lost_mails_are_repeated, "mails were sent twice"),
        (mails_are_not_claimed, "mails were sent twice"),
        (what_comes_again_counts_again, "numbers of orders"),
        (only_the_newest_status_is_handed_over, "the warehouse was told"),
    ],
)
def test_a_planted_bug_is_found(plant: Plant, found: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    assert [each for each in run(2, CHANGES).broken if found in each]
