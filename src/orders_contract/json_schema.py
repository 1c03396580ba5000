"""JSON Schema of the models, in the dialect of OpenAPI 3.0."""

from typing import Any, Final

import msgspec

from orders_core import money, problems
from orders_core.comment_schemas import CommentInput
from orders_core.models import OrderStatus, ReturnStatus
from orders_core.payment_models import OrderPaymentStatus, PaymentStatus
from orders_core.payment_schemas import PaymentInput, PaymentMove
from orders_core.permissions import Permission
from orders_core.schemas import (
    BatchOrder,
    BatchResults,
    Erasure,
    EventPage,
    OrderBatch,
    OrderInput,
    OrderPage,
    OrderReplacement,
    OrderView,
    PersonalData,
    ReturnInput,
    ReturnMove,
    Statistics,
    order_patch,
)
from orders_core.shipment_models import FulfilmentStatus
from orders_core.shipment_schemas import ShipmentInput
from orders_core.text_forms import as_told
from orders_core.webhook_schemas import (
    Deliveries,
    EventName,
    Replay,
    ReplayInput,
    WebhookInput,
    WebhookList,
    WebhookPatch,
    WebhookView,
    WebhookWithSecret,
)

Schema = dict[str, Any]

_TYPES: Final = (
    OrderInput,
    BatchOrder,
    OrderBatch,
    BatchResults,
    OrderReplacement,
    order_patch(),
    OrderView,
    OrderPage,
    EventPage,
    ReturnInput,
    ReturnMove,
    PaymentInput,
    PaymentMove,
    ShipmentInput,
    CommentInput,
    Statistics,
    PersonalData,
    Erasure,
    WebhookInput,
    WebhookPatch,
    WebhookView,
    WebhookWithSecret,
    WebhookList,
    Deliveries,
    ReplayInput,
    Replay,
)
_REFERENCE: Final = "#/components/schemas/"


_PROBLEM_DETAILS: Final[Schema] = {
    "description": "Problem details (RFC 9457); more members may come with a kind of problem.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance", "request_id"],
    "properties": {
        "type": {
            "type": "string",
            "format": "uri",
            "description": "Names the kind of problem: "
            + ", ".join(f"`{problems.TYPE_BASE}{kind.slug}`" for kind in problems.KINDS)
            + ".",
        },
        "title": {"type": "string", "description": "The same for every problem of the kind."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "What is wrong this time, and how to mend it."},
        "instance": {"type": "string", "format": "uri", "description": "Names this very occurrence."},
        "request_id": {"type": "string", "description": "Quote it when you report the problem."},
        "needed_permissions": {
            "type": "array",
            "description": "The permissions of which one is needed and the caller has none.",
            "items": {"type": "string", "enum": list(Permission)},
        },
        "errors": {
            "type": "array",
            "description": "Every fault of an invalid request.",
            "items": {
                "type": "object",
                "required": ["detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer into the body (RFC 6901)."},
                    "parameter": {"type": "string", "description": "Name of a query parameter."},
                    "header": {"type": "string", "description": "Name of a request header."},
                    "detail": {"type": "string"},
                },
            },
        },
        "current_version": {"type": "integer", "description": "The order's version now (412)."},
        "current_status": {
            "type": "string",
            "description": "Of the order, or of its return or payment (409).",
        },
        "allowed_statuses": {
            "type": "array",
            "description": "The statuses that you can move it to (409).",
            "items": {"type": "string"},
        },
    },
}


def components() -> dict[str, Schema]:
    """`components.schemas`: every body of the API by its name, and the problem details."""
    _, schemas = msgspec.json.schema_components(_TYPES, ref_template=_REFERENCE + "{name}")
    for states in (OrderStatus, ReturnStatus, PaymentStatus, OrderPaymentStatus, FulfilmentStatus, EventName):
        # In the order in which an order passes through them, which msgspec sorts by the alphabet.
        schemas[states.__name__]["enum"] = [str(state) for state in states]
    converted = {_public(name): _in_openapi(schema, schemas) for name, schema in sorted(schemas.items())}
    return _used(converted) | {
        "Currency": {
            "description": "ISO 4217 code of an active currency.",
            "type": "string",
            "enum": sorted(money.OFFERED),
        },
        "ProblemDetails": _PROBLEM_DETAILS,
    }


def _used(schemas: dict[str, Schema]) -> dict[str, Schema]:
    """The bodies and what they refer to: an object that may be null stands in its place, not by its name."""
    text = msgspec.json.encode(schemas).decode()
    bodies = {_public(type_.__name__) for type_ in _TYPES}
    return {
        name: schema for name, schema in schemas.items() if name in bodies or f'"{_REFERENCE}{name}"' in text
    }


def _public(name: str) -> str:
    return name.removesuffix("View")


def _in_openapi(schema: Any, named: dict[str, Schema]) -> Any:  # noqa: ANN401 - JSON of any shape
    """`null` in a union becomes `nullable`; what OpenAPI 3.0 can't say is left to the descriptions."""
    if isinstance(schema, list):
        return [_in_openapi(element, named) for element in schema]
    if not isinstance(schema, dict):
        return schema
    converted = {
        name: _in_openapi(value, named)
        for name, value in schema.items()
        if name not in ("anyOf", "propertyNames", "title", "$ref") and (name, value) != ("required", [])
    }
    if "$ref" in schema:
        reference = {"$ref": _REFERENCE + _public(schema["$ref"].removeprefix(_REFERENCE))}
        # Beside a reference nothing counts.
        converted = {"allOf": [reference], **converted} if converted else reference
    if set(converted) == {"allOf"} and len(converted["allOf"]) == 1:
        (converted,) = converted["allOf"]
    if "anyOf" in schema:
        (option,) = (option for option in schema["anyOf"] if option != {"type": "null"})
        converted = _nullable(_in_openapi(option, named), named) | converted
    if isinstance(converted.get("pattern"), str):
        converted["pattern"] = as_told(converted["pattern"])
    if "enum" in converted and "type" not in converted:
        converted = {"type": "string"} | converted
    return converted


def _nullable(option: Schema, named: dict[str, Schema]) -> Schema:
    # Beside a reference nothing counts, and an enumeration must name null itself:
    # https://github.com/OAI/OpenAPI-Specification/blob/main/proposals/2019-10-31-Clarify-Nullable.md
    if "$ref" in option:
        name = option["$ref"].removeprefix(_REFERENCE)
        enumeration = named.get(name) or named[f"{name}View"]
        if "enum" not in enumeration:
            inlined: Schema = _in_openapi(enumeration, named)
            return inlined | {"nullable": True}
        return {"type": "string", "nullable": True, "enum": [*enumeration["enum"], None]}
    return option | {"nullable": True}
