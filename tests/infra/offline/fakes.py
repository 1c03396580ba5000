"""Plausible stand-ins for values that only AWS (or the real provider) could know.

Everything is derived from the resource type and its own arguments, so the same
configuration always gets the same fakes.
"""

import hashlib
import json
import uuid
from collections.abc import Callable
from typing import Any

import msgpack
from tests.infra.offline.rules import Block

Values = dict[str, Any]
Cty = Any
"""A cty type in its JSON form: a name, or a list of a constructor and its argument."""

UNKNOWN = msgpack.ExtType(0, b"\0")  # how cty writes "known after apply"
ACCOUNT = "123456789012"
NAME_ATTRIBUTES = (
    "name",
    "bucket",
    "function_name",
    "cluster_name",
    "table_name",
    "alarm_name",
    "dashboard_name",
    "group_name",
    "user_name",
    "identifier",
    "domain",
    "family",
)

# Resource types whose ARN or id does not follow the general pattern.
ARNS = {
    "aws_api_gateway_rest_api": "arn:aws:apigateway:{region}::/restapis/{id}",
    "aws_api_gateway_stage": "arn:aws:apigateway:{region}::/restapis/{rest_api_id}/stages/{stage_name}",
    "aws_cloudfront_distribution": "arn:aws:cloudfront::{account}:distribution/{id}",
    "aws_cloudwatch_event_bus": "arn:aws:events:{region}:{account}:event-bus/{name}",
    "aws_cloudwatch_event_rule": "arn:aws:events:{region}:{account}:rule/{name}",
    "aws_cloudwatch_log_group": "arn:aws:logs:{region}:{account}:log-group:{name}",
    "aws_cloudwatch_metric_alarm": "arn:aws:cloudwatch:{region}:{account}:alarm:{name}",
    "aws_codedeploy_app": "arn:aws:codedeploy:{region}:{account}:application:{name}",
    "aws_cognito_user_pool": "arn:aws:cognito-idp:{region}:{account}:userpool/{id}",
    "aws_dax_cluster": "arn:aws:dax:{region}:{account}:cache/{name}",
    "aws_dynamodb_table": "arn:aws:dynamodb:{region}:{account}:table/{name}",
    "aws_iam_group": "arn:aws:iam::{account}:group/{name}",
    "aws_iam_instance_profile": "arn:aws:iam::{account}:instance-profile/{name}",
    "aws_iam_policy": "arn:aws:iam::{account}:policy/{name}",
    "aws_iam_role": "arn:aws:iam::{account}:role/{name}",
    "aws_iam_user": "arn:aws:iam::{account}:user/{name}",
    "aws_kms_alias": "arn:aws:kms:{region}:{account}:{name}",
    "aws_kms_key": "arn:aws:kms:{region}:{account}:key/{id}",
    "aws_lambda_alias": "arn:aws:lambda:{region}:{account}:function:{function_name}:{name}",
    "aws_lambda_function": "arn:aws:lambda:{region}:{account}:function:{name}",
    "aws_s3_bucket": "arn:aws:s3:::{name}",
    "aws_sns_topic": "arn:aws:sns:{region}:{account}:{name}",
    "aws_sqs_queue": "arn:aws:sqs:{region}:{account}:{name}",
}
IDS = {
    "aws_api_gateway_api_key": "{hex:.10}",
    "aws_api_gateway_deployment": "{hex:.6}",
    "aws_api_gateway_rest_api": "{hex:.10}",
    "aws_api_gateway_usage_plan": "{hex:.6}",
    "aws_cloudfront_distribution": "E{HEX:.13}",
    "aws_cognito_user_pool": "{region}_{hex:.9}",
    "aws_cognito_user_pool_client": "{hex:.26}",
    "aws_kms_key": "{uuid}",
    "aws_lambda_event_source_mapping": "{uuid}",
    "aws_security_group": "sg-{hex:.17}",
    "aws_sns_topic": "arn:aws:sns:{region}:{account}:{name}",
    "aws_sqs_queue": "https://sqs.{region}.amazonaws.com/{account}/{name}",
    "aws_subnet": "subnet-{hex:.17}",
    "aws_vpc": "vpc-{hex:.17}",
    "aws_wafv2_web_acl": "{uuid}",
}
STRINGS = {
    "account_id": ACCOUNT,
    "owner_id": ACCOUNT,
    "version": "1",
    "latest_version": "1",
    "hosted_zone_id": "Z2FDTNDATAQYW2",
    "zone_id": "Z0123456789ABCDEFGHIJ",
}


def is_unknown(value: Any) -> bool:
    """Whether Terraform does not know this value yet."""
    return isinstance(value, msgpack.ExtType)


def plan_known(type_name: str, block: Block, planned: Values, region: str, default_tags: Any) -> None:
    """Set the computed attributes that the real provider already works out at plan time."""
    tags = planned.get("tags") or {}
    if "tags_all" in block["attributes"] and not is_unknown(tags) and not is_unknown(default_tags):
        planned["tags_all"] = {**default_tags, **tags}
    if "region" in block["attributes"] and planned["region"] is None:
        planned["region"] = region
    if type_name == "aws_acm_certificate" and planned["domain_validation_options"] is None:
        names = [planned["domain_name"], *(planned["subject_alternative_names"] or [])]
        keys = ("resource_record_name", "resource_record_type", "resource_record_value")
        planned["domain_validation_options"] = [
            {"domain_name": name, **dict.fromkeys(keys, UNKNOWN)} for name in dict.fromkeys(names)
        ]


class Faker:
    """Invents the computed attributes of one resource or data source instance."""

    def __init__(self, type_name: str, values: Values, region: str) -> None:
        self.type_name, self.values, self.region = type_name, values, region
        known = {k: v for k, v in values.items() if isinstance(v, (str, int, float, bool))}
        digest = hashlib.sha256(
            json.dumps([type_name, values], sort_keys=True, default=str).encode()
        ).hexdigest()
        self.name = next(
            (str(known[k]) for k in NAME_ATTRIBUTES if known.get(k)), f"{type_name}-{digest[:8]}"
        )
        service, _, kind = type_name.removeprefix("aws_").partition("_")
        self.fields: dict[str, str] = {
            "stage_name": "",
            "rest_api_id": "",
            "function_name": "",
            **{k: str(v) for k, v in known.items()},
            "region": region,
            "account": ACCOUNT,
            "name": self.name,
            "hex": digest,
            "HEX": digest.upper(),
            "uuid": str(uuid.UUID(digest[:32])),
            "service": service,
            "kind": kind or service,
        }
        if not known.get("id"):
            self.fields["id"] = IDS.get(type_name, "{name}").format(**self.fields)
        self.arn = ARNS.get(type_name, "arn:aws:{service}:{region}:{account}:{kind}/{name}").format(
            **self.fields
        )

    def settle(self, name: str, flags: str, typ: Cty, old: Any) -> Any:
        """`old` with everything unknown in it replaced by fakes."""
        if is_unknown(old):
            return self.make(name, flags, typ)
        if isinstance(old, list):
            return [self.settle(name, flags, typ[1], item) for item in old]
        if isinstance(old, dict) and typ[0] == "object":
            return {key: self.settle(key, flags, typ[1][key], item) for key, item in old.items()}
        return old

    def make(self, name: str, flags: str, typ: Cty) -> Any:
        """A value of cty type `typ` for the attribute called `name`."""
        if typ == "string":
            return self.string(name)
        if typ == "number":
            return 0
        if typ == "bool":
            return False
        if typ == "dynamic":
            return None
        if typ[0] == "object":
            return {key: self.make(key, flags, inner) for key, inner in typ[1].items()}
        if typ[0] == "map":
            return {}
        is_object = isinstance(typ[1], list) and typ[1][0] == "object"
        return [self.make(name, flags, typ[1])] if is_object and "o" not in flags else []

    def string(self, name: str) -> str:
        """A string that looks right for an attribute of this name."""
        fields = self.fields
        if name == "id":
            return fields["id"]
        if name == "region":
            return self.region
        if name == "arn":
            return self.arn
        if name == "invoke_arn":
            return f"arn:aws:apigateway:{self.region}:lambda:path/2015-03-31/functions/{self.arn}/invocations"
        if name == "execution_arn":
            return f"arn:aws:execute-api:{self.region}:{ACCOUNT}:{fields['rest_api_id'] or fields['id']}"
        if name == "qualified_arn":
            return f"{self.arn}:1"
        if name == "stream_arn":
            return f"{self.arn}/stream/2024-01-01T00:00:00.000"
        if name.endswith("_arn"):
            return (
                f"arn:aws:{fields['service']}:{self.region}:{ACCOUNT}:{name.removesuffix('_arn')}/{self.name}"
            )
        if name == "url" and self.type_name == "aws_sqs_queue":
            return fields["id"]
        if "cidr" in name:
            return "2001:db8:1234:1a00::/56" if "ipv6" in name else "10.0.0.0/16"
        if name.endswith(("_ip", "ip_address")):
            return "203.0.113.10" if "public" in name else "10.0.0.10"
        if name.endswith("url"):
            return f"https://{fields['hex'][:10]}.{fields['service']}.{self.region}.amazonaws.com"
        if name.endswith(("domain_name", "dns_name", "endpoint", "address", "host")):
            return f"{fields['hex'][:10]}.{fields['service']}.{self.region}.amazonaws.com"
        if name.startswith("create") or name.endswith(("_date", "_at", "_time", "modified")):
            return "2024-01-01T00:00:00Z"
        if name.endswith("_id"):
            return STRINGS.get(name, fields["hex"][:10])
        return self.name if name == "name" else STRINGS.get(name, f"fake-{name}")


# --- data sources whose answer can be worked out offline ---

STATEMENT_KEYS = (
    "Sid",
    "Effect",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Principal",
    "NotPrincipal",
    "Condition",
)


def single_or_sorted(values: list[str]) -> str | list[str]:
    """The provider writes one value as a string and several in descending order."""
    return values[0] if len(values) == 1 else sorted(values, reverse=True)


def iam_statement(block: Values) -> Values:
    """One `statement` block of aws_iam_policy_document as an IAM policy statement."""

    def fix(values: list[str]) -> list[str]:
        return [v.replace("&{", "${") for v in values]

    statement: Values = {"Sid": block["sid"], "Effect": block["effect"] or "Allow"}
    for key in ("actions", "not_actions", "resources", "not_resources"):
        name = key.replace("not_", "Not").replace("actions", "Action").replace("resources", "Resource")
        if block[key]:
            statement[name[0].upper() + name[1:]] = single_or_sorted(fix(block[key]))
    for key, name in (("principals", "Principal"), ("not_principals", "NotPrincipal")):
        principals: dict[str, list[str]] = {}
        for principal in block[key] or []:
            principals.setdefault(principal["type"], []).extend(fix(principal["identifiers"]))
        if principals == {"*": ["*"]}:
            statement[name] = "*"
        elif principals:
            statement[name] = {kind: single_or_sorted(ids) for kind, ids in sorted(principals.items())}
    conditions: dict[str, Values] = {}
    for condition in block["condition"] or []:
        values = fix(condition["values"])
        conditions.setdefault(condition["test"], {})[condition["variable"]] = (
            values[0] if len(values) == 1 else values
        )
    if conditions:
        statement["Condition"] = conditions
    return statement


def iam_policy_document(values: Values) -> None:
    """Render aws_iam_policy_document the way the real data source does, merging by Sid."""

    def merge(into: list[Values], statements: list[Values]) -> None:
        for statement in statements:
            same = [
                i for i, s in enumerate(into) if statement.get("Sid") and s.get("Sid") == statement["Sid"]
            ]
            if same:
                into[same[0]] = statement
            else:
                into.append(statement)

    def statements_of(document: str | None) -> list[Values]:
        found = json.loads(document or "{}").get("Statement", [])
        return found if isinstance(found, list) else [found]

    merged: list[Values] = []
    for document in values["source_policy_documents"] or []:
        merge(merged, statements_of(document))
    merge(merged, [iam_statement(block) for block in values["statement"] or []])
    for document in values["override_policy_documents"] or []:
        merge(merged, statements_of(document))
    policy: Values = {"Version": values["version"] or "2012-10-17"}
    if values["policy_id"]:
        policy["Id"] = values["policy_id"]
    if merged:
        policy["Statement"] = [{key: s[key] for key in STATEMENT_KEYS if s.get(key)} for s in merged]
    values["version"] = policy["Version"]
    indented = json.dumps(policy, ensure_ascii=False, indent=2)
    minified = json.dumps(policy, ensure_ascii=False, separators=(",", ":"))
    for name, text in (("json", indented), ("minified_json", minified)):
        for char in "<>&":  # Go's encoder escapes these
            text = text.replace(char, f"\\u{ord(char):04x}")
        values[name] = text
    values["id"] = str(int(hashlib.sha256(values["json"].encode()).hexdigest()[:8], 16))


def constant(**answers: Any) -> Callable[[Values], None]:
    """A data source that always gives the same answer."""
    return lambda values: values.update(answers)


def data_source(type_name: str, values: Values, region: str) -> None:
    """Overwrite the generic fakes of `values` where a better answer is known."""
    handler = {
        "aws_iam_policy_document": iam_policy_document,
        "aws_caller_identity": constant(
            id=ACCOUNT,
            account_id=ACCOUNT,
            user_id="AIDAFAKEFAKEFAKEFAKE",
            arn=f"arn:aws:iam::{ACCOUNT}:user/offline",
        ),
        "aws_partition": constant(
            id="aws", partition="aws", dns_suffix="amazonaws.com", reverse_dns_prefix="com.amazonaws"
        ),
        "aws_region": constant(
            id=region,
            name=region,
            region=region,
            endpoint=f"ec2.{region}.amazonaws.com",
            description=f"Offline ({region})",
        ),
        "aws_availability_zones": constant(
            id=region, names=[region + zone for zone in "abc"], zone_ids=[f"az{n}" for n in (1, 2, 3)]
        ),
    }.get(type_name)
    if handler:
        handler(values)
