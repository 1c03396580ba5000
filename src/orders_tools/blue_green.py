"""Shifts traffic to another version of the API's function, by CodeDeploy, and watches it go.

https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-steps-lambda.html
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from orders_tools.release import API, LIVE, Client, function_name

_AT_ONCE: Final = "CodeDeployDefault.LambdaAllAtOnce"

_ENDED: Final = frozenset({"Succeeded", "Failed", "Stopped"})
_PAUSE_SECONDS: Final = 5.0

# A group's alarm that is active stops every deployment, also the one that goes back to the version before.
_WITHOUT_ALARMS: Final[dict[str, Any]] = {"enabled": False, "alarms": []}


class BlueGreen:
    """The deployments of one environment's API function. Names are those that infra/ gives."""

    def __init__(
        self,
        environment: str,
        codedeploy: Client,
        say: Callable[[str], None],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._function = function_name(environment, API)
        self._hook = function_name(environment, "smoke")
        self._codedeploy = codedeploy
        self._say = say
        self._sleep = sleep

    def shift(self, live: str, version: str) -> bool:
        """Shift traffic to the version the way the environment does it; return whether it stayed there."""
        return self._shift(live, version, {})

    def shift_at_once(self, live: str, version: str) -> bool:
        """Shift all traffic at once, whatever the alarms say; return whether it stayed there."""
        return self._shift(
            live, version, {"deploymentConfigName": _AT_ONCE, "overrideAlarmConfiguration": _WITHOUT_ALARMS}
        )

    def under_way(self) -> list[str]:
        """Ids of the deployments that have not ended."""
        pages = self._codedeploy.get_paginator("list_deployments").paginate(
            applicationName=self._function,
            deploymentGroupName=LIVE,
            includeOnlyStatuses=["Created", "Queued", "InProgress", "Baking", "Ready"],
        )
        return [deployment_id for page in pages for deployment_id in page["deployments"]]

    def stop(self) -> bool:
        """Stop what is under way and wait until traffic is back; return whether there was anything."""
        under_way = self.under_way()
        for deployment_id in under_way:
            self._say(f"Stopping deployment {deployment_id}.")
            self._codedeploy.stop_deployment(deploymentId=deployment_id, autoRollbackEnabled=True)
            self._watch_rollback(self._watch(deployment_id))
        return bool(under_way)

    def _shift(self, live: str, version: str, options: Mapping[str, Any]) -> bool:
        if version == live:
            return True
        specification = _specification(self._function, live, version, self._hook)
        created = self._codedeploy.create_deployment(
            applicationName=self._function,
            deploymentGroupName=LIVE,
            revision={
                "revisionType": "AppSpecContent",
                "appSpecContent": {
                    "content": specification,
                    "sha256": hashlib.sha256(specification.encode()).hexdigest(),
                },
            },
            **options,
        )
        ended = self._watch(created["deploymentId"])
        if ended["status"] != "Succeeded":
            self._say(f"Version {version} did not take over: {_reason(ended)}")
            self._watch_rollback(ended)
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


def _specification(function: str, current: str, target: str, hook: str) -> str:
    properties = {"Name": function, "Alias": LIVE, "CurrentVersion": current, "TargetVersion": target}
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
