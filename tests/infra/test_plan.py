"""Laws that every planned resource keeps, also one that is added tomorrow."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.infra.terraform import ENVIRONMENTS, INFRA, Resource, planned

import orders_aws.consumers.webhook_store
import orders_aws.dynamodb
from orders_aws.telemetry import NAMESPACE, LambdaTelemetry
from orders_contract import gateway_profile
from orders_core.telemetry import Observation, Placed
from orders_host.access_log import AccessLogEntry

# What makes a thing public, and must not be used at all.
OPEN_DOORS = {
    "aws_lambda_function_url",
    "aws_s3_bucket_acl",
    "aws_internet_gateway",
    "aws_nat_gateway",
    "aws_eip",
}
OBSERVED = Observation(
    "createOrder", 201, "r", "c", "caller", 0.01, 0.005, "invalid-input", (Placed(1900, "EUR"),)
)


@pytest.fixture(scope="module", params=ENVIRONMENTS)
def environment(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def plan(environment: str) -> list[Resource]:
    return planned(environment)


def test_logs_are_not_kept_forever(plan: list[Resource]) -> None:
    groups = _of(plan, "aws_cloudwatch_log_group")
    assert groups
    assert [group.address for group in groups if not group.values["retention_in_days"]] == []


def test_no_role_may_exceed_the_boundary(plan: list[Resource], environment: str) -> None:
    boundary = f"arn:aws:iam::123456789012:policy/orders-api-{environment}-boundary"
    roles = _of(plan, "aws_iam_role")
    assert roles
    assert [role.address for role in roles if role.values["permissions_boundary"] != boundary] == []


def test_roles_bear_the_name_of_their_environment(plan: list[Resource], environment: str) -> None:
    """The role that deploys may touch no other."""
    names = [role.values["name"] for role in _of(plan, "aws_iam_role")]
    assert [name for name in names if not name.startswith(f"orders-api-{environment}-")] == []


def test_nothing_is_reached_from_outside_but_by_the_api_and_the_console(plan: list[Resource]) -> None:
    assert [resource.address for resource in plan if resource.type in OPEN_DOORS] == []


def test_everything_is_tagged_with_its_environment(plan: list[Resource], environment: str) -> None:
    untagged = [
        resource.address
        for resource in plan
        if "tags_all" in resource.values and resource.values["tags_all"].get("environment") != environment
    ]
    assert untagged == []


def test_environments_differ_in_their_tfvars_only() -> None:
    asks = re.compile(r"var\.environment\s*[!=]=|[!=]=\s*var\.environment")
    sources = [path for path in INFRA.rglob("*.tf") if asks.search(path.read_text())]
    assert sources == []


def test_the_contract_is_given_all_that_it_asks_for() -> None:
    asked = set(re.findall(r"\$\{(\w+)}", json.dumps(gateway_profile.build())))
    values = re.search(r"contract_values = \{(.*?)}", (INFRA / "main.tf").read_text(), re.DOTALL)
    assert values
    assert asked <= set(re.findall(r"^\s*(\w+) *=", values[1], re.MULTILINE))


def test_the_api_may_call_dynamodb_as_the_code_does_and_no_more() -> None:
    calls = re.compile(r"_client\.call\(\s*\"(\w+)\"")
    stores = [
        *Path(orders_aws.dynamodb.__file__).parent.glob("*.py"),
        Path(orders_aws.consumers.webhook_store.__file__),
    ]
    called = {name for path in stores for name in calls.findall(path.read_text())}
    api = re.search(r"^    api = \{(.*?)^    }", (INFRA / "iam.tf").read_text(), re.DOTALL | re.MULTILINE)
    assert api
    assert set(re.findall(r'"dynamodb:(\w+)"', api[1])) == called


def test_both_hosts_log_the_same_fields() -> None:
    fields = re.search(r"access_log = \{(.*?)}", (INFRA / "modules/api/main.tf").read_text(), re.DOTALL)
    assert fields
    assert set(re.findall(r"^\s*(\w+) *=", fields[1], re.MULTILINE)) == set(
        AccessLogEntry.__struct_encode_fields__
    )


def test_the_dashboard_shows_the_metrics_that_the_application_emits(
    capsys: pytest.CaptureFixture[str],
) -> None:
    LambdaTelemetry("dev", "INFO").record(OBSERVED)
    emitted = set(_emitted(capsys.readouterr().out))
    source = (INFRA / "modules/observability/dashboard.tf").read_text()
    shown = {
        (name, frozenset({"environment", "operation", *by.lstrip(",").split(",")} - {""}))
        for name, by in re.findall(r'^\s+(\w+) += \{ stat = "\w+", by = "([\w,]*)" \}', source, re.MULTILINE)
    }
    assert shown == emitted
    assert f"SEARCH('{{{NAMESPACE},environment,operation" in source


def _emitted(output: str) -> Iterator[tuple[str, frozenset[str]]]:
    """Name and dimensions of every metric in lines of CloudWatch's embedded metric format."""
    for line in map(json.loads, output.splitlines()):
        for directive in line.get("_aws", {}).get("CloudWatchMetrics", []):
            for metric in directive["Metrics"]:
                yield metric["Name"], frozenset(directive["Dimensions"][0])


def _of(plan: list[Resource], kind: str) -> list[Resource]:
    return [resource for resource in plan if resource.type == kind]
