"""Rules for security schemes, authorizers, and what operations require of them."""

import re
from collections.abc import Iterator
from typing import Final

from orders_contract.gateway_import import parts, rule
from orders_contract.gateway_import.rule import Document, Found, Rule

_AUTHORIZER: Final = "x-amazon-apigateway-authorizer"
_AUTHTYPE: Final = "x-amazon-apigateway-authtype"
_TYPES: Final = frozenset({"cognito_user_pools", "request", "token"})
_POOL: Final = re.compile(r"arn:[\w-]+:cognito-idp:[\w-]+:\d{12}:userpool/[\w-]+")
_FUNCTION: Final = re.compile(r"arn:[\w-]+:apigateway:[\w-]+:lambda:path/.+/invocations")
_SOURCE: Final = re.compile(
    r"method\.request\.(header|querystring)\.[\w.$-]+|stageVariables\.\w+|context\.[\w.]+"
)
_MAX_TTL_S: Final = 3600


def _schemes(document: Document) -> Iterator[tuple[str, Document]]:
    for name, scheme in document.get("components", {}).get("securitySchemes", {}).items():
        yield f"/components/securitySchemes/{parts.escaped(name)}", scheme


def _authorizers(document: Document) -> Iterator[tuple[str, Document]]:
    for pointer, scheme in _schemes(document):
        if _AUTHORIZER in scheme:
            yield f"{pointer}/{_AUTHORIZER}", scheme[_AUTHORIZER]


def _types(document: Document) -> Found:
    for pointer, scheme in _schemes(document):
        if scheme.get("type") != "apiKey":
            yield f"{pointer}/type", f"The type is {scheme.get('type')!r}."


def _keys(document: Document) -> Found:
    for pointer, scheme in _schemes(document):
        named = (str(scheme.get("name")).lower(), scheme.get("in"))
        if scheme.get("type") == "apiKey" and _AUTHTYPE not in scheme and named != ("x-api-key", "header"):
            yield pointer, f"The key is {scheme.get('name')} in {scheme.get('in')}."


def _authtypes(document: Document) -> Found:
    for pointer, scheme in _schemes(document):
        if (_AUTHORIZER in scheme) and not isinstance(scheme.get(_AUTHTYPE), str):
            yield pointer, f"There is no {_AUTHTYPE}."


def _kinds(document: Document) -> Found:
    for pointer, authorizer in _authorizers(document):
        if str(authorizer.get("type")).lower() not in _TYPES:
            yield f"{pointer}/type", f"The type is {authorizer.get('type')!r}."


def _pools(document: Document) -> Found:
    for pointer, authorizer in _authorizers(document):
        arns = authorizer.get("providerARNs")
        if str(authorizer.get("type")).lower() == "cognito_user_pools" and not (
            isinstance(arns, list) and arns and all(_POOL.fullmatch(str(arn)) for arn in arns)
        ):
            yield f"{pointer}/providerARNs", f"The user pools are {arns!r}."


def _functions(document: Document) -> Found:
    for pointer, authorizer in _authorizers(document):
        uri = str(authorizer.get("authorizerUri"))
        if str(authorizer.get("type")).lower() in ("request", "token") and not _FUNCTION.fullmatch(uri):
            yield f"{pointer}/authorizerUri", f"The function is {uri}."


def _sources(document: Document) -> Found:
    for pointer, authorizer in _authorizers(document):
        for source in str(authorizer.get("identitySource", "")).split(","):
            if source.strip() and not _SOURCE.fullmatch(source.strip()):
                yield f"{pointer}/identitySource", f"{source.strip()} is no source."


def _lifetimes(document: Document) -> Found:
    for pointer, authorizer in _authorizers(document):
        seconds = authorizer.get("authorizerResultTtlInSeconds", 0)
        if not (isinstance(seconds, int) and 0 <= seconds <= _MAX_TTL_S):
            yield f"{pointer}/authorizerResultTtlInSeconds", f"The lifetime is {seconds!r}."


def _required(document: Document) -> Found:
    known = document.get("components", {}).get("securitySchemes", {})
    for operation in parts.operations(document):
        for requirement in operation.described.get("security", []):
            for name in requirement.keys() - known.keys():
                yield f"{operation.pointer}/security", f"There is no scheme {name}."


def _together(document: Document) -> Found:
    for operation in parts.operations(document):
        for number, requirement in enumerate(operation.described.get("security", [])):
            if len(requirement) > 1:
                yield f"{operation.pointer}/security/{number}", f"It names {', '.join(requirement)}."


def _one(document: Document) -> Found:
    schemes = document.get("components", {}).get("securitySchemes", {})
    for operation in parts.operations(document):
        named = [name for requirement in operation.described.get("security", []) for name in requirement]
        authorizers = [name for name in named if _AUTHTYPE in schemes.get(name, {})]
        if len(authorizers) > 1:
            yield f"{operation.pointer}/security", f"It names {', '.join(authorizers)}."


RULES: Final = (
    Rule("scheme-type", rule.NOTES, "A scheme's type is apiKey; authorizers are told by extensions.", _types),
    Rule("scheme-key", rule.API_KEY_SOURCE, "An API key comes as header x-api-key.", _keys),
    Rule("scheme-authtype", rule.AUTHTYPE, "A scheme with an authorizer tells its authtype.", _authtypes),
    Rule("authorizer-type", rule.AUTHORIZER, "The type is token, request or cognito_user_pools.", _kinds),
    Rule(
        "authorizer-pools", rule.AUTHORIZER, "An authorizer of Cognito names the ARNs of its pools.", _pools
    ),
    Rule(
        "authorizer-uri",
        rule.AUTHORIZER,
        "An authorizer of Lambda names its function's invocation.",
        _functions,
    ),
    Rule(
        "authorizer-source",
        rule.AUTHORIZER,
        "The identity's source is a list of mapping expressions.",
        _sources,
    ),
    Rule("authorizer-ttl", rule.AUTHORIZER, "A result is kept for 0 to 3600 seconds.", _lifetimes),
    Rule("security-missing", rule.AUTHORIZER, "A scheme that is required must be defined.", _required),
    Rule(
        "security-together",
        rule.AUTHORIZER,
        "Each scheme is required in an object of its own, as AWS exports it.",
        _together,
    ),
    Rule("security-two", rule.METHOD, "A method has one authorizer.", _one),
)
