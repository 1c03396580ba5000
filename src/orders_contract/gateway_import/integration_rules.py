"""Rules for the shape of an integration, and for what answers a mock."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from orders_contract.gateway_import import parts, rule
from orders_contract.gateway_import.rule import Document, Found, Rule

_TYPES: Final = frozenset({"aws", "aws_proxy", "http", "http_proxy", "mock"})
_PROXIES: Final = frozenset({"aws_proxy", "http_proxy"})
_CALLS: Final = _TYPES - {"mock"}
_HTTP_METHODS: Final = frozenset({"ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_AWS_URI: Final = re.compile(r"arn:[\w-]+:apigateway:[\w-]+:[\w.-]+:(path|action)/.+")
_HTTP_URI: Final = re.compile(r"https?://.+")
_LAMBDA: Final = re.compile(r"arn:[\w-]+:apigateway:[\w-]+:lambda:path/.+")
_STATUS_CODE: Final = re.compile(r"""["']?statusCode["']?\s*:\s*["']?[1-5][0-9]{2}""")
_MAX_TEMPLATE_BYTES: Final = 300_000


def _one_of(*values: str) -> Callable[[object], bool]:
    return lambda value: str(value).lower() in values


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _is_list(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_map(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())


# The properties of an integration of a REST API, and what each may be.
_PROPERTIES: Final[Mapping[str, Callable[[object], bool]]] = {
    "cacheKeyParameters": _is_list,
    "cacheNamespace": _is_text,
    "connectionId": _is_text,
    "connectionType": _one_of("internet", "vpc_link"),
    "contentHandling": _one_of("convert_to_binary", "convert_to_text"),
    "credentials": _is_text,
    "httpMethod": lambda value: value in _HTTP_METHODS,
    "integrationTarget": _is_text,
    "passthroughBehavior": _one_of("never", "when_no_match", "when_no_templates"),
    "requestParameters": _is_map,
    "requestTemplates": _is_map,
    "responseTransferMode": _one_of("buffered", "stream"),
    "responses": lambda value: isinstance(value, dict),
    "timeoutInMillis": lambda value: isinstance(value, int) and 50 <= value <= 29_000,
    "tlsConfig": lambda value: isinstance(value, dict) and value.keys() <= {"insecureSkipVerification"},
    "type": lambda value: str(value).lower() in _TYPES,
    "uri": _is_text,
}
_RESPONSE: Final[Mapping[str, Callable[[object], bool]]] = {
    "contentHandling": _one_of("convert_to_binary", "convert_to_text"),
    "responseParameters": _is_map,
    "responseTemplates": _is_map,
    "statusCode": lambda value: bool(re.fullmatch(r"[1-5][0-9]{2}", str(value))),
}


def _properties(document: Document) -> Found:
    for found in parts.integrations(document):
        yield from _shape(found.pointer, found.described, _PROPERTIES)


def _responses(document: Document) -> Found:
    for found in parts.integrations(document):
        for pattern, response in _declared(found):
            yield from _shape(f"{found.pointer}/responses/{parts.escaped(pattern)}", response, _RESPONSE)


def _patterns(document: Document) -> Found:
    for found in parts.integrations(document):
        for pattern, _ in _declared(found):
            try:
                re.compile(pattern)
            except re.error as error:
                yield f"{found.pointer}/responses/{parts.escaped(pattern)}", f"{error}."


def _types(document: Document) -> Found:
    for found in parts.integrations(document):
        if not found.type:
            yield found.pointer, "There is no type."


def _uris(document: Document) -> Found:
    for found in parts.integrations(document):
        wanted = _AWS_URI if found.type.startswith("aws") else _HTTP_URI
        if found.type in _CALLS and not wanted.fullmatch(str(found.described.get("uri"))):
            yield f"{found.pointer}/uri", f"The address is {found.described.get('uri')}."


def _methods(document: Document) -> Found:
    for found in parts.integrations(document):
        method = found.described.get("httpMethod")
        invokes = _LAMBDA.fullmatch(str(found.described.get("uri")))
        if found.type in _CALLS and (method is None or (invokes and method != "POST")):
            yield f"{found.pointer}/httpMethod", f"The method is {method}."


def _links(document: Document) -> Found:
    for found in parts.integrations(document):
        linked = str(found.described.get("connectionType")).upper() == "VPC_LINK"
        if linked != ("connectionId" in found.described):
            yield found.pointer, "connectionType and connectionId do not fit."


def _undeclared(document: Document) -> Found:
    for found in parts.integrations(document):
        declared = {str(status) for status in found.operation.described.get("responses", {})}
        for pattern, response in _declared(found):
            if found.type not in _PROXIES and str(response.get("statusCode")) not in declared:
                pointer = f"{found.pointer}/responses/{parts.escaped(pattern)}/statusCode"
                yield pointer, f"The method declares no {response.get('statusCode')}."


def _defaults(document: Document) -> Found:
    for found in parts.integrations(document):
        if found.type not in _PROXIES and not found.described.get("responses"):
            yield found.pointer, "No response is mapped."


def _mocks(document: Document) -> Found:
    for found in parts.integrations(document):
        templates = found.described.get("requestTemplates", {})
        if found.type == "mock" and not (
            templates and all(_STATUS_CODE.search(str(template)) for template in templates.values())
        ):
            yield f"{found.pointer}/requestTemplates", "A template gives no statusCode."


def _sizes(document: Document) -> Found:
    for found in parts.integrations(document):
        templates = [*found.described.get("requestTemplates", {}).values()]
        for _, response in _declared(found):
            templates += response.get("responseTemplates", {}).values()
        if any(len(str(template).encode()) > _MAX_TEMPLATE_BYTES for template in templates):
            yield found.pointer, "A template is larger."


def _declared(found: parts.Integration) -> list[tuple[str, Document]]:
    return list(found.described.get("responses", {}).items())


def _shape(pointer: str, described: Document, allowed: Mapping[str, Callable[[object], bool]]) -> Found:
    for name, value in described.items():
        if name not in allowed:
            yield f"{pointer}/{parts.escaped(name)}", f"{name} is no property."
        elif not allowed[name](value):
            yield f"{pointer}/{name}", f"{name} is {value!r}."


RULES: Final = (
    Rule(
        "integration-shape", rule.INTEGRATION, "The page lists the properties and their values.", _properties
    ),
    Rule("integration-type", rule.INTEGRATION, "An integration has a type.", _types),
    Rule("integration-uri", rule.INTEGRATION, "It is an ARN of API Gateway for aws, a URL for http.", _uris),
    Rule(
        "integration-method",
        rule.INTEGRATION,
        "All but a mock need one; Lambda is invoked by POST.",
        _methods,
    ),
    Rule(
        "integration-link", rule.INTEGRATION, "VPC_LINK needs a connectionId, and nothing else does.", _links
    ),
    Rule("response-shape", rule.RESPONSES, "The page lists the properties and their values.", _responses),
    Rule(
        "response-pattern",
        rule.RESPONSES,
        "A response is chosen by a regular expression, or `default`.",
        _patterns,
    ),
    Rule(
        "response-undeclared",
        rule.RESPONSES,
        "A status that is mapped must be one of the method's.",
        _undeclared,
    ),
    Rule("response-missing", rule.RESPONSES, "All but a proxy need a response.", _defaults),
    Rule("mock-status", rule.MOCK, "The request template of a mock gives its statusCode.", _mocks),
    Rule("template-size", rule.QUOTAS, "A mapping template has 300 KB at most.", _sizes),
)
