"""The published JSON Schemas describe what is really sent."""

import json
from typing import Any

import jsonschema
import msgspec
import pytest
from tests.orders import LAMPS, a_change, an_order

from orders_contract.event_schemas import documents
from orders_core.events import event_for_delete, event_for_write
from orders_core.models import OrderStatus, change
from orders_core.schemas import OrderEventView, event_view_of
from orders_webhooks.payload import message_of

ORDER = an_order()
CHANGED = change(ORDER, a_change(ORDER, content=LAMPS, status=OrderStatus.CONFIRMED))
HAPPENED = {
    "OrderCreated": event_for_write(None, ORDER),
    "OrderUpdated": event_for_write(ORDER, change(ORDER, a_change(ORDER, content=LAMPS))),
    "OrderStatusChanged": event_for_write(ORDER, CHANGED),
    "OrderDeleted": event_for_delete(CHANGED, CHANGED.updated_at, None),
}
EVENTS = {name: event_view_of(event) for name, event in HAPPENED.items()}


def validator(name: str) -> Any:  # noqa: ANN401 - jsonschema's own class
    schema = json.loads(documents()[name])
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def as_json(value: object) -> Any:  # noqa: ANN401 - JSON of any shape
    return json.loads(msgspec.json.encode(value))


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS.keys())
def test_events_and_webhooks_are_valid(event: OrderEventView) -> None:
    validator("order-event.schema.json").validate(as_json(event))
    validator("webhook.schema.json").validate(json.loads(message_of(event).body))


@pytest.mark.parametrize("missing", ["id", "version", "order"])
def test_an_event_without_what_it_needs_is_not(missing: str) -> None:
    event = as_json(EVENTS["OrderCreated"])
    del event[missing]
    with pytest.raises(jsonschema.ValidationError):
        validator("order-event.schema.json").validate(event)
