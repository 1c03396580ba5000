"""Reads calls.toml: the calls that one environment, as Terraform made it, brings with it."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import Struct, convert, field
from msgspec.structs import replace
from tests.infra.iam.policies import Call, Caller
from tests.infra.terraform import Resource

ACCOUNT = "123456789012"
REGION = "eu-west-1"

Values = Mapping[str, Any]


class CallerRow(Struct, frozen=True):
    """Who calls, what it calls, and which modules of ours do; `resources` are deeds of Terraform."""

    role: str = ""
    service: str = ""
    federated: str = ""
    operator: bool = False
    calls: list[str] = []
    resources: list[str] = []
    code: dict[str, list[str]] = {}


class ResourceRow(Struct, frozen=True):
    """What Terraform's provider calls for one type of resource."""

    arn: str
    create: list[str] = []
    read: list[str] = []
    update: list[str] = []
    delete: list[str] = []


class Table(Struct, frozen=True):
    """The whole of calls.toml."""

    names: dict[str, str]
    callers: list[CallerRow] = field(name="caller")
    resources: dict[str, ResourceRow] = field(name="resource")


@cache
def table() -> Table:
    """The recorded calls."""
    return convert(tomllib.loads((Path(__file__).parent / "calls.toml").read_text()), Table)


class Environment:
    """What an environment consists of: `made` is what Terraform made of it, beside what `bootstrap` did."""

    def __init__(self, name: str, made: Sequence[Resource], bootstrap: Sequence[Resource]) -> None:
        made = [_without_invented_key(each) for each in made]
        self._made = made
        known: dict[str, Any] = {"environment": name, "account": ACCOUNT, "region": REGION}
        known |= {each.type: each.values for each in [*bootstrap, *made]}
        known["orders_table"] = next(
            each.values
            for each in made
            if each.type == "aws_dynamodb_table" and each.values["name"].endswith("-orders")
        )
        known["rules"] = {
            each.values["name"].rpartition("-")[2]: each.values["arn"]
            for each in made
            if each.type == "aws_cloudwatch_event_rule"
        }
        for each, template in table().names.items():
            known[each] = _filled(template, known) or ""
        self._known = known

    def calls(self, row: CallerRow) -> Iterator[tuple[str, Call]]:
        """The row's calls, each with the line of the table that it is written in."""
        caller = self.caller(row)
        for line in row.calls:
            yield from self._calls(caller, line, self._known, "")
        for made in self._made:
            resource = table().resources[made.type]
            known = {**self._known, **made.values}
            if "queue_url" in made.values:
                queue = made.values["queue_url"].rpartition("/")[2]
                known["queue_arn"] = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}"
            for deed in row.resources:
                for line in getattr(resource, deed):
                    yield from self._calls(caller, line, known, resource.arn)

    def caller(self, row: CallerRow) -> Caller:
        """Whom policies name."""
        if row.role:
            return Caller("AWS", self.role(row))
        if row.federated:
            return Caller("Federated", _filled(row.federated, self._known) or "")
        return Caller("Service", _filled(row.service, self._known) or "")

    def role(self, row: CallerRow) -> str:
        """The ARN of the row's role."""
        return f"arn:aws:iam::{ACCOUNT}:role/{_filled(row.role, self._known)}"

    def _calls(self, caller: Caller, line: str, known: Values, arn: str) -> Iterator[tuple[str, Call]]:
        text, _, condition = line.partition(" if ")
        text, _, keys = text.partition(" with ")
        actions, _, resources = text.partition(" on ")
        context = _filled(keys, known)
        named = [_filled(each, known) for each in (resources or arn).split(", ")]
        if context is None or None in named or _filled(condition, known) is None:
            return
        pairs = [tuple(pair.split("=", 1)) for pair in context.split(", ") if pair]
        pairs.append(("aws:SecureTransport", "true"))
        service, _, _ = actions.partition(":")
        for action in actions.split():
            name = action if ":" in action else f"{service}:{action}"
            for resource in named:
                yield line, Call(caller, name, resource or "", tuple(pairs))  # type: ignore[arg-type]


def _without_invented_key(made: Resource) -> Resource:
    """The stand-in for the provider invents a key also for a table that has none of its own."""
    if made.type != "aws_dynamodb_table" or made.values["server_side_encryption"][0]["enabled"]:
        return made
    return replace(made, values={**made.values, "server_side_encryption": []})


def _filled(template: str, known: Values) -> str | None:
    """The template with its values; None where what one of them is of is switched off."""
    try:
        filled = template.format_map(_Strict(known))
    except (KeyError, IndexError, TypeError):
        return None
    return filled


class _Strict(dict[str, Any]):
    """Values of which none may be null: a null has no text."""

    def __getitem__(self, key: str) -> Any:
        return _checked(super().__getitem__(key))


class _Branch:
    """A value within a value, for a template such as {a[0][b]}."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __getitem__(self, key: Any) -> Any:
        return _checked(self._value[key])


def _checked(value: Any) -> Any:
    if value is None or value == "":
        raise KeyError("null")
    return _Branch(value) if isinstance(value, (dict, list)) else value
