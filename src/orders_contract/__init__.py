"""The contract: openapi.yaml, built from the route table, the models and the catalogue of operations.

OpenAPI 3.0, because API Gateway imports no 3.1: https://spec.openapis.org/oas/v3.0.3
"""

from typing import Any, Final

import msgspec

from orders_contract.catalogue import CATALOGUE, PARAMETERS, PROBLEM_EXAMPLES, RESPONSE_HEADERS, Described
from orders_contract.json_schema import components
from orders_core import problems
from orders_core.application import ROUTES
from orders_core.permissions import NEEDED
from orders_core.problems import ProblemType

# OpenAPI documents are JSON of any shape.
Document = dict[str, Any]

TITLE: Final = "Orders API"
VERSION: Final = "1.0.0"

_DESCRIPTION: Final = """\
Orders from placement to delivery, for a shop's customers and its staff.

Send the ID token of the user pool as `Authorization: Bearer <token>`. Customers see and change their own
orders; staff, the members of the shop's groups, see everyone's and do what their groups permit. Each
operation names the permission that it needs. Orders move through the status machine PENDING → CONFIRMED →
PROCESSING → SHIPPED → DELIVERED, or to CANCELLED before they are shipped.

Errors are problem details (RFC 9457) that name every fault of a request."""


def build(server: str = "/") -> Document:
    """The whole contract, with paths in the order of the route table, which are below the URL `server`."""
    paths: Document = {}
    for (method, resource), operation in ROUTES.items():
        described = CATALOGUE[operation.__name__]
        path = paths.setdefault(resource, _path_parameters(resource))
        path[method.lower()] = _operation(operation.__name__, described)
    # A problem that is not an operation's only one of its status is written where it occurs.
    responses = {_name_of(kind): _problem_response(kind) for kind in problems.KINDS}
    responses = _referred("responses", responses, paths)
    document = {
        "openapi": "3.0.3",
        "info": {
            "title": TITLE,
            "version": VERSION,
            "description": _DESCRIPTION,
            "contact": {"name": TITLE, "url": problems.HOME},
            "license": {"name": "MIT", "url": "https://opensource.org/license/mit"},
        },
        "servers": [{"url": server, "description": "The host that serves this document."}],
        "security": [{"bearerAuth": []}, {"bearerAuth": [], "apiKey": []}],
        "tags": [{"name": "orders", "description": "Place orders and follow them."}],
        "paths": paths,
        "components": {
            "schemas": components(),
            "parameters": PARAMETERS,
            "headers": _referred("headers", RESPONSE_HEADERS, paths, responses),
            "responses": responses,
            "securitySchemes": {
                "bearerAuth": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "ID token of the user pool. It says who the caller is.",
                },
                "apiKey": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "x-api-key",
                    "description": "Says which usage plan applies; never who the caller is. Optional where"
                    " the host does not require one.",
                },
            },
        },
    }
    # Enumerations become plain strings, which every serialiser knows.
    plain: Document = msgspec.to_builtins(document)
    return plain


def _path_parameters(resource: str) -> Document:
    names = [part[1:-1] for part in resource.split("/") if part.startswith("{")]
    return {"parameters": [_reference("parameters", name) for name in names]} if names else {}


def _operation(name: str, described: Described) -> Document:
    operation: Document = {
        "operationId": name,
        "tags": ["orders"],
        "summary": described.summary,
        "description": f"{described.description} Needs the permission {_needed(name)}.",
        "x-needed-permissions": list(NEEDED[name]),
    }
    if described.parameters:
        operation["parameters"] = [
            _reference("parameters", parameter.name) for parameter in described.parameters
        ]
    if described.body:
        operation["requestBody"] = {
            "required": True,
            "content": dict.fromkeys(described.media_types, described.body),
        }
    operation["responses"] = {
        **{str(status): _with_headers(success) for status, success in described.successes.items()},
        **{
            str(status): _problems_of(status, described)
            for status in sorted({kind.status for kind in described.problems})
        },
    }
    return operation


def _needed(operation: str) -> str:
    return " or ".join(f"`{permission}`" for permission in NEEDED[operation])


def _with_headers(success: Document) -> Document:
    """The response with references instead of mere header names."""
    rest = {key: value for key, value in success.items() if key != "headers"}
    headers = {name: _reference("headers", name) for name in success["headers"]}
    return rest | {"headers": headers} if headers else rest


def _problems_of(status: int, described: Described) -> Document:
    kinds = [kind for kind in described.problems if kind.status == status]
    if len(kinds) == 1:
        return _reference("responses", _name_of(kinds[0]))
    return {
        "description": " ".join(f"{kind.title} (`{kind.slug}`)." for kind in kinds),
        "content": {
            problems.CONTENT_TYPE: {
                "schema": _reference("schemas", "ProblemDetails"),
                "examples": {kind.slug: {"value": PROBLEM_EXAMPLES[kind.slug]} for kind in kinds},
            }
        },
    }


def _referred(section: str, named: Document, *by: Document) -> Document:
    """Of some components those that the documents refer to: linters take others for forgotten ones."""
    text = msgspec.json.encode(by).decode()
    return {
        name: component for name, component in named.items() if f'"#/components/{section}/{name}"' in text
    }


def _problem_response(kind: ProblemType) -> Document:
    headers = {429: ["Retry-After"], 503: ["Retry-After"], 405: ["Allow"], 401: ["WWW-Authenticate"]}
    return _with_headers(
        {
            "description": f"{kind.title}.",
            "headers": headers.get(kind.status, []),
            "content": {
                problems.CONTENT_TYPE: {
                    "schema": _reference("schemas", "ProblemDetails"),
                    "example": PROBLEM_EXAMPLES[kind.slug],
                }
            },
        }
    )


def _name_of(kind: ProblemType) -> str:
    return "".join(word.title() for word in kind.slug.split("-"))


def _reference(section: str, name: str) -> Document:
    return {"$ref": f"#/components/{section}/{name}"}
