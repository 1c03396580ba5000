"""Shifts an environment's traffic to another version of the API's function, by CodeDeploy, and watches it go.

https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-steps-lambda.html
"""

import base64
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

ALIAS: Final = "live"
AT_ONCE: Final = "CodeDeployDefault.LambdaAllAtOnce"

_ENDED: Final = frozenset({"Succeeded", "Failed", "Stopped"})
_PAUSE_SECONDS: Final = 5.0

# A group's alarm that is active stops every deployment, also the one that goes back to the version before.
_WITHOUT_ALARMS: Final[dict[str, Any]] = {"enabled": False, "alarms": []}

# boto3 makes its clients' classes as it runs.
Client = Any


class CannotDeploy(ValueError):
    """There is nothing to deploy, or nothing to go back to."""


class Clients(NamedTuple):
    """The clients of the AWS SDK that a deployment calls."""

    codedeploy: Client
    functions: Client


class BlueGreen:
    """The deployments of one environment. Names are those that infra/ gives."""

    def __init__(
        self,
        environment: str,
        clients: Clients,
        say: Callable[[str], None],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._function = f"orders-api-{environment}-api"
        self._hook = f"orders-api-{environment}-smoke"
        self._codedeploy, self._functions = clients
        self._say = say
        self._sleep = sleep

    @property
    def live(self) -> str:
        """The version that the alias points at."""
        version: str = self._functions.get_alias(FunctionName=self._function, Name=ALIAS)["FunctionVersion"]
        return version

    def version_of(self, zip_file: Path) -> str:
        """The newest published version that runs this very zip.

        Raises:
            CannotDeploy: no version does.
        """
        digest = base64.b64encode(hashlib.sha256(zip_file.read_bytes()).digest()).decode()
        pages = self._functions.get_paginator("list_versions_by_function").paginate(
            FunctionName=self._function
        )
        versions = [
            int(version["Version"])
            for page in pages
            for version in page["Versions"]
            if version["Version"] != "$LATEST" and version["CodeSha256"] == digest
        ]
        if not versions:
            raise CannotDeploy(
                f"No version of {self._function} runs {zip_file}: publish it first, with `terraform apply`."
            )
        return str(max(versions))

    def deploy(self, version: str) -> bool:
        """Shift traffic to the version the way the environment does it; return whether it stayed there."""
        return self._shift(version, None)

    def roll_back(self) -> bool:
        """End a deployment that is under way, or shift all traffic at once to the version that had it before.

        Raises:
            CannotDeploy: there was no version before.
        """
        under_way = self._deployments("Created", "Queued", "InProgress", "Baking", "Ready")
        for deployment_id in under_way:
            self._say(f"Stopping deployment {deployment_id}.")
            self._codedeploy.stop_deployment(deploymentId=deployment_id, autoRollbackEnabled=True)
            self._watch_rollback(self._watch(deployment_id))
        if under_way:
            self._say(f"Version {self.live} is live.")
            return True
        return self._shift(self._before(), AT_ONCE, _WITHOUT_ALARMS)

    def _shift(self, version: str, configuration: str | None, alarms: dict[str, Any] | None = None) -> bool:
        live = self.live
        if version == live:
            self._say(f"Version {version} of {self._function} is live already.")
            return True
        self._say(f"{self._function}: from version {live} to version {version}.")
        specification = _specification(self._function, live, version, self._hook)
        created = self._codedeploy.create_deployment(
            applicationName=self._function,
            deploymentGroupName=ALIAS,
            revision={
                "revisionType": "AppSpecContent",
                "appSpecContent": {
                    "content": specification,
                    "sha256": hashlib.sha256(specification.encode()).hexdigest(),
                },
            },
            **({"deploymentConfigName": configuration} if configuration else {}),
            **({"overrideAlarmConfiguration": alarms} if alarms else {}),
        )
        ended = self._watch(created["deploymentId"])
        if ended["status"] != "Succeeded":
            self._say(f"Version {version} did not take over: {_reason(ended)}")
            self._watch_rollback(ended)
        self._say(f"Version {self.live} is live.")
        return bool(ended["status"] == "Succeeded")

    def _watch_rollback(self, ended: dict[str, Any]) -> None:
        rollback = ended.get("rollbackInfo", {}).get("rollbackDeploymentId")
        if rollback:
            self._say("Rolling back.")
            self._watch(rollback)

    def _watch(self, deployment_id: str) -> dict[str, Any]:
        """Say what happens until the deployment ends, and return how it did."""
        said: set[str] = set()
        while True:
            information: dict[str, Any] = self._codedeploy.get_deployment(deploymentId=deployment_id)[
                "deploymentInfo"
            ]
            for line in self._progress(deployment_id):
                if line not in said:
                    said.add(line)
                    self._say(f"  {line}")
            if information["status"] in _ENDED:
                self._say(f"Deployment {deployment_id}: {information['status']}.")
                return information
            self._sleep(_PAUSE_SECONDS)

    def _progress(self, deployment_id: str) -> Iterator[str]:
        listed = self._codedeploy.list_deployment_targets(deploymentId=deployment_id)
        for target_id in listed.get("targetIds", []):
            found = self._codedeploy.get_deployment_target(deploymentId=deployment_id, targetId=target_id)
            target = found["deploymentTarget"].get("lambdaTarget", {})
            for event in target.get("lifecycleEvents", []):
                if event["status"] != "Pending":
                    yield f"{event['lifecycleEventName']}: {event['status']}"
            function = target.get("lambdaFunctionInfo", {})
            if share := function.get("targetVersionWeight"):
                yield f"{share:g} % of traffic on version {function['targetVersion']}"

    def _before(self) -> str:
        live = self.live
        for deployment_id in self._deployments("Succeeded"):
            information = self._codedeploy.get_deployment(deploymentId=deployment_id)["deploymentInfo"]
            (resource,) = json.loads(information["revision"]["appSpecContent"]["content"])["Resources"]
            properties = resource[self._function]["Properties"]
            if properties["TargetVersion"] == live and properties["CurrentVersion"] != live:
                before: str = properties["CurrentVersion"]
                return before
        raise CannotDeploy(f"No deployment made version {live} of {self._function} live: name a --version.")

    def _deployments(self, *statuses: str) -> list[str]:
        """Ids, the newest first."""
        pages = self._codedeploy.get_paginator("list_deployments").paginate(
            applicationName=self._function, deploymentGroupName=ALIAS, includeOnlyStatuses=list(statuses)
        )
        return [deployment_id for page in pages for deployment_id in page["deployments"]]


def _specification(function: str, current: str, target: str, hook: str) -> str:
    properties = {"Name": function, "Alias": ALIAS, "CurrentVersion": current, "TargetVersion": target}
    return json.dumps(
        {
            "version": 0.0,
            "Resources": [{function: {"Type": "AWS::Lambda::Function", "Properties": properties}}],
            "Hooks": [{"BeforeAllowTraffic": hook}],
        }
    )


def _reason(information: dict[str, Any]) -> str:
    error = information.get("errorInformation", {})
    return (
        f"{error.get('code', information['status'])}: {error.get('message', 'CodeDeploy does not say why.')}"
    )
