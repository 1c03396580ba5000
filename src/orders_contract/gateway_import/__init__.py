"""What API Gateway would refuse, or drop in silence, when it imports a document as a REST API.

Each rule says what AWS documents, and on which page. https://docs.aws.amazon.com/apigateway/latest/developerguide/
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from orders_contract.gateway_import import (
    document_rules,
    gateway_response_rules,
    integration_rules,
    mapping_rules,
    operation_rules,
    path_rules,
    schema_rules,
    security_rules,
)
from orders_contract.gateway_import.rule import Document, Rule

RULES: Final[Sequence[Rule]] = (
    *document_rules.RULES,
    *path_rules.RULES,
    *operation_rules.RULES,
    *schema_rules.RULES,
    *security_rules.RULES,
    *integration_rules.RULES,
    *mapping_rules.RULES,
    *gateway_response_rules.RULES,
)
"""All rules, in the order in which a document is read."""


class Fault(NamedTuple):
    """A place of a document that a rule does not allow."""

    rule: Rule
    pointer: str
    detail: str

    def __str__(self) -> str:
        return f"{self.pointer or '/'}: {self.detail} {self.rule.says} ({self.rule.page})"


def check(document: Document) -> list[Fault]:
    """Every fault of an OpenAPI 3.0 document, with no placeholders left in it."""
    return [Fault(rule, pointer, detail) for rule in RULES for pointer, detail in rule.find(document)]
