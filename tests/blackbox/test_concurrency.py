"""No write is lost silently."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.blackbox.client import MUG, Client, path_of, problem


def test_of_many_changes_to_one_version_one_wins(ana: Client) -> None:
    order = ana.create()

    def change(number: int) -> httpx.Response:
        return ana.put(order, {"If-Match": '"1"'}, items=[MUG | {"quantity": number + 1}])

    with ThreadPoolExecutor(ana.host.parallel) as threads:
        responses = list(threads.map(change, range(ana.host.parallel)))
    assert Counter(response.status_code for response in responses) == {200: 1, 412: ana.host.parallel - 1}
    won = next(response.json() for response in responses if response.status_code == 200)
    assert ana.get(order) == won


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_stale_version_is_refused_and_the_current_one_told(ana: Client, method: str) -> None:
    order = ana.create()
    ana.put(order, notes="changed")
    body = {"items": [MUG]} if method == "PUT" else None
    response = ana.send(method, path_of(order), body, headers={"If-Match": '"1"'})
    assert problem(response, 412, "version-mismatch")["current_version"] == 2
    assert ana.get(order)["notes"] == "changed"


@pytest.mark.parametrize("tags", ['"1"', "*", '"7", "1"'])
def test_the_current_version_is_taken(ana: Client, tags: str) -> None:
    order = ana.create()
    assert ana.put(order, {"If-Match": tags}).status_code == 200


def test_a_weak_tag_never_matches_for_a_write(ana: Client) -> None:
    problem(ana.put(ana.create(), {"If-Match": 'W/"1"'}), 412, "version-mismatch")


def test_a_tag_that_is_none_is_refused(ana: Client) -> None:
    document = problem(ana.put(ana.create(), {"If-Match": "1"}), 400, "invalid-input")
    assert [fault["header"] for fault in document["errors"]] == ["If-Match"]
