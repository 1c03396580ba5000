"""Rules for mapping expressions: where values come from and go to, and that both ends are declared."""

import re
from collections.abc import Iterator
from typing import Final

from orders_contract.gateway_import import parts, rule
from orders_contract.gateway_import.rule import Document, Found, Rule

_NAME: Final = r"[A-Za-z0-9._$-]+"
_ANYWHERE: Final = rf"stageVariables\.{_NAME}|context\.{_NAME}|'[^']*'"
_REQUEST_TARGET: Final = re.compile(rf"integration\.request\.(header|path|querystring)\.{_NAME}")
_REQUEST_SOURCE: Final = re.compile(
    rf"method\.request\.(header|multivalueheader|path|querystring|multivaluequerystring)\.{_NAME}"
    rf"|method\.request\.body(\..+)?|{_ANYWHERE}"
)
_RESPONSE_TARGET: Final = re.compile(rf"method\.response\.header\.{_NAME}")
_RESPONSE_SOURCE: Final = re.compile(
    rf"integration\.response\.(header|multivalueheader)\.{_NAME}|integration\.response\.body(\..+)?|{_ANYWHERE}"
)
_PARAMETER: Final = re.compile(
    rf"method\.request\.(header|multivalueheader|path|querystring|multivaluequerystring)\.({_NAME})"
)
_CACHE_KEY: Final = re.compile(rf"(method|integration)\.request\.(header|path|querystring)\.{_NAME}")
_PROXIES: Final = frozenset({"aws_proxy", "http_proxy"})


def _request(document: Document) -> Found:
    for found in parts.integrations(document):
        for target, source in found.described.get("requestParameters", {}).items():
            if not (_REQUEST_TARGET.fullmatch(target) and _REQUEST_SOURCE.fullmatch(str(source))):
                yield f"{found.pointer}/requestParameters", f"{target} can't be {source}."


def _response(document: Document) -> Found:
    for pointer, _, response in _responses(document):
        for target, source in response.get("responseParameters", {}).items():
            if not (_RESPONSE_TARGET.fullmatch(target) and _RESPONSE_SOURCE.fullmatch(str(source))):
                yield f"{pointer}/responseParameters", f"{target} can't be {source}."


def _declared(document: Document) -> Found:
    for found in parts.integrations(document):
        known = _parameters(found.operation)
        mapped = [str(source) for source in found.described.get("requestParameters", {}).values()]
        for source in (*mapped, *found.described.get("cacheKeyParameters", [])):
            match = _PARAMETER.fullmatch(source)
            if match and (match[1].removeprefix("multivalue"), match[2]) not in known:
                yield found.pointer, f"The method declares no {source}."


def _headers(document: Document) -> Found:
    for pointer, operation, response in _responses(document):
        declared = operation.described.get("responses", {}).get(str(response.get("statusCode")), {})
        for target in response.get("responseParameters", {}):
            name = target.removeprefix("method.response.header.")
            if name not in declared.get("headers", {}):
                yield f"{pointer}/responseParameters", f"The response declares no header {name}."


def _cache_keys(document: Document) -> Found:
    for found in parts.integrations(document):
        for key in found.described.get("cacheKeyParameters", []):
            if not _CACHE_KEY.fullmatch(key):
                yield f"{found.pointer}/cacheKeyParameters", f"{key} is no parameter."


def _proxies(document: Document) -> Found:
    for found in parts.integrations(document):
        mapped = [
            response
            for response in found.described.get("responses", {}).values()
            if response.keys() & {"responseParameters", "responseTemplates"}
        ]
        if found.type in _PROXIES and mapped:
            yield f"{found.pointer}/responses", "A proxy's response is mapped."


def _responses(document: Document) -> Iterator[tuple[str, parts.Operation, Document]]:
    for found in parts.integrations(document):
        for pattern, response in found.described.get("responses", {}).items():
            yield f"{found.pointer}/responses/{parts.escaped(pattern)}", found.operation, response


def _parameters(operation: parts.Operation) -> set[tuple[str, str]]:
    """Location, in the words of mapping expressions, and name of each parameter that the method has."""
    named = {(str(parameter.get("in")), str(parameter.get("name"))) for parameter in operation.parameters}
    return {("querystring" if location == "query" else location, name) for location, name in named}


RULES: Final = (
    Rule(
        "mapping-request",
        rule.MAPPING,
        "The page lists what a request parameter may be mapped from.",
        _request,
    ),
    Rule(
        "mapping-response",
        rule.MAPPING,
        "The page lists what a response header may be mapped from.",
        _response,
    ),
    Rule("mapping-undeclared", rule.MAPPING, "What is mapped must be a parameter of the method.", _declared),
    Rule("mapping-header", rule.MAPPING, "What is mapped to must be a header of the response.", _headers),
    Rule("mapping-proxy", rule.MAPPING, "To map a response, the integration must be no proxy.", _proxies),
    Rule("cache-key", rule.INTEGRATION, "A cache key is a list of request parameters.", _cache_keys),
)
