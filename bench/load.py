"""A bounded load and smoke run against any deployed API: `python -m bench.load BASE_URL`.

The smoke part creates, reads and lists one order. The load part sends requests at a fixed rate, answered or
not, and counts latency from the moment each was due: no stall hides behind a client that waits for it.
What it created it deletes, at the same rate. Exit status 1 when anything was answered with no success.
"""

import asyncio
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

import click
import httpx

from bench.workload import ORDER

BOUND_RATE, BOUND_SECONDS = 50, 120
MIX = ("create", "get", "get", "list", "get")
TIMEOUT_SECONDS = 30

Operation = Callable[[float], Coroutine[None, None, None]]


@click.command()
@click.argument("base_url")
@click.option("--token", envvar="ORDERS_TOKEN", help="An ID token (or ORDERS_TOKEN).")
@click.option("--user", help="Sign in as this user instead.")
@click.option("--password", envvar="ORDERS_PASSWORD", help="Its password (or ORDERS_PASSWORD).")
@click.option("--cognito-url", help="Where Cognito answers [default: from BASE_URL/config.json].")
@click.option("--client-id", help="The user pool's client [default: from BASE_URL/config.json].")
@click.option("--api-key", envvar="ORDERS_API_KEY", help="Sent as x-api-key (or ORDERS_API_KEY).")
@click.option("--rate", default=10.0, show_default=True, help=f"Requests a second, at most {BOUND_RATE}.")
@click.option("--seconds", default=10.0, show_default=True, help=f"0 to smoke only, at most {BOUND_SECONDS}.")
@click.option(
    "--unbounded", is_flag=True, help="Allow more than the bounds, on a system that is yours to load."
)
def main(
    base_url: str,
    token: str | None,
    user: str | None,
    password: str | None,
    cognito_url: str | None,
    client_id: str | None,
    api_key: str | None,
    rate: float,
    seconds: float,
    unbounded: bool,
) -> None:
    """Smoke-test the API at BASE_URL (what comes before /v1), then load it at a fixed rate."""
    if (rate > BOUND_RATE or seconds > BOUND_SECONDS) and not unbounded:
        raise click.UsageError(
            f"{rate:g} requests a second for {seconds:g} s is more than {BOUND_RATE} for {BOUND_SECONDS} s: "
            "--unbounded allows it, and it costs what the cloud charges."
        )
    base_url = base_url.rstrip("/")
    if token is None:
        if not (user and password):
            raise click.UsageError("give --token, or --user and --password")
        try:
            token = sign_in(base_url, user, password, cognito_url, client_id)
        except httpx.HTTPError as error:
            raise click.ClickException(f"can't sign in at {base_url}: {error}") from None
    headers = {"Authorization": f"Bearer {token}"} | ({"x-api-key": api_key} if api_key else {})
    tally = asyncio.run(run(base_url, headers, rate, seconds))
    click.echo(tally.table())
    sys.exit(1 if tally.failures else 0)


def sign_in(base_url: str, user: str, password: str, cognito_url: str | None, client_id: str | None) -> str:
    """An ID token, by Cognito's InitiateAuth."""
    if not (cognito_url and client_id):
        config = httpx.get(f"{base_url}/config.json").raise_for_status().json()
        cognito_url, client_id = cognito_url or config["cognito_url"], client_id or config["client_id"]
    response = httpx.post(
        str(cognito_url),
        headers={
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth",
        },
        json={
            "AuthFlow": "USER_PASSWORD_AUTH",
            "ClientId": client_id,
            "AuthParameters": {"USERNAME": user, "PASSWORD": password},
        },
    )
    if response.is_error:
        raise click.ClickException(f"{user} can't sign in: {response.text}")
    token: str = response.json()["AuthenticationResult"]["IdToken"]
    return token


@dataclass
class Tally:
    """What was answered: milliseconds by operation; failures by operation and status or exception."""

    latencies: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    failures: Counter[tuple[str, str]] = field(default_factory=Counter)

    def table(self) -> str:
        """Percentiles by operation, then the failures."""
        lines = [f"{'operation':10}{'requests':>10}{'p50 ms':>10}{'p95 ms':>10}{'p99 ms':>10}{'max ms':>10}"]
        for operation, unsorted in self.latencies.items():
            ordered = sorted(unsorted)
            figures = [
                ordered[min(len(ordered) - 1, int(share * len(ordered)))] for share in (0.5, 0.95, 0.99, 1)
            ]
            lines.append(
                f"{operation:10}{len(ordered):10}" + "".join(f"{figure:10.1f}" for figure in figures)
            )
        lines += [f"{operation}: {count} × {how}" for (operation, how), count in self.failures.items()]
        return "\n".join([*lines, f"{self.failures.total()} failures"])


class Session:
    """One user's requests, tallied."""

    def __init__(self, http: httpx.AsyncClient, tally: Tally) -> None:
        self.http = http
        self.tally = tally
        self.order_ids: list[str] = []
        self.customer_id = ""

    async def create(self, due: float) -> None:
        if order := await self.send("create", due, "POST", "/v1/orders", json=ORDER):
            self.order_ids.append(order["order_id"])
            self.customer_id = order["customer_id"]

    async def get(self, due: float) -> None:
        await self.send("get", due, "GET", f"/v1/orders/{self.order_ids[-1]}")

    async def list(self, due: float) -> None:
        await self.send("list", due, "GET", "/v1/orders", params={"customer_id": self.customer_id})

    async def delete(self, due: float) -> None:
        await self.send("delete", due, "DELETE", f"/v1/orders/{self.order_ids.pop()}")

    async def send(self, operation: str, due: float, method: str, path: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
        try:
            response = await self.http.request(method, path, **more)
        except httpx.HTTPError as error:
            self.tally.failures[operation, type(error).__name__] += 1
            return {}
        self.tally.latencies[operation].append(1000 * (time.perf_counter() - due))
        if not response.is_success:
            self.tally.failures[operation, str(response.status_code)] += 1
            return {}
        answer: dict[str, Any] = response.json() if response.content else {}
        return answer


async def run(base_url: str, headers: dict[str, str], rate: float, seconds: float) -> Tally:
    """One request of each kind, then the load, then the removal of what was created."""
    tally = Tally()
    async with httpx.AsyncClient(base_url=base_url, headers=headers, timeout=TIMEOUT_SECONDS) as http:
        session = Session(http, tally)
        operations = {"create": session.create, "get": session.get, "list": session.list}
        for operation in operations.values():
            await operation(time.perf_counter())
            if tally.failures:
                return tally
        await pace([operations[name] for name, _ in zip(cycle(MIX), range(round(rate * seconds)))], rate)
        await pace([session.delete] * len(session.order_ids), rate)
    return tally


async def pace(operations: Sequence[Operation], rate: float) -> None:
    """Start an operation every 1/rate seconds, whether or not earlier ones are answered."""
    start = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number, operation in enumerate(operations):
            due = start + number / rate
            await asyncio.sleep(max(0, due - time.perf_counter()))
            group.create_task(operation(due))


if __name__ == "__main__":
    main()
