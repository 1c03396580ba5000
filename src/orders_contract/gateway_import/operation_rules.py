"""Rules for operations: their parameters and the responses that they declare."""

import re
from typing import Final

from orders_contract.gateway_import import parts, rule
from orders_contract.gateway_import.rule import Document, Found, Rule

_PATH_ITEM: Final = frozenset({*parts.METHODS, parts.ANY_METHOD, "parameters", "summary", "description"})
_ATTRIBUTES: Final = frozenset({"name", "in", "required", "schema", "description"})
_SCHEMA_ATTRIBUTES: Final = frozenset({"type"})
_LOCATIONS: Final = frozenset({"header", "path", "query"})
_NAME: Final = re.compile(r"[A-Za-z0-9._$-]+")
_STATUS: Final = re.compile(r"[1-5][0-9]{2}|default")
_PRIMITIVE: Final = frozenset({"boolean", "integer", "number", "string"})


def _methods(document: Document) -> Found:
    for path, item in document.get("paths", {}).items():
        for name in item.keys() - _PATH_ITEM:
            yield f"/paths/{parts.escaped(path)}/{parts.escaped(name)}", f"{name} is no method of a resource."


def _integration(document: Document) -> Found:
    for operation in parts.operations(document):
        if parts.INTEGRATION not in operation.described:
            yield operation.pointer, "Nothing answers."


def _deprecated(document: Document) -> Found:
    for operation in parts.operations(document):
        if "deprecated" in operation.described:
            yield f"{operation.pointer}/deprecated", "Clients would not be told."


def _locations(document: Document) -> Found:
    for operation in parts.operations(document):
        for parameter in operation.parameters:
            if parameter.get("in") not in _LOCATIONS:
                yield operation.pointer, f"{parameter.get('name')} is in {parameter.get('in')!r}."


def _names(document: Document) -> Found:
    for operation in parts.operations(document):
        for parameter in operation.parameters:
            if not _NAME.fullmatch(str(parameter.get("name", ""))):
                yield operation.pointer, f"{parameter.get('name')!r} can't be mapped."


def _attributes(document: Document) -> Found:
    for operation in parts.operations(document):
        for parameter in operation.parameters:
            others = parameter.keys() - _ATTRIBUTES
            others |= parameter.get("schema", {}).keys() - _SCHEMA_ATTRIBUTES
            if others:
                yield operation.pointer, f"{parameter.get('name')} has {', '.join(sorted(others))}."


def _repeated(document: Document) -> Found:
    for operation in parts.operations(document):
        named = [(parameter.get("in"), parameter.get("name")) for parameter in operation.parameters]
        for location, name in {one for one in named if named.count(one) > 1}:
            yield operation.pointer, f"{name} is in {location} twice."


def _statuses(document: Document) -> Found:
    for operation in parts.operations(document):
        for status in operation.described.get("responses", {}):
            if not _STATUS.fullmatch(str(status)):
                yield f"{operation.pointer}/responses/{status}", f"{status!r} is no status."


def _references(document: Document) -> Found:
    for operation in parts.operations(document):
        for status, response in operation.described.get("responses", {}).items():
            if "$ref" in response:
                yield f"{operation.pointer}/responses/{status}", "The response is a reference."


def _primitives(document: Document) -> Found:
    for operation in parts.operations(document):
        for status, response in operation.described.get("responses", {}).items():
            for content in response.get("content", {}).values():
                if content.get("schema", {}).get("type") in _PRIMITIVE:
                    yield f"{operation.pointer}/responses/{status}", "The body is a primitive."


RULES: Final = (
    Rule(
        "method", rule.METHOD, "Methods are DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT and any.", _methods
    ),
    Rule("integration-missing", rule.INTEGRATION, "A method without one can't be deployed.", _integration),
    Rule("deprecated", rule.NOTES, "`deprecated` is dropped.", _deprecated),
    Rule("parameter-location", rule.METHOD, "Parameters are in header, path or query.", _locations),
    Rule("parameter-name", rule.MAPPING, "A name has letters, digits and . _ $ - only.", _names),
    Rule(
        "parameter-attributes",
        rule.NOTES,
        "Of a parameter, name, in, required, type and description are read; the rest is ignored.",
        _attributes,
    ),
    Rule("parameter-repeated", rule.METHOD, "A parameter is declared once.", _repeated),
    Rule("response-status", rule.METHOD, "A status has three digits.", _statuses),
    Rule("response-reference", rule.NOTES, "A response can't be a reference.", _references),
    Rule(
        "response-primitive",
        rule.NOTES,
        "The schema of a response is an object, or refers to a model.",
        _primitives,
    ),
)
