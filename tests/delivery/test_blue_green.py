"""`orders deploy`, rehearsed: the real zip, the real hook, and a stand-in for CodeDeploy."""

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from tests.delivery.codedeploy import CodeDeploy
from tests.real_parts.artefact import THIS_PYTHON
from tests.real_parts.tables import REGION, create_orders_table, dynamodb_client

from orders_aws import smoke_test as smoke
from orders_tools.blue_green import BlueGreen, CannotDeploy, Clients


class Rehearsal:
    """A function with a live version, on ministack, and what deploys others."""

    def __init__(self, endpoint: str, zip_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.endpoint = endpoint
        self._environment = uuid.uuid4().hex[:8]
        self.function = f"orders-api-{self._environment}-api"
        self.functions: Any = boto3.client(
            "lambda",
            endpoint_url=endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        self.table = create_orders_table(endpoint)
        self.functions.create_function(
            FunctionName=self.function,
            Runtime=f"python{THIS_PYTHON}",
            Handler="orders_aws.handler.handler",
            Code={"ZipFile": zip_file.read_bytes()},
            Role="arn:aws:iam::000000000000:role/test",
            Timeout=10,
            Environment={"Variables": self._variables(self.table)},
        )
        self.functions.create_alias(FunctionName=self.function, Name="live", FunctionVersion=self.publish())
        self.said: list[str] = []
        self.codedeploy = CodeDeploy(self.functions, self.function, lambda event: smoke.handler(event, None))
        self._clients = Clients(self.codedeploy.client(), self.functions)
        self.rehearse(self.codedeploy.wait)
        monkeypatch.setenv("API_FUNCTION", self.function)
        of_hook = {"codedeploy": self._clients.codedeploy, "lambda": self.functions}
        monkeypatch.setattr(smoke, "_client", of_hook.get)

    def rehearse(self, wait: Callable[[float], None]) -> None:
        """From here on, `wait` is what happens while `orders deploy` waits."""
        self.deployments = BlueGreen(self._environment, self._clients, self.said.append, wait)

    @property
    def live(self) -> str:
        """The version that gets all traffic."""
        alias = self.functions.get_alias(FunctionName=self.function, Name="live")
        assert not alias.get("RoutingConfig", {}).get("AdditionalVersionWeights")
        version: str = alias["FunctionVersion"]
        return version

    def publish(self, table: str = "") -> str:
        """A new version; a broken one, if its table is not there."""
        self.functions.update_function_configuration(
            FunctionName=self.function,
            Description=str(uuid.uuid4()),
            Environment={"Variables": self._variables(table or self.table)},
        )
        version: str = self.functions.publish_version(FunctionName=self.function)["Version"]
        return version

    def _variables(self, table: str) -> dict[str, str]:
        return {"DYNAMODB_TABLE": table, "DYNAMODB_ENDPOINT_URL": self.endpoint, "ENVIRONMENT": "test"}


@pytest.fixture
def rehearsal(ministack_endpoint: str, function_zip: Path, monkeypatch: pytest.MonkeyPatch) -> Rehearsal:
    return Rehearsal(ministack_endpoint, function_zip, monkeypatch)


def test_a_version_that_works_takes_over(rehearsal: Rehearsal) -> None:
    first, second = rehearsal.live, rehearsal.publish()
    assert rehearsal.deployments.deploy(second)
    assert rehearsal.live == second
    assert rehearsal.codedeploy.alias.shares == [(second, 0.1), (second, 1.0)]
    assert rehearsal.said == [
        f"{rehearsal.function}: from version {first} to version {second}.",
        "  BeforeAllowTraffic: InProgress",
        "  BeforeAllowTraffic: Succeeded",
        "  AllowTraffic: InProgress",
        f"  10 % of traffic on version {second}",
        "  AllowTraffic: Succeeded",
        f"  100 % of traffic on version {second}",
        "Deployment d-TEST00001: Succeeded.",
        f"Version {second} is live.",
    ]


def test_the_smoke_test_leaves_no_order_behind(rehearsal: Rehearsal) -> None:
    rehearsal.deployments.deploy(rehearsal.publish())
    kept = dynamodb_client(rehearsal.endpoint).scan(TableName=rehearsal.table)["Items"]
    assert [item for item in kept if "deleted_at" not in item] == []


def test_a_version_that_fails_its_smoke_test_gets_no_traffic(rehearsal: Rehearsal) -> None:
    first, broken = rehearsal.live, rehearsal.publish(table="no-such-table")
    assert not rehearsal.deployments.deploy(broken)
    assert rehearsal.live == first
    assert broken not in [version for version, _ in rehearsal.codedeploy.alias.shares]
    assert any("HOOK_EXECUTION_FAILURE" in line for line in rehearsal.said)
    assert rehearsal.said[-1] == f"Version {first} is live."


def test_an_alarm_during_the_canary_rolls_back(rehearsal: Rehearsal) -> None:
    first, second = rehearsal.live, rehearsal.publish()
    wait = rehearsal.codedeploy.wait

    def wait_until_it_gets_traffic(seconds: float) -> None:
        wait(seconds)
        if (second, 0.1) in rehearsal.codedeploy.alias.shares:
            rehearsal.codedeploy.alarm()

    rehearsal.rehearse(wait_until_it_gets_traffic)
    assert not rehearsal.deployments.deploy(second)
    assert rehearsal.live == first
    assert (second, 1.0) not in rehearsal.codedeploy.alias.shares
    assert any("ALARM_ACTIVE" in line for line in rehearsal.said)
    assert "Rolling back." in rehearsal.said
    assert rehearsal.said[-1] == f"Version {first} is live."


def test_rolling_back_puts_all_traffic_at_once_where_it_was_before(rehearsal: Rehearsal) -> None:
    first, second, third = rehearsal.live, rehearsal.publish(), rehearsal.publish()
    for version in (second, third):
        assert rehearsal.deployments.deploy(version)
    rehearsal.codedeploy.alias.shares.clear()
    assert rehearsal.deployments.roll_back()
    assert rehearsal.live == second
    assert rehearsal.codedeploy.alias.shares == [(second, 1.0)]
    assert first != second


def test_an_active_alarm_does_not_stop_a_rollback(rehearsal: Rehearsal) -> None:
    first, second = rehearsal.live, rehearsal.publish()
    assert rehearsal.deployments.deploy(second)
    rehearsal.codedeploy.alarm_is_active = True
    assert rehearsal.deployments.roll_back()
    assert rehearsal.live == first


def test_an_active_alarm_stops_a_deployment(rehearsal: Rehearsal) -> None:
    first = rehearsal.live
    rehearsal.codedeploy.alarm_is_active = True
    assert not rehearsal.deployments.deploy(rehearsal.publish())
    assert rehearsal.live == first


def test_rolling_back_ends_what_is_under_way(rehearsal: Rehearsal) -> None:
    first, second = rehearsal.live, rehearsal.publish()

    def somebody_rolls_back(_: float) -> None:
        rehearsal.rehearse(rehearsal.codedeploy.wait)
        assert rehearsal.deployments.roll_back()

    rehearsal.rehearse(somebody_rolls_back)
    assert not rehearsal.deployments.deploy(second)
    assert rehearsal.live == first
    assert rehearsal.codedeploy.alias.shares[-1] == (first, 1.0)
    assert "Stopping deployment d-TEST00001." in rehearsal.said


def test_without_a_deployment_there_is_nothing_to_go_back_to(rehearsal: Rehearsal) -> None:
    with pytest.raises(CannotDeploy, match="name a --version"):
        rehearsal.deployments.roll_back()


def test_the_live_version_is_not_deployed_again(rehearsal: Rehearsal) -> None:
    assert rehearsal.deployments.deploy(rehearsal.live)
    assert rehearsal.codedeploy.deployments == {}


def test_a_version_is_found_by_the_zip_that_it_runs(
    rehearsal: Rehearsal, function_zip: Path, tmp_path: Path
) -> None:
    newest = rehearsal.publish()
    assert rehearsal.deployments.version_of(function_zip) == newest
    other = tmp_path / "other.zip"
    other.write_bytes(function_zip.read_bytes() + b" ")
    with pytest.raises(CannotDeploy, match="terraform apply"):
        rehearsal.deployments.version_of(other)
