"""How many instances of the function a load needs: `python -m bench.scaling` prints docs/scaling.md's table.

Requests come at random moments (Poisson); each finds an idle instance, or starts one. How long a request
takes is what the zip was measured to take (orders_tools.cost.measured), spread as a network's answers are.
"""

import heapq
import random
from typing import Final, NamedTuple

import click

from orders_tools.cost.bill import Usage, operations
from orders_tools.cost.environments import API_MEMORY_MB
from orders_tools.cost.measured import INIT_MS, billed_ms

RATES: Final = (10, 100, 250, 1000, 2000, 5000)
SECONDS: Final = 60
SKETCHED_MS: Final = 200
REQUESTS_FOR_EACH_UNIT: Final = 10
"""A second, for each unit of concurrency: https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html"""

# What Lambda adds to a cold start: it finds a place and fetches the code.
_PLACING_MS: Final = 150.0
_SPREAD: Final = 0.3


class Outcome(NamedTuple):
    """The most instances busy at once, those started on the way, and milliseconds that requests took."""

    busy: int
    started: int
    p50_ms: float
    p99_ms: float


def mean_ms(reads: float = 0.7) -> float:
    """What a request takes on average."""
    mix = operations(Usage(requests=1, reads=reads, payload_bytes=2048, users=0))
    return sum(share * billed_ms(name, API_MEMORY_MB) for name, share in mix.items())


def simulate(rate: float, seconds: float, service_ms: float, warm: int, seed: int = 1) -> Outcome:
    """Serve `rate` requests a second, beginning with `warm` idle instances."""
    dice = random.Random(seed)
    busy_until: list[float] = []
    idle, started, most = warm, 0, 0
    took: list[float] = []
    now = dice.expovariate(rate)
    while now < seconds:
        while busy_until and busy_until[0] <= now:
            heapq.heappop(busy_until)
            idle += 1
        spent = service_ms * dice.lognormvariate(-(_SPREAD**2) / 2, _SPREAD)
        if idle:
            idle -= 1
        else:
            started += 1
            spent += INIT_MS + _PLACING_MS
        took.append(spent)
        heapq.heappush(busy_until, now + spent / 1000)
        most = max(most, len(busy_until))
        now += dice.expovariate(rate)
    took.sort()
    return Outcome(most, started, took[len(took) // 2], took[int(len(took) * 0.99)])


@click.command()
def main() -> None:
    """Print the instances that each rate needs."""
    service_ms = mean_ms()
    click.echo(
        f"A request takes {service_ms:.1f} ms on average; in the architecture's sketch, {SKETCHED_MS} ms.\n"
    )
    headings = (
        "requests/s",
        "busy on average",
        "as sketched",
        "busy at most",
        "started from nothing",
        "allowance needed",
        "p99, ms",
    )
    click.echo(f"| {' | '.join(headings)} |\n|{'---:|' * len(headings)}")
    for rate in RATES:
        warm = simulate(rate, SECONDS, service_ms, warm=rate)
        cold = simulate(rate, SECONDS, service_ms, warm=0)
        cells = (
            f"{rate:,}",
            f"{rate * service_ms / 1000:.1f}",
            f"{rate * SKETCHED_MS / 1000:,.0f}",
            f"{warm.busy}",
            f"{cold.started:,}",
            f"{rate / REQUESTS_FOR_EACH_UNIT:,.0f}",
            f"{warm.p99_ms:.0f}",
        )
        click.echo(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
