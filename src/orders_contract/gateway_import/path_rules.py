"""Rules for paths and for the parameters in them."""

import re
from typing import Final

from orders_contract.gateway_import import parts, rule
from orders_contract.gateway_import.rule import Document, Found, Rule

_SEGMENT: Final = re.compile(r"[A-Za-z0-9_.,:-]+|\{[A-Za-z0-9_.,:-]+\+?\}")
_VARIABLE: Final = re.compile(r"\{([^{}]*)\}")
_RESERVED: Final = ("ping", "sping")
_MAX_RESOURCES: Final = 300


def _segments(path: str) -> list[str]:
    return path.split("/")[1:] if path != "/" else []


def _characters(document: Document) -> Found:
    for path in document.get("paths", {}):
        for segment in _segments(path):
            if not _SEGMENT.fullmatch(segment):
                yield f"/paths/{parts.escaped(path)}", f"{segment!r} is no segment."


def _greedy(document: Document) -> Found:
    for path in document.get("paths", {}):
        if any(segment.endswith("+}") for segment in _segments(path)[:-1]):
            yield f"/paths/{parts.escaped(path)}", "Something follows the greedy parameter."


def _siblings(document: Document) -> Found:
    variables: dict[tuple[str, ...], str] = {}
    for path in document.get("paths", {}):
        segments = _segments(path)
        for number, segment in enumerate(segments):
            if segment.startswith("{"):
                first = variables.setdefault(tuple(segments[:number]), segment)
                if first != segment:
                    yield f"/paths/{parts.escaped(path)}", f"{segment} is beside {first}."


def _reserved(document: Document) -> Found:
    for path in document.get("paths", {}):
        if _segments(path)[:1] and _segments(path)[0] in _RESERVED:
            yield f"/paths/{parts.escaped(path)}", "The path is reserved."


def _resources(document: Document) -> Found:
    paths = [_segments(path) for path in document.get("paths", {})]
    resources = {tuple(path[:length]) for path in paths for length in range(len(path) + 1)}
    if len(resources) > _MAX_RESOURCES:
        yield "/paths", f"There are {len(resources)} resources."


def _variables(document: Document) -> Found:
    for operation in parts.operations(document):
        in_path = {name.removesuffix("+") for name in _VARIABLE.findall(operation.path)}
        for parameter in operation.parameters:
            if parameter.get("in") == "path":
                if parameter.get("name") not in in_path:
                    yield operation.pointer, f"The path has no {{{parameter.get('name')}}}."
                elif parameter.get("required") is not True:
                    yield operation.pointer, f"{parameter.get('name')} is not required."


RULES: Final = (
    Rule(
        "path-segment",
        rule.NOTES,
        "A segment has letters, digits and _ - . , : only, or is one parameter in braces.",
        _characters,
    ),
    Rule("path-greedy", rule.PROXY, "A greedy parameter, {proxy+}, ends its path.", _greedy),
    Rule(
        "path-siblings", rule.RESOURCE, "A resource has one parameter as a direct child at most.", _siblings
    ),
    Rule("path-reserved", rule.NOTES, "/ping and /sping are the service's own.", _reserved),
    Rule("resource-count", rule.QUOTAS, "An API has 300 resources unless the quota is raised.", _resources),
    Rule("path-parameter", rule.METHOD, "A path parameter is required, and part of its path.", _variables),
)
