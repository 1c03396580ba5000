"""Rules for models, which API Gateway reads as JSON schema of draft 4."""

import json
import re
from typing import Final

from orders_contract.gateway_import import parts, rule
from orders_contract.gateway_import.rule import Document, Found, Rule

_NAME: Final = re.compile(r"[A-Za-z0-9]+")
_UNSUPPORTED: Final = frozenset(
    {"default", "discriminator", "example", "exclusiveMinimum", "nullable", "readOnly"}
)
_UNCHECKED: Final = frozenset({"maxItems", "minItems"})
_FORMATS_OF_NUMBERS: Final = frozenset({"int32", "int64"})
_MAX_MODEL_BYTES: Final = 400_000


def _names(document: Document) -> Found:
    for pointer, name, _ in parts.models(document):
        if not _NAME.fullmatch(name):
            yield pointer, f"The model is named {name!r}."


def _sizes(document: Document) -> Found:
    for pointer, _, schema in parts.models(document):
        size = len(json.dumps(schema).encode())
        if size > _MAX_MODEL_BYTES:
            yield pointer, f"The model has {size} bytes."


def _keywords(document: Document) -> Found:
    for pointer, schema in parts.schemas(document):
        for keyword in sorted(schema.keys() & _UNSUPPORTED):
            yield f"{pointer}/{keyword}", f"{keyword} is not supported."


def _lengths(document: Document) -> Found:
    for pointer, schema in parts.schemas(document):
        for keyword in sorted(schema.keys() & _UNCHECKED):
            yield f"{pointer}/{keyword}", f"{keyword} is not checked."


def _formats(document: Document) -> Found:
    for pointer, schema in parts.schemas(document):
        kind, form = schema.get("type"), schema.get("format")
        if form == "decimal" or (kind == "number" and form in _FORMATS_OF_NUMBERS):
            yield f"{pointer}/format", f"{kind} has the format {form}."


RULES: Final = (
    Rule("model-name", rule.NOTES, "A model's name has letters and digits only.", _names),
    Rule("model-size", rule.QUOTAS, "A model has 400 KB at most.", _sizes),
    Rule("schema-keyword", rule.NOTES, "Models are JSON schema of draft 4, less some keywords.", _keywords),
    Rule("schema-length", rule.NOTES, "maxItems and minItems are not validated.", _lengths),
    Rule("schema-format", rule.NOTES, "Numbers have no format int32, int64 or decimal.", _formats),
)
