"""The client says what openapi.yaml says: operations, answers and problems."""

import re
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
import pytest
import yaml

from orders_client import calls, types
from orders_client.errors import Problem, ProblemDocument, problem_from
from orders_core.amounts import SUMS

Json = dict[str, Any]

CONTRACT: Final[Json] = yaml.safe_load((Path(__file__).parents[2] / "openapi.yaml").read_text())
OPERATIONS: Final[dict[str, Json]] = {
    operation["operationId"]: operation
    for path in CONTRACT["paths"].values()
    for method, operation in path.items()
    if method != "parameters"
}
SCHEMAS: Final[Json] = CONTRACT["components"]["schemas"]
# What may be null has no name in the contract: its schema stands where it is used.
SCHEMAS.update(
    {
        "Contact": SCHEMAS["Order"]["properties"]["contact"],
        "Address": SCHEMAS["Order"]["properties"]["shipping_address"],
    }
)
PROBLEMS: Final[dict[str, Json]] = {
    problem["type"].rpartition("/")[2]: problem
    for response in CONTRACT["components"]["responses"].values()
    for problem in [response["content"]["application/problem+json"]["example"]]
}

# The contract's name of a type, where the client has another.
ALIASES: Final = {
    "CommentInput": "NewComment",
    "LineItemInput": "NewLineItem",
    "PaymentInput": "NewPayment",
    "ReturnLineInput": "ReturnLine",
    "ReturnLine": "ReturnedLine",
    "ShipmentInput": "NewShipment",
    "ShipmentLineInput": "ShipmentLine",
    "ShipmentLine": "ShippedLine",
    "ProblemDetails": "ProblemDocument",
}
ANSWERS: Final = (
    types.BatchResults,
    types.Deliveries,
    types.Erasure,
    types.EventPage,
    types.NewComment,
    types.NewLineItem,
    types.NewPayment,
    types.NewShipment,
    types.OrderPage,
    types.PersonalData,
    types.Replay,
    types.ReturnLine,
    types.Statistics,
    types.WebhookList,
    types.WebhookWithSecret,
)


def client_schemas() -> dict[str, Json]:
    _, components = msgspec.json.schema_components(ANSWERS)
    # Problems have tests of their own.
    return {name: each for name, each in components.items() if name not in ("ProblemDocument", "FieldFault")}


def contract_name(name: str) -> str:
    names = {alias: contract for contract, alias in ALIASES.items()}
    return names.get(name, name)


def test_there_is_a_call_for_every_operation() -> None:
    # An export is a stream, for tools without a client; `list` has the same orders.
    assert set(OPERATIONS) - {"export_orders"} <= set(vars(calls))


@pytest.mark.parametrize("name", sorted(client_schemas()))
def test_a_type_has_the_fields_of_the_contract(name: str) -> None:
    ours, theirs = client_schemas()[name], SCHEMAS[contract_name(name)]
    assert set(ours.get("properties", ())) == set(theirs.get("properties", ()))
    assert set(ours.get("required", ())) == set(theirs.get("required", ()))
    assert set(ours.get("enum", ())) == set(theirs.get("enum", ()))


def test_the_changes_of_an_order_are_those_of_the_contract() -> None:
    # Sums are computed, for the client, too, and written by none.
    writable = set(SCHEMAS["OrderReplacement"]["properties"]) - set(SUMS)
    assert types.Changes.__optional_keys__ == writable - {"customer_id"}
    assert types.Details.__optional_keys__ == writable - {"items", "status"}


def test_an_order_of_a_batch_is_that_of_the_contract() -> None:
    keys = types.NewOrder.__optional_keys__ | types.NewOrder.__required_keys__
    assert keys == set(SCHEMAS["BatchOrder"]["properties"]) - set(SUMS)


def test_the_filters_of_a_listing_are_those_of_the_contract() -> None:
    parameters = {each["$ref"].rpartition("/")[2] for each in OPERATIONS["list_orders"]["parameters"]}
    assert types.Filters.__optional_keys__ == parameters - {"limit", "cursor"}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_example_of_an_answer_becomes_a_typed_one(operation: str) -> None:
    for status, response in OPERATIONS[operation]["responses"].items():
        content = response.get("content", {}).get("application/json")
        if status.startswith("2") and content:
            name = content["schema"]["$ref"].rpartition("/")[2]
            type_ = getattr(types, ALIASES.get(name, name))
            typed = msgspec.json.decode(msgspec.json.encode(content["example"]), type=type_)
            assert everything_of(content["example"], msgspec.json.decode(msgspec.json.encode(typed)))


@pytest.mark.parametrize("slug", PROBLEMS)
def test_every_problem_has_an_exception_of_its_own(slug: str) -> None:
    problem = problem_from(httpx.Response(PROBLEMS[slug]["status"], json=PROBLEMS[slug]))
    assert type(problem) is not Problem
    assert problem.slug == slug
    assert PROBLEMS[slug]["detail"] in str(problem)


def test_the_members_of_a_problem_are_those_of_the_contract() -> None:
    # `instance` says the same as `request_id`.
    assert set(SCHEMAS["ProblemDetails"]["properties"]) == {"instance", *ProblemDocument.__struct_fields__}


def test_an_answer_that_is_no_problem_document_is_told_by_its_status() -> None:
    problem = problem_from(httpx.Response(502, text="<html>Bad gateway</html>"))
    assert type(problem) is Problem
    assert str(problem) == "502 Bad Gateway."


def everything_of(example: object, ours: object) -> bool:
    """Whether what the client made of an example, as JSON, says all that the example says."""
    if isinstance(example, dict) and isinstance(ours, dict):
        # The `instance` of a problem says the same as its `request_id`.
        return all(
            everything_of(value, ours.get(name)) for name, value in example.items() if name != "instance"
        )
    if isinstance(example, list) and isinstance(ours, list):
        return len(example) == len(ours) and all(map(everything_of, example, ours))
    return plain(example) == plain(ours)


def plain(value: object) -> object:
    """A time without the zeros at its end, which say nothing."""
    return re.sub(r"(?:\.0+|(\.\d*[1-9])0*)Z$", r"\1Z", value) if isinstance(value, str) else value
