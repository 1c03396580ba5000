"""A call from start to end as steps without I/O, which `Orders` and `AsyncOrders` carry out."""

from typing import Final

import httpx
import msgspec

from orders_client.calls import Call, T, decode
from orders_client.errors import problem_from
from orders_client.retrying import Retries, Steps, send
from orders_client.session import Host

TIMEOUT: Final = 30.0
"""Seconds; API Gateway itself gives up after 29."""

LATE_SECONDS: Final = 1.0
"""How long events take to come on AWS, or a little longer."""


def perform(call: Call[T], host: Host, token: str, api_key: str | None, retries: Retries) -> Steps[T]:
    """The answer of a call, after as many attempts as it takes.

    Raises:
        Problem: the API refused.
        Unreachable: it did not answer.
    """
    headers = {"Authorization": f"Bearer {token}", **call.headers}
    if api_key:
        headers["x-api-key"] = api_key
    content = None
    if call.body is not None:
        headers["Content-Type"] = "application/json"
        content = msgspec.json.encode(call.body)
    url = host.api_url.rstrip("/") + call.path
    request = httpx.Request(call.method, url, params=call.query or None, headers=headers, content=content)
    response, repeated = yield from send(request, retries)
    if response.is_success:
        return decode(call, response.content)
    if response.status_code == httpx.codes.NOT_FOUND and repeated and call.missing_is_done:
        return decode(call, b"")
    raise problem_from(response)
