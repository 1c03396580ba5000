"""A stand-in for CodeDeploy: it takes what the real service takes and does what its documentation says.

Requests come through a real botocore client, so they are of the service's model; replies are held to it too.
Time passes when the client waits. Versions and aliases are Lambda's, and the hook is called as a function.
https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-steps-lambda.html
"""

import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.model import OperationModel
from botocore.validate import validate_parameters
from tests.real_parts.tables import REGION

from orders_aws.smoke_test import HookEvent

Json = dict[str, Any]
Hook = Callable[[HookEvent], None]


class Deployment:
    """One deployment: where it stands, and what it does next."""

    def __init__(self, deployment_id: str, request: Json, alias: "Alias", hook: Hook | None) -> None:
        self.id = deployment_id
        self.request = request
        self.status = "Created"
        self.more: Json = {}
        self.events = {"BeforeAllowTraffic": "Pending", "AllowTraffic": "Pending"}
        self.weight = 0.0
        self._alias = alias
        self._hook = hook
        specification = json.loads(request["revision"]["appSpecContent"]["content"])
        (self.properties,) = (one["Properties"] for one in specification["Resources"][0].values())
        self.hook_names = [name for hook in specification["Hooks"] for name in hook.values()]
        self.steps = self._run()

    def _run(self) -> Iterator[None]:
        self.status = "InProgress"
        if self._hook is not None:
            self.events["BeforeAllowTraffic"] = "InProgress"
            yield
            self._hook({"DeploymentId": self.id, "LifecycleEventHookExecutionId": f"hook-of-{self.id}"})
            if self.events["BeforeAllowTraffic"] != "Succeeded":
                self.end("Failed", "HOOK_EXECUTION_FAILURE", "The hook BeforeAllowTraffic failed.")
                return
        self.events["AllowTraffic"] = "InProgress"
        if "AllAtOnce" not in self.request.get("deploymentConfigName", ""):
            self.weight = 10.0
            self._alias.shift(self.properties["TargetVersion"], 0.1)
            yield
        self.weight = 100.0
        self.events["AllowTraffic"] = "Succeeded"
        self._alias.point_at(self.properties["TargetVersion"])
        self.status = "Succeeded"

    def end(self, status: str, code: str, message: str) -> None:
        self.status = status
        self.more["errorInformation"] = {"code": code, "message": message}
        self.events = {
            name: "Failed" if state == "InProgress" else state for name, state in self.events.items()
        }
        self._alias.point_at(self.properties["CurrentVersion"])


class Alias:
    """The function's alias `live`, and every share of traffic that a version has had."""

    def __init__(self, functions: Any, function: str) -> None:  # noqa: ANN401 - boto3
        self._functions = functions
        self._function = function
        self.shares: list[tuple[str, float]] = []

    def shift(self, version: str, share: float) -> None:
        self.shares.append((version, share))
        self._update(RoutingConfig={"AdditionalVersionWeights": {version: share}})

    def point_at(self, version: str) -> None:
        self.shares.append((version, 1.0))
        self._update(FunctionVersion=version, RoutingConfig={"AdditionalVersionWeights": {}})

    def _update(self, **changes: object) -> None:
        self._functions.update_alias(FunctionName=self._function, Name="live", **changes)


class CodeDeploy:
    """The service, with one deployment group: `FUNCTION/live`."""

    def __init__(self, functions: Any, function: str, hook: Hook) -> None:  # noqa: ANN401 - boto3
        self.alias = Alias(functions, function)
        self.deployments: dict[str, Deployment] = {}
        self.alarm_is_active = False
        self._function = function
        self._hook = hook
        self._ids = (f"d-TEST{number:05}" for number in itertools.count(1))

    def client(self) -> Any:  # noqa: ANN401 - boto3
        client = boto3.client(
            "codedeploy", region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test"
        )
        client.meta.events.register("before-parameter-build.codedeploy", self._remember)
        client.meta.events.register("before-call.codedeploy", self._answer)
        return client

    def wait(self, _: float) -> None:
        """Time passes: each deployment under way takes a step."""
        for deployment in list(self.deployments.values()):
            if deployment.status in ("Created", "InProgress"):
                next(deployment.steps, None)
                self._roll_back(deployment)

    def alarm(self) -> None:
        """An alarm of the group goes off."""
        for deployment in list(self.deployments.values()):
            if deployment.status == "InProgress":
                deployment.end("Stopped", "ALARM_ACTIVE", "One or more alarms have been activated.")
                self._roll_back(deployment)

    def CreateDeployment(self, request: Json) -> Json:  # noqa: N802 - the operations' own names
        assert (request["applicationName"], request["deploymentGroupName"]) == (self._function, "live")
        deployment_id = self._create(request, self._hook)
        if self.alarm_is_active and request.get("overrideAlarmConfiguration", {}).get("enabled", True):
            message = "One or more alarms have been activated."
            self.deployments[deployment_id].end("Stopped", "ALARM_ACTIVE", message)
        return {"deploymentId": deployment_id}

    def GetDeployment(self, request: Json) -> Json:  # noqa: N802
        deployment = self.deployments[request["deploymentId"]]
        information = {
            "deploymentId": deployment.id,
            "status": deployment.status,
            "revision": deployment.request["revision"],
            **deployment.more,
        }
        return {"deploymentInfo": information}

    def ListDeployments(self, request: Json) -> Json:  # noqa: N802
        """One a page, the newest first."""
        found = [
            one.id
            for one in reversed(self.deployments.values())
            if one.status in request["includeOnlyStatuses"]
        ]
        start = int(request.get("nextToken", 0))
        more = {"nextToken": str(start + 1)} if start + 1 < len(found) else {}
        return {"deployments": found[start : start + 1], **more}

    def ListDeploymentTargets(self, request: Json) -> Json:  # noqa: N802
        return {
            "targetIds": [f"{self._function}:live"] if request["deploymentId"] in self.deployments else []
        }

    def GetDeploymentTarget(self, request: Json) -> Json:  # noqa: N802
        deployment = self.deployments[request["deploymentId"]]
        events = [{"lifecycleEventName": name, "status": state} for name, state in deployment.events.items()]
        function = {
            "functionName": self._function,
            "currentVersion": deployment.properties["CurrentVersion"],
            "targetVersion": deployment.properties["TargetVersion"],
            "targetVersionWeight": deployment.weight,
        }
        target = {"lifecycleEvents": events, "lambdaFunctionInfo": function}
        return {"deploymentTarget": {"deploymentTargetType": "LambdaTarget", "lambdaTarget": target}}

    def StopDeployment(self, request: Json) -> Json:  # noqa: N802
        deployment = self.deployments[request["deploymentId"]]
        deployment.end("Stopped", "MANUAL_STOP", "The deployment was stopped.")
        if request["autoRollbackEnabled"]:
            self._roll_back(deployment)
        return {"status": "Succeeded"}

    def PutLifecycleEventHookExecutionStatus(self, request: Json) -> Json:  # noqa: N802
        deployment = self.deployments[request["deploymentId"]]
        assert request["lifecycleEventHookExecutionId"] == f"hook-of-{deployment.id}"
        deployment.events["BeforeAllowTraffic"] = request["status"]
        return {"lifecycleEventHookExecutionId": request["lifecycleEventHookExecutionId"]}

    def _create(self, request: Json, hook: Hook | None) -> str:
        deployment = Deployment(next(self._ids), request, self.alias, hook)
        self.deployments[deployment.id] = deployment
        return deployment.id

    def _roll_back(self, failed: Deployment) -> None:
        """A deployment of its own puts back what was there."""
        if failed.status in ("Failed", "Stopped") and "rollbackInfo" not in failed.more:
            properties = failed.properties
            back = {**properties, "TargetVersion": properties["CurrentVersion"]}
            specification = {"Resources": [{self._function: {"Properties": back}}], "Hooks": []}
            content = {"content": json.dumps(specification)}
            revision = {"revisionType": "AppSpecContent", "appSpecContent": content}
            request = {"revision": revision, "deploymentConfigName": "CodeDeployDefault.LambdaAllAtOnce"}
            failed.more["rollbackInfo"] = {"rollbackDeploymentId": self._create(request, None)}

    def _remember(self, params: Json, context: Json, **_: object) -> None:
        context["request"] = params

    def _answer(self, model: OperationModel, context: Json, **_: object) -> tuple[AWSResponse, Json]:
        reply = getattr(self, model.name)(context["request"])
        if model.output_shape is not None:
            validate_parameters(reply, model.output_shape)
        return AWSResponse("", 200, HTTPHeaders(), None), reply
