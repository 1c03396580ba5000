"""When a request is sent again, and after how long: the rules, without a network."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders_client.errors import Unreachable
from orders_client.retrying import Answer, Attempt, Retries, send

REQUEST = httpx.Request("GET", "http://orders.example/v1/orders")
FAILURE = httpx.ConnectError("connection refused")


def busy(status: int = 503, retry_after: str | None = None) -> httpx.Response:
    return httpx.Response(status, headers={"Retry-After": retry_after} if retry_after else {})


@pytest.mark.parametrize("status", [200, 201, 204, 400, 401, 403, 404, 409, 412, 422, 500, 502, 504])
def test_other_answers_are_final(status: int) -> None:
    assert Retries().wait(1, httpx.Response(status)) is None


@pytest.mark.parametrize("answer", [FAILURE, busy(429), busy(503)], ids=["no answer", "429", "503"])
@given(failures=st.integers(1, 4))
def test_waits_are_random_below_a_ceiling_that_doubles(answer: Answer, failures: int) -> None:
    wait = Retries(attempts=5, first_wait=0.2, longest_wait=1.0).wait(failures, answer)
    assert wait is not None
    assert 0 <= wait <= min(1.0, 0.2 * 2 ** (failures - 1))


@given(seconds=st.integers(0, 20))
def test_retry_after_is_waited_for_besides(seconds: int) -> None:
    wait = Retries(first_wait=0.2, longest_wait=20).wait(1, busy(429, str(seconds)))
    assert wait is not None
    assert seconds <= wait <= seconds + 0.2


def test_a_retry_after_that_is_too_long_is_told_at_once() -> None:
    assert Retries(longest_wait=20).wait(1, busy(429, "21")) is None


@pytest.mark.parametrize("text", ["soon", "-1", "Wed, 21 Oct 2026 07:28:00 GMT", "²"])
def test_a_retry_after_that_is_no_number_of_seconds_is_passed_over(text: str) -> None:
    wait = Retries(first_wait=0).wait(1, httpx.Response(503, headers=[(b"Retry-After", text.encode())]))
    assert wait == 0


def test_cognito_asks_for_patience_in_its_own_way() -> None:
    throttled = httpx.Response(400, headers={"x-amzn-ErrorType": "TooManyRequestsException:"})
    assert Retries().wait(1, throttled) is not None


def test_the_first_attempt_goes_at_once_and_the_rest_after_a_wait() -> None:
    steps = send(REQUEST, Retries())
    assert next(steps) == Attempt(0, REQUEST)
    assert steps.send(busy(503, "7")).wait >= 7
    with pytest.raises(StopIteration) as done:
        steps.send(httpx.Response(200))
    response, repeated = done.value.value
    assert (response.status_code, repeated) == (200, True)


def test_the_last_failure_is_told() -> None:
    steps = send(REQUEST, Retries(attempts=2))
    next(steps)
    steps.send(FAILURE)
    with pytest.raises(Unreachable, match=r"orders\.example did not answer: connection refused"):
        steps.send(FAILURE)
