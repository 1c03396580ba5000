"""`orders cost`: the bill of a month on AWS, line by line."""

from collections import defaultdict
from typing import TYPE_CHECKING

import click

from orders_cli.common import json_option, print_json, print_rows
from orders_host.options import InvalidOption

if TYPE_CHECKING:
    from orders_tools.cost.bill import Line


@click.command()
@click.option("--requests", type=click.IntRange(0), default=1_000_000, show_default=True, help="A month.")
@click.option(
    "--payload-kb", type=click.FloatRange(0.5, 256), default=2.0, show_default=True, help="An order's JSON."
)
@click.option(
    "--reads",
    type=click.FloatRange(0, 1),
    default=0.7,
    show_default=True,
    help="Share of requests that read.",
)
@click.option(
    "--users", type=click.IntRange(0), default=1000, show_default=True, help="Who sign in, a month."
)
@click.option(
    "--environment",
    type=click.Choice(["dev", "preprod", "prod"]),
    default="prod",
    show_default=True,
    help="Whose alarms, firewall, backups and warm instances count.",
)
@click.option("--region", default="eu-west-1", show_default=True, help="Whose prices.")
@json_option
def cost(
    requests: int, payload_kb: float, reads: float, users: int, environment: str, region: str, as_json: bool
) -> None:
    """Estimate a month's bill on AWS, in USD.

    Consumption is measured, prices are a dated table; docs/costs.md shows the arithmetic.
    """
    from orders_tools.cost.bill import Usage, bill
    from orders_tools.cost.environments import ENVIRONMENTS
    from orders_tools.cost.prices import AS_OF, PRICES

    if region not in PRICES:
        known = ", ".join(PRICES)
        raise InvalidOption(
            f"--region {region}: there are prices for {known} only; add others in cost/prices.py."
        )
    usage = Usage(requests, reads, round(payload_kb * 1024), users)
    lines = bill(usage, ENVIRONMENTS[environment], PRICES[region])
    totals = _totals(lines)
    if as_json:
        print_json(
            {
                "environment": environment,
                "region": region,
                "prices_as_of": AS_OF,
                "lines": [_as_dict(line) for line in lines],
                "totals_usd": totals,
            }
        )
        return
    print_rows(
        ["Component", "Item", "Quantity", "Unit", "USD a unit", "USD", "Without free units"],
        _rows(lines),
        False,
    )
    click.echo(f"\nGrows with requests  {totals['requests']:8.2f} USD")
    click.echo(f"Each month           {totals['month']:8.2f} USD")
    click.echo(f"Total                {totals['total']:8.2f} USD    without free units {totals['list']:.2f}")
    click.echo(f"\n{_caveat(lines, region, AS_OF)}\n")
    click.echo("Beside the architecture document's estimate:")
    print_rows(["Component", "It says", "Here"], _beside(requests, lines), False)


def _rows(lines: "list[Line]") -> list[list[str]]:
    return [
        [
            line.component,
            line.item + ("" if line.price.confirmed else " *"),
            f"{line.quantity:,.0f}" if line.quantity >= 100 else f"{line.quantity:.2f}",
            line.price.unit,
            f"{line.price.usd:.10f}".rstrip("0").rstrip("."),
            f"{line.usd:.2f}",
            f"{line.list_usd:.2f}",
        ]
        for line in lines
    ]


def _totals(lines: "list[Line]") -> dict[str, float]:
    totals: dict[str, float] = defaultdict(float)
    for line in lines:
        if line.kind != "optional":
            totals[line.kind] += line.usd
            totals["total"] += line.usd
            totals["list"] += line.list_usd
    return {name: round(usd, 2) for name, usd in totals.items()}


def _beside(requests: int, lines: "list[Line]") -> list[list[str]]:
    """By component; what is paid each month counts only where the document counts it."""
    from orders_tools.cost.architecture import PER_MONTH, estimate

    ours: dict[str, float] = defaultdict(float)
    for line in lines:
        if line.kind == "requests" or line.component in PER_MONTH:
            ours[line.component] += line.usd
    return [[name, f"{usd:.2f}", f"{ours[name]:.2f}"] for name, usd in estimate(requests).items()]


def _caveat(lines: "list[Line]", region: str, as_of: str) -> str:
    unconfirmed = sum(not line.price.confirmed for line in lines)
    return (
        f"Prices of {region} as of {as_of}, before tax. {unconfirmed} of {len(lines)} (*) are quoted from"
        " memory: check them on the pages that --json names."
    )


def _as_dict(line: "Line") -> dict[str, object]:
    return {
        "component": line.component,
        "item": line.item,
        "depends_on": line.kind,
        "quantity": round(line.quantity, 3),
        "unit": line.price.unit,
        "usd_per_unit": line.price.usd,
        "usd": round(line.usd, 4),
        "usd_without_free_units": round(line.list_usd, 4),
        "source": line.price.source,
        "confirmed": line.price.confirmed,
    }
