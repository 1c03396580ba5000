"""The bill: complete, additive, and below what the architecture document expects."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from orders_cli.commands import orders
from orders_tools.cost import measured
from orders_tools.cost.bill import MIX, Line, Usage, bill, operations
from orders_tools.cost.environments import API_MEMORY_MB, ENVIRONMENTS
from orders_tools.cost.prices import AS_OF, PRICES

PERFORMANCE = Path(__file__).parents[2] / "docs/performance.md"
MILLION = Usage(requests=1_000_000, reads=0.7, payload_bytes=2048, users=1000)


def total(lines: list[Line], *kinds: str) -> float:
    return sum(line.usd for line in lines if line.kind in kinds)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("region", PRICES)
def test_a_million_requests_cost_less_than_ten(environment: str, region: str) -> None:
    lines = bill(MILLION, ENVIRONMENTS[environment]._replace(traced_share=0.05), PRICES[region])
    assert 5 < total(lines, "requests") < 10


def test_twice_the_requests_cost_about_twice_as_much() -> None:
    prices = {name: price._replace(free=0.0) for name, price in PRICES["eu-west-1"].items()}
    once = bill(MILLION, ENVIRONMENTS["prod"], prices)
    twice = bill(MILLION._replace(requests=2_000_000), ENVIRONMENTS["prod"], prices)
    assert total(twice, "requests") == pytest.approx(2 * total(once, "requests"))
    assert total(twice, "month") == total(once, "month")


def test_without_requests_only_the_month_is_billed() -> None:
    lines = bill(MILLION._replace(requests=0), ENVIRONMENTS["prod"], PRICES["eu-west-1"])
    assert {line.kind for line in lines} <= {"month", "optional"}


def test_free_units_are_given_once() -> None:
    lines = bill(MILLION, ENVIRONMENTS["dev"], PRICES["eu-west-1"])
    of_queues = [line for line in lines if line.price.source == "https://aws.amazon.com/sqs/pricing/"]
    asked = sum(line.quantity for line in of_queues)
    assert sum(line.usd for line in of_queues) == pytest.approx((asked - 1_000_000) * of_queues[0].price.usd)


def test_operations_add_up_to_the_requests() -> None:
    assert sum(operations(MILLION).values()) == pytest.approx(1_000_000)
    assert [sum(mix.values()) for mix in MIX.values()] == pytest.approx([1, 1])


def test_every_region_has_every_price_with_its_source() -> None:
    assert len({frozenset(prices) for prices in PRICES.values()}) == 1
    for price in (price for prices in PRICES.values() for price in prices.values()):
        assert price.source.startswith("https://aws.amazon.com/")
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", AS_OF)


@pytest.mark.parametrize(
    ("operation", "row"), [("create", "warm create"), ("get", "warm get"), ("list", "warm list")]
)
def test_times_are_those_that_the_benchmark_publishes(operation: str, row: str) -> None:
    published = re.search(rf"\| {row}, ms of CPU \| ([\d.]+) \|", PERFORMANCE.read_text())
    assert published is not None
    assert measured.CPU_MS[operation] == pytest.approx(float(published[1]), rel=0.5)


def test_a_request_is_billed_some_milliseconds() -> None:
    for operation in measured.CPU_MS:
        assert 4 < measured.billed_ms(operation, API_MEMORY_MB) < 15


class TestCommand:
    def test_prints_the_bill_and_what_the_architecture_document_says(self) -> None:
        printed = CliRunner().invoke(orders, ["cost", "--environment", "dev"], catch_exceptions=False).output
        assert "Grows with requests" in printed
        assert re.search(r"API Gateway +3.50 +3.50", printed)
        assert f"as of {AS_OF}" in printed

    def test_prints_json_for_programs(self) -> None:
        arguments = ["cost", "--requests", "5000000", "--payload-kb", "4", "--reads", "0.9", "--json"]
        document = json.loads(CliRunner().invoke(orders, arguments, catch_exceptions=False).output)
        assert document["totals_usd"]["total"] == pytest.approx(
            sum(line["usd"] for line in document["lines"] if line["depends_on"] != "optional"), abs=0.01
        )
        assert {line["confirmed"] for line in document["lines"]} == {True, False}

    def test_knows_no_other_regions(self) -> None:
        result = CliRunner().invoke(orders, ["cost", "--region", "eu-south-9"])
        assert "there are prices for us-east-1, eu-west-1 only" in str(result.exception)
