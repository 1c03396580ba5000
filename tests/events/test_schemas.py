"""The published JSON Schemas describe what is really sent."""

import json
from typing import Any

import jsonschema
import msgspec
import pytest
from tests.orders import LAMPS, a_change, an_order

from orders_api.events.delivery.payload import message_of
from orders_api.events.json_schema import documents
from orders_api.events.model import OrderEvent, removed, written
from orders_api.models import OrderStatus, change

ORDER = an_order()
CHANGED = change(ORDER, a_change(ORDER, content=LAMPS, status=OrderStatus.CONFIRMED))
EVENTS = {
    "OrderCreated": written(None, ORDER),
    "OrderUpdated": written(ORDER, change(ORDER, a_change(ORDER, content=LAMPS))),
    "OrderStatusChanged": written(ORDER, CHANGED),
    "OrderDeleted": removed(CHANGED, CHANGED.updated_at, None),
}


def validator(name: str) -> Any:  # noqa: ANN401 - jsonschema's own class
    schema = json.loads(documents()[name])
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def as_json(value: object) -> Any:  # noqa: ANN401 - JSON of any shape
    return json.loads(msgspec.json.encode(value))


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS.keys())
def test_events_and_webhooks_are_valid(event: OrderEvent) -> None:
    validator("order-event.schema.json").validate(as_json(event))
    validator("webhook.schema.json").validate(json.loads(message_of(event).body))


@pytest.mark.parametrize("missing", ["id", "version", "order"])
def test_an_event_without_what_it_needs_is_not(missing: str) -> None:
    event = as_json(EVENTS["OrderCreated"])
    del event[missing]
    with pytest.raises(jsonschema.ValidationError):
        validator("order-event.schema.json").validate(event)
