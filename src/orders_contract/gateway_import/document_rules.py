"""Rules for the document as a whole and for the extensions at its root."""

import json
import re
from collections.abc import Iterator
from typing import Final

from orders_contract.gateway_import import parts, rule
from orders_contract.gateway_import.rule import Document, Found, Rule

_MAX_DOCUMENT_BYTES: Final = 6_000_000
_MAX_COMPRESSION_BYTES: Final = 10_485_760
_PREFIX: Final = "x-amazon-apigateway-"
_EXTENSIONS: Final = frozenset(
    {
        "any-method",
        "api-key-source",
        "auth",
        "authorizer",
        "authtype",
        "binary-media-types",
        "documentation",
        "endpoint-access-mode",
        "endpoint-configuration",
        "gateway-responses",
        "importexport-version",
        "integration",
        "minimum-compression-size",
        "policy",
        "request-validator",
        "request-validators",
        "security-policy",
    }
)
_MEDIA_TYPE: Final = re.compile(r"[\w!#$&^.+*-]+/[\w!#$&^.+*-]+")


def _version(document: Document) -> Found:
    version = str(document.get("openapi", ""))
    if not version.startswith("3.0."):
        yield "/openapi", f"The version is {version!r}."


def _title(document: Document) -> Found:
    if not document.get("info", {}).get("title"):
        yield "/info/title", "There is no title."


def _size(document: Document) -> Found:
    size = len(json.dumps(document, ensure_ascii=False).encode())
    if size > _MAX_DOCUMENT_BYTES:
        yield "", f"The document has {size} bytes."


def _files(document: Document) -> Found:
    for pointer, reference in parts.references(document):
        if not reference.startswith("#/"):
            yield pointer, f"{reference} is outside of the document."


def _missing(document: Document) -> Found:
    for pointer, reference in parts.references(document):
        if reference.startswith("#/") and not parts.resolve(document, {"$ref": reference}):
            yield pointer, f"{reference} is not there."


def _root_security(document: Document) -> Found:
    if document.get("security"):
        yield "/security", "Security is required of the whole API."


def _extensions(document: Document) -> Found:
    for pointer, name in _names(document):
        if name.startswith(_PREFIX) and name.removeprefix(_PREFIX) not in _EXTENSIONS:
            yield pointer, f"{name} is not one of REST APIs."


def _api_key_source(document: Document) -> Found:
    source = document.get("x-amazon-apigateway-api-key-source", "HEADER")
    if source not in ("HEADER", "AUTHORIZER"):
        yield "/x-amazon-apigateway-api-key-source", f"The source is {source!r}."


def _binary_media_types(document: Document) -> Found:
    types = document.get("x-amazon-apigateway-binary-media-types", [])
    if not isinstance(types, list):
        yield "/x-amazon-apigateway-binary-media-types", "This is no list."
        return
    for number, media_type in enumerate(types):
        if not _MEDIA_TYPE.fullmatch(str(media_type)):
            yield f"/x-amazon-apigateway-binary-media-types/{number}", f"{media_type!r} is no media type."


def _compression(document: Document) -> Found:
    least = document.get("x-amazon-apigateway-minimum-compression-size", 0)
    if not (isinstance(least, int) and 0 <= least <= _MAX_COMPRESSION_BYTES):
        yield "/x-amazon-apigateway-minimum-compression-size", f"The size is {least!r}."


def _validators(document: Document) -> Found:
    validators = document.get("x-amazon-apigateway-request-validators", {})
    wanted = {"validateRequestBody", "validateRequestParameters"}
    for name, validator in validators.items():
        if set(validator) != wanted or not all(isinstance(value, bool) for value in validator.values()):
            yield f"/x-amazon-apigateway-request-validators/{parts.escaped(name)}", f"It has {validator}."


def _validator(document: Document) -> Found:
    key = "x-amazon-apigateway-request-validator"
    described = [("", document), *((found.pointer, found.described) for found in parts.operations(document))]
    for pointer, part in described:
        if key in part and part[key] not in document.get(f"{key}s", {}):
            yield f"{pointer}/{key}", f"There is no validator {part[key]!r}."


def _names(value: object, pointer: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield f"{pointer}/{parts.escaped(name)}", name
            yield from _names(inner, f"{pointer}/{parts.escaped(name)}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _names(inner, f"{pointer}/{number}")


RULES: Final = (
    Rule("version", rule.IMPORT, "OpenAPI 2.0 and 3.0 are imported, and this checks 3.0.", _version),
    Rule("title", rule.IMPORT, "The title is the name of the API.", _title),
    Rule("document-size", rule.QUOTAS, "A definition has 6 MB at most.", _size),
    Rule("reference-to-file", rule.NOTES, "`$ref` can't reference another file.", _files),
    Rule("reference-missing", rule.IMPORT, "What is referenced must be in the document.", _missing),
    Rule(
        "root-security",
        rule.NOTES,
        "Security at the root is not used; each operation needs its own.",
        _root_security,
    ),
    Rule("extension-name", rule.EXTENSIONS, "Other extensions are of HTTP APIs, or are none.", _extensions),
    Rule("api-key-source", rule.API_KEY_SOURCE, "It is HEADER or AUTHORIZER.", _api_key_source),
    Rule("binary-media-types", rule.BINARY_MEDIA_TYPES, "It is a list of media types.", _binary_media_types),
    Rule("compression-size", rule.COMPRESSION, "It is a whole number from 0 to 10485760.", _compression),
    Rule(
        "validator-shape",
        rule.VALIDATORS,
        "A validator has two booleans, validateRequestBody and validateRequestParameters.",
        _validators,
    ),
    Rule("validator-missing", rule.VALIDATORS, "A validator that is used must be defined.", _validator),
)
