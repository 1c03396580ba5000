"""`orders deploy`, rehearsed: the real zip, the real hook, and a stand-in for CodeDeploy."""

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import boto3
import pytest
from tests.delivery.codedeploy import CodeDeploy
from tests.real_parts.artefact import THIS_PYTHON
from tests.real_parts.tables import REGION, create_orders_table, dynamodb_client

from orders_aws import smoke_test as smoke
from orders_tools import delivery as delivery_module
from orders_tools.delivery import Clients, Delivery
from orders_tools.release import API, CONSUMERS, FUNCTIONS, LIVE, CannotDeploy, function_name


class Rehearsal:
    """An environment with a live release, on ministack, and what deploys others."""

    def __init__(self, endpoint: str, zip_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.endpoint = endpoint
        self.environment = uuid.uuid4().hex[:8]
        self.function = function_name(self.environment, API)
        self.functions: Any = self._client("lambda")
        self.table = create_orders_table(endpoint)
        for name in FUNCTIONS:
            self._create(name, zip_file)
        self.gateway: Any = self._client("apigateway")
        self._api_id = self.gateway.create_rest_api(
            name=f"orders-api-{self.environment}", tags={"contract": "contract-1"}
        )["id"]
        self.gateway.create_stage(
            restApiId=self._api_id,
            stageName=self.environment,
            deploymentId=self.deploy_contract("contract-1"),
        )
        self.said: list[str] = []
        self.codedeploy = CodeDeploy(self.functions, self.function, lambda event: smoke.handler(event, None))
        self._clients = Clients(self.codedeploy.client(), self.functions, self.gateway)
        self.rehearse(self.codedeploy.wait)
        monkeypatch.setenv("API_FUNCTION", self.function)
        of_hook = {"codedeploy": self._clients.codedeploy, "lambda": self.functions}
        monkeypatch.setattr(smoke, "_client", of_hook.get)

    def rehearse(self, wait: Callable[[float], None]) -> None:
        """From here on, `wait` is what happens while `orders deploy` waits."""
        self.delivery = Delivery(self.environment, self._clients, self.said.append, wait)

    @property
    def live(self) -> str:
        """The version of the API that gets all traffic."""
        alias = self.functions.get_alias(FunctionName=self.function, Name=LIVE)
        assert not alias.get("RoutingConfig", {}).get("AdditionalVersionWeights")
        version: str = alias["FunctionVersion"]
        return version

    @property
    def consuming(self) -> dict[str, str]:
        """The version of each consumer that gets the events."""
        return {name: self._alias(name, LIVE) for name in CONSUMERS}

    @property
    def served(self) -> str:
        """The contract that clients meet."""
        stage = self.gateway.get_stage(restApiId=self._api_id, stageName=self.environment)
        deployment = self.gateway.get_deployment(restApiId=self._api_id, deploymentId=stage["deploymentId"])
        contract: str = deployment["description"]
        return contract

    def release(self, contract: str = "contract-1", table: str = "") -> str:
        """What `terraform apply` leaves: a new version of each function, and the imported contract.

        The version of the API is broken if its table is not there.
        """
        for name in CONSUMERS:
            self._publish(name, self.table)
        # ministack shows tags that are set by TagResource by GetTags only.
        tagged = {"op": "replace", "path": "/tags/contract", "value": contract}
        self.gateway.update_rest_api(restApiId=self._api_id, patchOperations=[tagged])
        return self._publish(API, table or self.table)

    def publish_consumer(self, name: str) -> str:
        """A new version of one consumer only, as a change of its settings makes it."""
        return self._publish(name, self.table)

    def deploy_contract(self, contract: str) -> str:
        """A deployment of the API that nobody is served by yet."""
        deployment = self.gateway.create_deployment(restApiId=self._api_id, description=contract)
        deployment_id: str = deployment["id"]
        return deployment_id

    def versions(self, name: str) -> list[str]:
        """The published versions that are left, the oldest first."""
        listed = self.functions.list_versions_by_function(FunctionName=function_name(self.environment, name))
        return [one["Version"] for one in listed["Versions"] if one["Version"] != "$LATEST"]

    def contracts(self) -> list[str]:
        """The contracts whose deployments are left."""
        listed = self.gateway.get_deployments(restApiId=self._api_id)["items"]
        return [deployment["description"] for deployment in listed]

    def _alias(self, name: str, alias: str) -> str:
        found = self.functions.get_alias(FunctionName=function_name(self.environment, name), Name=alias)
        version: str = found["FunctionVersion"]
        return version

    def _create(self, name: str, zip_file: Path) -> None:
        self.functions.create_function(
            FunctionName=function_name(self.environment, name),
            Runtime=f"python{THIS_PYTHON}",
            Handler="orders_aws.handler.handler",
            Code={"ZipFile": zip_file.read_bytes()},
            Role="arn:aws:iam::000000000000:role/test",
            Timeout=10,
            Environment={"Variables": self._variables(self.table)},
        )
        version = self._publish(name, self.table)
        self.functions.create_alias(
            FunctionName=function_name(self.environment, name), Name=LIVE, FunctionVersion=version
        )

    def _publish(self, name: str, table: str) -> str:
        function = function_name(self.environment, name)
        self.functions.update_function_configuration(
            FunctionName=function,
            Description=str(uuid.uuid4()),
            Environment={"Variables": self._variables(table)},
        )
        version: str = self.functions.publish_version(FunctionName=function)["Version"]
        return version

    def _variables(self, table: str) -> dict[str, str]:
        return {"DYNAMODB_TABLE": table, "DYNAMODB_ENDPOINT_URL": self.endpoint, "ENVIRONMENT": "test"}

    def _client(self, service: Literal["lambda", "apigateway"]) -> Any:  # noqa: ANN401 - boto3
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )


@pytest.fixture
def rehearsal(ministack_endpoint: str, function_zip: Path, monkeypatch: pytest.MonkeyPatch) -> Rehearsal:
    return Rehearsal(ministack_endpoint, function_zip, monkeypatch)


def test_a_version_that_works_takes_over(rehearsal: Rehearsal) -> None:
    first, second = rehearsal.live, rehearsal.release()
    assert rehearsal.delivery.deploy(second)
    assert rehearsal.live == second
    assert rehearsal.codedeploy.alias.shares == [(second, 0.1), (second, 1.0)]
    consumers = [function_name(rehearsal.environment, name) for name in CONSUMERS]
    assert rehearsal.said == [
        *[f"{consumer}: from version 1 to version 2." for consumer in consumers],
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
    rehearsal.delivery.deploy(rehearsal.release())
    kept = dynamodb_client(rehearsal.endpoint).scan(TableName=rehearsal.table)["Items"]
    assert [item for item in kept if "deleted_at" not in item] == []


def test_a_version_that_fails_its_smoke_test_gets_no_traffic(rehearsal: Rehearsal) -> None:
    first, broken = rehearsal.live, rehearsal.release(table="no-such-table")
    assert not rehearsal.delivery.deploy(broken)
    assert rehearsal.live == first
    assert broken not in [version for version, _ in rehearsal.codedeploy.alias.shares]
    assert any("HOOK_EXECUTION_FAILURE" in line for line in rehearsal.said)
    assert rehearsal.said[-1] == f"Version {first} is live."


def test_an_alarm_during_the_canary_rolls_back(rehearsal: Rehearsal) -> None:
    first, second = rehearsal.live, rehearsal.release()
    wait = rehearsal.codedeploy.wait

    def wait_until_it_gets_traffic(seconds: float) -> None:
        wait(seconds)
        if (second, 0.1) in rehearsal.codedeploy.alias.shares:
            rehearsal.codedeploy.alarm()

    rehearsal.rehearse(wait_until_it_gets_traffic)
    assert not rehearsal.delivery.deploy(second)
    assert rehearsal.live == first
    assert (second, 1.0) not in rehearsal.codedeploy.alias.shares
    assert any("ALARM_ACTIVE" in line for line in rehearsal.said)
    assert "Rolling back." in rehearsal.said
    assert rehearsal.said[-1] == f"Version {first} is live."


def test_rolling_back_puts_all_traffic_at_once_where_it_was_before(rehearsal: Rehearsal) -> None:
    first, second, third = rehearsal.live, rehearsal.release(), rehearsal.release()
    for version in (second, third):
        assert rehearsal.delivery.deploy(version)
    rehearsal.codedeploy.alias.shares.clear()
    assert rehearsal.delivery.roll_back()
    assert rehearsal.live == second
    assert rehearsal.codedeploy.alias.shares == [(second, 1.0)]
    assert first != second


def test_an_active_alarm_does_not_stop_a_rollback(rehearsal: Rehearsal) -> None:
    first, second = rehearsal.live, rehearsal.release()
    assert rehearsal.delivery.deploy(second)
    rehearsal.codedeploy.alarm_is_active = True
    assert rehearsal.delivery.roll_back()
    assert rehearsal.live == first


def test_an_active_alarm_stops_a_deployment(rehearsal: Rehearsal) -> None:
    first = rehearsal.live
    rehearsal.codedeploy.alarm_is_active = True
    assert not rehearsal.delivery.deploy(rehearsal.release())
    assert rehearsal.live == first


def test_rolling_back_ends_what_is_under_way(rehearsal: Rehearsal) -> None:
    first, second = rehearsal.live, rehearsal.release()

    def somebody_rolls_back(_: float) -> None:
        rehearsal.rehearse(rehearsal.codedeploy.wait)
        assert rehearsal.delivery.roll_back()

    rehearsal.rehearse(somebody_rolls_back)
    assert not rehearsal.delivery.deploy(second)
    assert rehearsal.live == first
    assert rehearsal.codedeploy.alias.shares[-1] == (first, 1.0)
    assert "Stopping deployment d-TEST00001." in rehearsal.said


def test_without_a_deployment_there_is_nothing_to_go_back_to(rehearsal: Rehearsal) -> None:
    with pytest.raises(CannotDeploy, match="name a --version"):
        rehearsal.delivery.roll_back()


def test_the_live_version_is_not_deployed_again(rehearsal: Rehearsal) -> None:
    assert rehearsal.delivery.deploy(rehearsal.live)
    assert rehearsal.codedeploy.deployments == {}


def test_a_version_is_found_by_the_zip_that_it_runs(
    rehearsal: Rehearsal, function_zip: Path, tmp_path: Path
) -> None:
    newest = rehearsal.release()
    assert rehearsal.delivery.version_of(function_zip) == newest
    other = tmp_path / "other.zip"
    other.write_bytes(function_zip.read_bytes() + b" ")
    with pytest.raises(CannotDeploy, match="terraform apply"):
        rehearsal.delivery.version_of(other)


class TestWhatBelongsToARelease:
    """The consumers and the contract go where the API's function goes, and come back with it."""

    def test_all_of_it_takes_over(self, rehearsal: Rehearsal) -> None:
        assert rehearsal.delivery.deploy(rehearsal.release("contract-2"))
        assert rehearsal.consuming == dict.fromkeys(CONSUMERS, "2")
        assert rehearsal.served == "contract-2"

    def test_a_rollback_rolls_all_of_it_back(self, rehearsal: Rehearsal) -> None:
        assert rehearsal.delivery.deploy(rehearsal.release("contract-2"))
        assert rehearsal.delivery.deploy(rehearsal.release("contract-3"))
        assert rehearsal.delivery.roll_back()
        assert (rehearsal.live, rehearsal.served) == ("2", "contract-2")
        assert rehearsal.consuming == dict.fromkeys(CONSUMERS, "2")

    def test_a_rollback_is_undone_by_another(self, rehearsal: Rehearsal) -> None:
        assert rehearsal.delivery.deploy(rehearsal.release("contract-2"))
        assert rehearsal.delivery.roll_back()
        assert rehearsal.delivery.roll_back()
        assert (rehearsal.live, rehearsal.served) == ("2", "contract-2")
        assert rehearsal.consuming == dict.fromkeys(CONSUMERS, "2")

    def test_none_of_it_stays_when_the_function_fails(self, rehearsal: Rehearsal) -> None:
        assert not rehearsal.delivery.deploy(rehearsal.release("contract-2", table="no-such-table"))
        assert (rehearsal.live, rehearsal.served) == ("1", "contract-1")
        assert rehearsal.consuming == dict.fromkeys(CONSUMERS, "1")

    def test_what_fails_is_not_what_a_rollback_returns_to(self, rehearsal: Rehearsal) -> None:
        assert rehearsal.delivery.deploy(rehearsal.release("contract-2"))
        assert not rehearsal.delivery.deploy(rehearsal.release("contract-3", table="no-such-table"))
        assert rehearsal.delivery.roll_back()
        assert (rehearsal.live, rehearsal.served) == ("1", "contract-1")
        assert rehearsal.consuming == dict.fromkeys(CONSUMERS, "1")

    def test_a_rollback_mends_a_deployment_that_was_cut_short(
        self, rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def is_killed(_: float) -> None:
            raise KeyboardInterrupt

        version = rehearsal.release("contract-2")
        rehearsal.rehearse(is_killed)
        with pytest.raises(KeyboardInterrupt):
            rehearsal.delivery.deploy(version)
        rehearsal.rehearse(rehearsal.codedeploy.wait)
        assert rehearsal.delivery.roll_back()
        assert (rehearsal.live, rehearsal.served) == ("1", "contract-1")
        assert rehearsal.consuming == dict.fromkeys(CONSUMERS, "1")

    def test_a_second_deployment_waits_for_the_first(self, rehearsal: Rehearsal) -> None:
        version = rehearsal.release()

        def somebody_deploys(_: float) -> None:
            rehearsal.rehearse(rehearsal.codedeploy.wait)
            with pytest.raises(CannotDeploy, match="d-TEST00001 is under way"):
                rehearsal.delivery.deploy(version)
            rehearsal.codedeploy.wait(0)

        rehearsal.rehearse(somebody_deploys)
        assert rehearsal.delivery.deploy(version)

    def test_a_consumer_of_its_own_is_deployed_and_rolled_back(self, rehearsal: Rehearsal) -> None:
        version = rehearsal.publish_consumer("webhooks")
        assert rehearsal.delivery.deploy(rehearsal.live)
        assert rehearsal.consuming == dict.fromkeys(CONSUMERS, "1") | {"webhooks": version}
        assert rehearsal.codedeploy.deployments == {}
        assert rehearsal.delivery.roll_back()
        assert rehearsal.consuming == dict.fromkeys(CONSUMERS, "1")

    def test_the_same_contract_is_deployed_once(self, rehearsal: Rehearsal) -> None:
        assert rehearsal.delivery.deploy(rehearsal.release("contract-2"))
        assert rehearsal.delivery.deploy(rehearsal.release("contract-2"))
        assert rehearsal.contracts() == ["contract-1", "contract-2"]

    def test_an_api_that_does_not_tell_its_contract_is_refused(self, rehearsal: Rehearsal) -> None:
        version = rehearsal.release("")
        with pytest.raises(CannotDeploy, match="terraform apply"):
            rehearsal.delivery.deploy(version)
        assert rehearsal.consuming == dict.fromkeys(CONSUMERS, "1")


class TestOldVersions:
    @pytest.fixture(autouse=True)
    def keep_two(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(delivery_module, "KEPT", 2)

    def test_the_newest_are_kept(self, rehearsal: Rehearsal) -> None:
        for number in (2, 3, 4):
            assert rehearsal.delivery.deploy(rehearsal.release(f"contract-{number}"))
        assert {name: rehearsal.versions(name) for name in FUNCTIONS} == {
            name: ["3", "4"] for name in FUNCTIONS
        }
        assert f"{rehearsal.function}: deleted old versions 1." in rehearsal.said

    def test_what_is_live_and_what_a_rollback_needs_is_kept(self, rehearsal: Rehearsal) -> None:
        broken = [rehearsal.release(f"contract-{number}", table="no-such-table") for number in (2, 3)]
        assert rehearsal.delivery.deploy(rehearsal.release("contract-4"))
        assert rehearsal.versions(API) == ["1", broken[-1], rehearsal.live]
        assert rehearsal.delivery.roll_back()
        assert (rehearsal.live, rehearsal.served) == ("1", "contract-1")

    def test_contracts_are_kept_likewise_and_the_first_for_terraform(self, rehearsal: Rehearsal) -> None:
        for number in range(2, 6):
            assert rehearsal.delivery.deploy(rehearsal.release(f"contract-{number}"))
        assert rehearsal.contracts() == ["contract-1", "contract-4", "contract-5"]
