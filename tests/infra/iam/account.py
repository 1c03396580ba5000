"""Finds the policies that AWS would ask about a call, among what Terraform made in an account."""

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.infra.iam.calls import ACCOUNT, REGION
from tests.infra.iam.policies import Call, Document, Policies
from tests.infra.terraform import Resource


class Held(NamedTuple):
    """A policy under a name by which a test tells of it."""

    name: str
    document: Document


class Account:
    """`bootstrap` and `environment` are what the two configurations made."""

    def __init__(self, bootstrap: list[Resource], environment: list[Resource]) -> None:
        self.policies: dict[str, Document] = {}
        """Every policy by its name; take one out, or change it, to see what follows."""
        self._of_role: dict[str, list[str]] = defaultdict(list)
        self._limits: dict[str, list[str]] = defaultdict(list)
        self._of_resource: dict[str, str] = {}
        managed: dict[str, str] = {}
        for resource in bootstrap:
            if resource.type == "aws_iam_policy":
                managed[resource.values["arn"]] = self._keep(resource.values["name"], resource)
        for resource in [*bootstrap, *environment]:
            self._take(resource, managed)

    def policies_for(self, call: Call) -> Policies:
        """What is asked about the call."""
        held = {kind: self._held(names) for kind, names in self._names_for(call).items()}
        return Policies(
            held["identity"],
            held["limits"],
            next(iter(held["resource"]), {"Statement": []}) if self._names_for(call)["resource"] else None,
            sole=call.action.startswith("sts:") or ":key/" in call.resource,
        )

    def asked(self, call: Call) -> Iterator[str]:
        """The names of these policies."""
        for names in self._names_for(call).values():
            yield from names

    def _names_for(self, call: Call) -> dict[str, list[str]]:
        role = call.caller.name if call.caller.kind == "AWS" else ""
        limits = [
            name
            for name in self._limits[role]
            if not name.startswith("endpoint") or call.action.startswith("dynamodb:")
        ]
        resource = self._of_resource.get(f"{call.action.partition(':')[0]} {_owner(call)}")
        return {
            "identity": self._of_role[role],
            "limits": limits,
            "resource": [resource] if resource else [],
        }

    def _held(self, names: list[str]) -> list[Document]:
        return [self.policies[name] for name in names if name in self.policies]

    def _take(self, resource: Resource, managed: dict[str, str]) -> None:
        values = resource.values
        match resource.type:
            case "aws_iam_role":
                self._of_resource[f"sts {values['arn']}"] = self._keep(
                    f"trust of {values['name']}", resource, "assume_role_policy"
                )
                if values["permissions_boundary"]:
                    self._limits[values["arn"]].append(managed[values["permissions_boundary"]])
            case "aws_iam_role_policy":
                name = values["role"].rpartition("/")[2]
                self._of_role[_role(name)].append(self._keep(f"{name} {values['name']}", resource))
            case "aws_iam_role_policy_attachment" if values["policy_arn"] in managed:
                self._of_role[_role(values["role"])].append(managed[values["policy_arn"]])
            case "aws_kms_key":
                self._of_resource[f"kms {values['arn']}"] = self._keep("key", resource)
            case "aws_sns_topic_policy":
                self._of_resource[f"sns {values['arn']}"] = self._keep(values["arn"], resource)
            case "aws_sqs_queue_policy":
                arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{values['queue_url'].rpartition('/')[2]}"
                self._of_resource[f"sqs {arn}"] = self._keep(arn, resource)
            case "aws_s3_bucket_policy":
                arn = f"arn:aws:s3:::{values['bucket']}"
                self._of_resource[f"s3 {arn}"] = self._keep(arn, resource)
            case "aws_lambda_permission":
                function = f"function:{values['function_name']}:{values['qualifier']}"
                arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:{function}"
                self.policies[arn] = _permission(values, arn)
                self._of_resource[f"lambda {arn}"] = arn
            case "aws_vpc_endpoint":
                # Only the API's function is in the network.
                name = self._keep("endpoint of DynamoDB", resource)
                self._limits[_role(f"{values['tags']['Name']}-api")].append(name)

    def _keep(self, name: str, resource: Resource, attribute: str = "policy") -> str:
        self.policies[name] = json.loads(resource.values[attribute])
        return name


def _role(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def _owner(call: Call) -> str:
    """What bears the policy: an object's is its bucket's."""
    return call.resource.partition("/")[0] if call.action.startswith("s3:") else call.resource


def _permission(values: dict[str, Any], arn: str) -> Document:
    """How Lambda writes a permission into the function's policy."""
    statement = {
        "Sid": values["statement_id"],
        "Effect": "Allow",
        "Principal": {"Service": values["principal"]},
        "Action": values["action"],
        "Resource": arn,
        "Condition": {"ArnLike": {"aws:SourceArn": values["source_arn"]}},
    }
    return {"Statement": [statement]}
