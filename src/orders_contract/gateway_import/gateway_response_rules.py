"""Rules for gateway responses: what API Gateway answers without asking the integration."""

import re
from collections.abc import Iterator
from typing import Final

from orders_contract.gateway_import import parts, rule
from orders_contract.gateway_import.rule import Document, Found, Rule

_KEY: Final = "x-amazon-apigateway-gateway-responses"
_TYPES: Final = frozenset(
    {
        "ACCESS_DENIED",
        "API_CONFIGURATION_ERROR",
        "AUTHORIZER_CONFIGURATION_ERROR",
        "AUTHORIZER_FAILURE",
        "BAD_REQUEST_BODY",
        "BAD_REQUEST_PARAMETERS",
        "DEFAULT_4XX",
        "DEFAULT_5XX",
        "EXPIRED_TOKEN",
        "INTEGRATION_FAILURE",
        "INTEGRATION_TIMEOUT",
        "INVALID_API_KEY",
        "INVALID_SIGNATURE",
        "MISSING_AUTHENTICATION_TOKEN",
        "QUOTA_EXCEEDED",
        "REQUEST_TOO_LARGE",
        "RESOURCE_NOT_FOUND",
        "THROTTLED",
        "UNAUTHORIZED",
        "UNSUPPORTED_MEDIA_TYPE",
        "WAF_FILTERED",
    }
)
_PROPERTIES: Final = frozenset({"responseParameters", "responseTemplates", "statusCode"})
_NAME: Final = r"[A-Za-z0-9._$-]+"
_TARGET: Final = re.compile(rf"gatewayresponse\.(header|path|querystring)\.{_NAME}")
_SOURCE: Final = re.compile(
    rf"method\.request\.(header|path|querystring)\.{_NAME}|stageVariables\.{_NAME}|context\.{_NAME}|'[^']*'"
)
# A directive, or a function of API Gateway's template engine.
_PROCESSED: Final = re.compile(r"#(set|if|else|end|foreach)\b|\$(input|util)\b")


def _responses(document: Document) -> Iterator[tuple[str, str, Document]]:
    for kind, response in document.get(_KEY, {}).items():
        yield f"/{_KEY}/{parts.escaped(kind)}", kind, response


def _kinds(document: Document) -> Found:
    for pointer, kind, _ in _responses(document):
        if kind not in _TYPES:
            yield pointer, f"{kind} is no type."


def _shapes(document: Document) -> Found:
    for pointer, _, response in _responses(document):
        status = str(response.get("statusCode", 400))
        if response.keys() - _PROPERTIES or not re.fullmatch(r"[1-5][0-9]{2}", status):
            yield pointer, f"It has {', '.join(response)}, and status {status}."


def _parameters(document: Document) -> Found:
    for pointer, _, response in _responses(document):
        for target, source in response.get("responseParameters", {}).items():
            if not (_TARGET.fullmatch(target) and _SOURCE.fullmatch(str(source))):
                yield f"{pointer}/responseParameters", f"{target} can't be {source}."


def _templates(document: Document) -> Found:
    for pointer, _, response in _responses(document):
        for template in response.get("responseTemplates", {}).values():
            if not isinstance(template, str) or _PROCESSED.search(template):
                yield f"{pointer}/responseTemplates", "The template asks for more than variables."


RULES: Final = (
    Rule("gateway-response-type", rule.GATEWAY_RESPONSE_TYPES, "The page lists the types.", _kinds),
    Rule(
        "gateway-response-shape",
        rule.GATEWAY_RESPONSE,
        "It has responseParameters, responseTemplates and a statusCode.",
        _shapes,
    ),
    Rule(
        "gateway-response-parameter",
        rule.GATEWAY_RESPONSE,
        "gatewayresponse.header.NAME is mapped from a request parameter, the context or a static value.",
        _parameters,
    ),
    Rule(
        "gateway-response-template",
        rule.GATEWAY_RESPONSE,
        "Its template is a text with variables, and is not processed by VTL.",
        _templates,
    ),
)
