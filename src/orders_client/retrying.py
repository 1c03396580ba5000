"""When to send a request again, and how long to wait before. Knows no network and no clock."""

import random
from collections.abc import Generator
from typing import Final, NamedTuple, TypeVar

import httpx

from orders_client.errors import Unreachable

T = TypeVar("T")

_TRY_AGAIN: Final = (429, 503)


class Attempt(NamedTuple):
    """What to do next: wait so many seconds, then send the request."""

    wait: float
    request: httpx.Request


Answer = httpx.Response | httpx.TransportError

Steps = Generator[Attempt, Answer, T]
"""A call as the steps it takes: it gives attempts, is sent what came of each, and returns the result."""


class Retries(NamedTuple):
    """How often and how patiently a request is sent again; times are in seconds.

    Waits grow by a factor of two and are random below that ("full jitter"), so that clients which were
    refused together do not come back together. A `Retry-After` is waited for besides, unless it is longer
    than `longest_wait`: then the error is raised at once.
    """

    attempts: int = 5
    first_wait: float = 0.2
    longest_wait: float = 20.0

    def wait(self, failures: int, answer: Answer) -> float | None:
        """Seconds to wait after the answer, which is the `failures`-th; None: it is final."""
        asked = 0.0
        if isinstance(answer, httpx.Response):
            if not should_be_repeated(answer):
                return None
            asked = _retry_after(answer)
        if failures >= self.attempts or asked > self.longest_wait:
            return None
        ceiling = min(self.longest_wait, self.first_wait * 2 ** (failures - 1))
        return asked + random.uniform(0, ceiling)  # noqa: S311 - no secret


def send(request: httpx.Request, retries: Retries) -> Steps[tuple[httpx.Response, bool]]:
    """The final answer to a request that is safe to repeat, and whether it was repeated.

    Raises:
        Unreachable: there was none.
    """
    failures, wait = 0, 0.0
    while True:
        answer = yield Attempt(wait, request)
        failures += 1
        again = retries.wait(failures, answer)
        if again is None:
            break
        wait = again
    if isinstance(answer, httpx.TransportError):
        raise Unreachable(f"{request.url.host} did not answer: {answer}") from answer
    return answer, failures > 1


def should_be_repeated(answer: httpx.Response) -> bool:
    """Whether the answer asks for patience; Cognito says so with a 400 and a header."""
    return answer.status_code in _TRY_AGAIN or "TooManyRequests" in answer.headers.get("x-amzn-errortype", "")


def _retry_after(answer: httpx.Response) -> float:
    text = answer.headers.get("retry-after", "")
    return float(text) if text.isdecimal() else 0.0
