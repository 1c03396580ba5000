"""Holds an answer against the contract: its status, headers and body are what openapi.yaml says."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from openapi_schema_validator import OAS30ReadValidator

import orders_contract as contract
from orders_core import problems
from tests.api import Answer

DOCUMENT: Final = contract.build()
MEMBERS: Final = ["type", "title", "status", "detail", "instance", "request_id"]
STATUS_OF: Final = {problems.TYPE_BASE + kind.slug: kind.status for kind in problems.KINDS}

# What the router says, for paths and methods that the contract has not.
_OF_THE_ROUTER: Final = {404, 405}


def check(answer: Answer) -> None:
    """Raise AssertionError unless the answer conforms."""
    assert answer.status < 500, answer
    operation = DOCUMENT["paths"].get(answer.resource, {}).get(answer.method.lower())
    if operation is None:
        assert answer.status in _OF_THE_ROUTER, answer
        check_problem(answer.status, answer.headers, answer.json)
        return
    described = resolved(operation["responses"].get(str(answer.status)))
    assert described, f"{answer.method} {answer.resource} says nothing of {answer.status}: {answer.body}"
    if answer.status >= 400:
        check_problem(answer.status, answer.headers, answer.json)
    content = described.get("content", {})
    assert bool(answer.body) == bool(content), answer
    if content:
        ((media_type, media),) = content.items()
        assert answer.headers["Content-Type"] == media_type, answer
        errors = list(validator(media["schema"]["$ref"]).iter_errors(answer.json))
        assert not errors, f"{answer.method} {answer.resource} {answer.status}: {errors[0]}"


def check_problem(status: int, headers: Mapping[str, str], document: dict[str, Any]) -> None:
    """Raise AssertionError unless the document is a problem of this status (RFC 9457)."""
    named = {name.lower(): value for name, value in headers.items()}
    assert named["content-type"] == problems.CONTENT_TYPE
    assert named["access-control-allow-origin"] == "*"
    assert list(document)[:6] == MEMBERS
    assert document["status"] == status == STATUS_OF[document["type"]]
    assert document["instance"] == f"urn:uuid:{document['request_id']}"
    assert all(
        isinstance(document[member], str) and document[member] for member in MEMBERS if member != "status"
    )
    if document["type"].endswith("invalid-input"):
        assert document["errors"]
        assert all(fault["detail"] for fault in document["errors"])
    if status == 405:
        assert named["allow"]
    if status == 401:
        assert re.fullmatch(
            r'Bearer( error="invalid_token", error_description="[ !#-[\]-~]+")?', named["www-authenticate"]
        )
    if status in (429, 503):
        assert int(named["retry-after"]) >= 1


@cache
def validator(reference: str) -> OAS30ReadValidator:
    """Validates against a schema of the contract."""
    return OAS30ReadValidator({"$ref": reference, "components": DOCUMENT["components"]})


def resolved(node: dict[str, Any] | None) -> dict[str, Any]:
    """The node, or what it refers to."""
    if node is None or "$ref" not in node:
        return node or {}
    found: Any = DOCUMENT
    for step in node["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return dict(found)
