"""Decides whether AWS would allow a call, by its documented evaluation of policies within one account.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from functools import cache
from typing import Any, Final

from msgspec import Struct

Document = Mapping[str, Any]
"""A policy, as its JSON says it."""

_ELEMENTS: Final = frozenset(
    {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "Condition"}
)


class NotUnderstood(Exception):
    """The policy says something that this evaluator would have to guess at."""


class Decision(Enum):
    """What becomes of a call."""

    ALLOWED = "allowed"
    DENIED = "denied by a statement"
    NOT_ALLOWED = "allowed by no statement"


class Caller(Struct, frozen=True):
    """Who calls: a role by its ARN, a service by its name, or an identity of another provider by its ARN."""

    kind: str
    name: str

    @property
    def account_root(self) -> str:
        """The principal by which a policy of a resource leaves the decision to the account's own policies."""
        return f"arn:{':'.join(self.name.split(':')[1:5])}:root"


class Call(Struct, frozen=True):
    """One call: `context` has the values of the condition keys that AWS fills in."""

    caller: Caller
    action: str
    resource: str
    context: tuple[tuple[str, str], ...] = ()


class Policies(Struct, frozen=True):
    """All that AWS asks about one call.

    `limits` are permission boundaries and endpoints' policies: each must allow what `identity` allows.
    `sole` says that the resource's policy is asked first and alone: a key's, or who may take on a role.
    """

    identity: Sequence[Document] = ()
    limits: Sequence[Document] = ()
    resource: Document | None = None
    sole: bool = False


def decide(call: Call, policies: Policies) -> Decision:
    """An explicit deny wins; without an allow, nothing is.

    Raises:
        NotUnderstood: a policy has an element, an operator or a variable that is not known here.
    """
    resource = [policies.resource] if policies.resource is not None else []
    if any(denies(each, call) for each in [*policies.identity, *policies.limits, *resource]):
        return Decision.DENIED
    by_identity = call.caller.kind == "AWS" and all(
        any(allows(each, call) for each in granted)
        for granted in (policies.identity, *([limit] for limit in policies.limits))
    )
    by_resource = any(allows(each, call) for each in resource)
    by_account = policies.resource is not None and allows(
        policies.resource, call, Caller("AWS", call.caller.account_root)
    )
    allowed = by_resource or (by_identity and (by_account or not policies.sole))
    return Decision.ALLOWED if allowed else Decision.NOT_ALLOWED


def allows(policy: Document, call: Call, to: Caller | None = None) -> bool:
    """Whether a statement allows the call, to its caller or to somebody else."""
    return any(_matches(statement, call, to) for statement in statements(policy, "Allow"))


def denies(policy: Document, call: Call) -> bool:
    """Whether a statement denies the call."""
    return any(_matches(statement, call, None) for statement in statements(policy, "Deny"))


def statements(policy: Document, effect: str) -> Iterator[Document]:
    """The statements of one effect.

    Raises:
        NotUnderstood: a statement has an element that is not known here.
    """
    for statement in listed(policy["Statement"]):
        if unknown := set(statement) - _ELEMENTS:
            raise NotUnderstood(f"element {', '.join(sorted(unknown))}")
        if statement["Effect"] == effect:
            yield statement


def listed(value: Any) -> list[Any]:
    """What JSON policies write as one thing or as a list of them."""
    return value if isinstance(value, list) else [value]


def _matches(statement: Document, call: Call, to: Caller | None) -> bool:
    return (
        _is_principal(statement.get("Principal"), to or call.caller)
        and _either(statement, "Action", lambda pattern: like(pattern.lower(), call.action.lower()))
        and _either(statement, "Resource", lambda pattern: arn_like(pattern, call.resource))
        and _conditions_hold(statement.get("Condition", {}), call)
    )


def _either(statement: Document, element: str, matches: Callable[[str], bool]) -> bool:
    """By what the statement names, or by what it excepts; one of who may take on a role has no resource."""
    if f"Not{element}" in statement:
        return not any(matches(pattern) for pattern in listed(statement[f"Not{element}"]))
    return any(matches(pattern) for pattern in listed(statement.get(element, "*")))


def _is_principal(principal: Any, caller: Caller) -> bool:
    """An identity's policy has no principal; "*" is everyone."""
    if principal is None or principal == "*":
        return True
    names = listed(principal.get(caller.kind, []))
    return caller.name in names or "*" in names


def _conditions_hold(conditions: Mapping[str, Mapping[str, Any]], call: Call) -> bool:
    """Every key of every operator must hold, each by any of its values."""
    context = {key.lower(): value for key, value in call.context}
    for operator, keys in conditions.items():
        if operator not in _OPERATORS:
            raise NotUnderstood(f"operator {operator}")
        for key, values in keys.items():
            found = context.get(key.lower())
            if found is None or not any(
                _OPERATORS[operator](_plain(value), found) for value in listed(values)
            ):
                return False
    return True


def _plain(value: str) -> str:
    if "${" in value:
        raise NotUnderstood(f"variable in {value}")
    return value


def like(pattern: str, text: str) -> bool:
    """By wildcards: * for any text, ? for one character."""
    return _expression(_plain(pattern)).fullmatch(text) is not None


def arn_like(pattern: str, arn: str) -> bool:
    """By wildcards within each of an ARN's six parts; the last may contain colons."""
    if pattern == "*":
        return True
    parts, found = pattern.split(":", 5), arn.split(":", 5)
    return len(parts) == len(found) and all(like(part, text) for part, text in zip(parts, found, strict=True))


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


_OPERATORS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "ArnEquals": arn_like,  # the same as ArnLike, says AWS
    "ArnLike": arn_like,
    "Bool": lambda value, found: value.lower() == found.lower(),
    "StringEquals": lambda value, found: value == found,
    "StringLike": like,
}


def without(policy: Document, sid: str, element: str, value: str) -> Document | None:
    """The policy without one action, or one resource, of a statement; None if nothing is left."""
    kept = []
    for statement in listed(policy["Statement"]):
        if statement.get("Sid", "") == sid:
            left = [each for each in listed(statement[element]) if each != value]
            if left:
                kept.append({**statement, element: left})
        else:
            kept.append(statement)
    return {**policy, "Statement": kept} if kept else None


def parts(policy: Document) -> Iterator[tuple[str, str, str]]:
    """Everything that can be taken away from a policy by itself: statement, element, value."""
    for statement in listed(policy["Statement"]):
        for element in ("Action", "Resource"):
            for value in listed(statement.get(element, [])):
                yield statement.get("Sid", ""), element, value
