"""The parts of an OpenAPI document that rules look at, each with its JSON pointer."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from orders_contract.gateway_import.rule import Document

METHODS: Final = ("delete", "get", "head", "options", "patch", "post", "put")
ANY_METHOD: Final = "x-amazon-apigateway-any-method"
INTEGRATION: Final = "x-amazon-apigateway-integration"
_SUBSCHEMAS: Final = ("items", "additionalProperties", "not")
_SCHEMA_LISTS: Final = ("allOf", "anyOf", "oneOf")


class Operation(NamedTuple):
    """A method of a path, with the parameters of both."""

    pointer: str
    path: str
    described: Document
    parameters: list[Document]


class Integration(NamedTuple):
    """What answers an operation."""

    pointer: str
    operation: Operation
    described: Document

    @property
    def type(self) -> str:
        """In lower case, as the guide has it; API Gateway takes capitals as well."""
        return str(self.described.get("type", "")).lower()


def escaped(name: str) -> str:
    """A name as a token of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


def operations(document: Document) -> Iterator[Operation]:
    """Every operation, those for any method included."""
    for path, item in document.get("paths", {}).items():
        for method in (*METHODS, ANY_METHOD):
            if method in item:
                parameters = [*item.get("parameters", []), *item[method].get("parameters", [])]
                resolved = [resolve(document, parameter) for parameter in parameters]
                yield Operation(f"/paths/{escaped(path)}/{method}", path, item[method], resolved)


def integrations(document: Document) -> Iterator[Integration]:
    """The integration of every operation that has one."""
    for operation in operations(document):
        if INTEGRATION in operation.described:
            yield Integration(
                f"{operation.pointer}/{INTEGRATION}", operation, operation.described[INTEGRATION]
            )


def models(document: Document) -> Iterator[tuple[str, str, Document]]:
    """The pointer, the name and the schema of each model."""
    for name, schema in document.get("components", {}).get("schemas", {}).items():
        yield f"/components/schemas/{escaped(name)}", name, schema


def schemas(document: Document) -> Iterator[tuple[str, Document]]:
    """Every schema of a model and of a body, with those inside it."""
    for pointer, _, schema in models(document):
        yield from _within(pointer, schema)
    for operation in operations(document):
        bodies = {"requestBody": operation.described.get("requestBody", {})} | {
            f"responses/{status}": response
            for status, response in operation.described.get("responses", {}).items()
        }
        for part, body in bodies.items():
            for media_type, content in body.get("content", {}).items():
                pointer = f"{operation.pointer}/{part}/content/{escaped(media_type)}/schema"
                yield from _within(pointer, content.get("schema", {}))


def references(value: object, pointer: str = "") -> Iterator[tuple[str, str]]:
    """Every `$ref` anywhere."""
    for key, inner in _members(value):
        if key == "$ref" and isinstance(inner, str):
            yield pointer, inner
        else:
            yield from references(inner, f"{pointer}/{escaped(key)}")


def resolve(document: Document, value: Document) -> Document:
    """What a reference within the document stands for; empty if there is no such thing."""
    found: Any = value
    if "$ref" in value:
        found = document
        for token in str(value["$ref"]).removeprefix("#/").split("/"):
            name = token.replace("~1", "/").replace("~0", "~")
            found = found.get(name, {}) if isinstance(found, dict) else {}
    return found if isinstance(found, dict) else {}


def _within(pointer: str, schema: object) -> Iterator[tuple[str, Document]]:
    if not isinstance(schema, dict):
        return
    yield pointer, schema
    for name, inner in schema.get("properties", {}).items():
        yield from _within(f"{pointer}/properties/{escaped(name)}", inner)
    for keyword in _SUBSCHEMAS:
        yield from _within(f"{pointer}/{keyword}", schema.get(keyword))
    for keyword in _SCHEMA_LISTS:
        for number, inner in enumerate(schema.get(keyword, [])):
            yield from _within(f"{pointer}/{keyword}/{number}", inner)


def _members(value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from ((str(number), inner) for number, inner in enumerate(value))
