"""A body is decoded, or every fault of it is named by a JSON pointer; nothing in between."""

import json
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct
from tests.conformance import validator

from orders_core import faults, validation
from orders_core.comment_schemas import CommentInput
from orders_core.input_errors import MAX_FAULTS, Fault, InvalidBody, MalformedBody
from orders_core.payment_schemas import PaymentInput, PaymentMove
from orders_core.schemas import OrderInput, OrderReplacement, ReturnInput, ReturnMove
from orders_core.shipment_schemas import ShipmentInput
from orders_core.validation import decode

MUG = {"product_id": "A-1", "quantity": 2, "unit_price": "9.50"}
TYPES: list[type[Struct]] = [
    OrderInput,
    OrderReplacement,
    ReturnInput,
    ReturnMove,
    PaymentInput,
    PaymentMove,
    ShipmentInput,
    CommentInput,
]

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def mostly(good: object) -> st.SearchStrategy[object]:
    """The good value, or anything."""
    return st.just(good) | st.just(good) | anything


lines = st.fixed_dictionaries(
    {"product_id": mostly("A-1"), "quantity": mostly(2), "unit_price": mostly("9.50")},
    optional={"name": mostly("Mug"), "colour": anything},
)
orders = st.fixed_dictionaries(
    {"items": st.lists(lines, max_size=3) | anything},
    optional={
        "currency": mostly("JPY"),
        "customer_id": mostly("ana"),
        "notes": mostly(None),
        "metadata": mostly({"channel": "web"}),
        "status": mostly("PENDING"),
        "colour": anything,
    },
)
return_lines = st.fixed_dictionaries({"line": mostly(1), "quantity": mostly(2)})
returned = st.fixed_dictionaries({"lines": st.lists(return_lines) | anything, "reason": mostly("broken")})
bodies = orders | returned | st.fixed_dictionaries({"status": mostly("APPROVED")}) | anything


def named(body: bytes | object, type_: type[Struct] = OrderInput) -> list[Fault]:
    with pytest.raises(InvalidBody) as caught:
        decode(body if isinstance(body, bytes) else json.dumps(body).encode(), type_)
    return sorted(caught.value.faults, key=lambda fault: fault.pointer)


def pointers(body: bytes | object, type_: type[Struct] = OrderInput) -> list[str]:
    return [fault.pointer for fault in named(body, type_)]


def every_pointer(value: object, at: str = "") -> Iterator[str]:
    """The pointers of all that a document holds, and of each field that a type could miss in it."""
    yield at
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, child in children:
        step = str(name).replace("~", "~0").replace("/", "~1")
        yield from every_pointer(child, f"{at}/{step}")


@pytest.mark.parametrize("type_", TYPES)
@given(value=bodies)
def test_a_body_is_decoded_or_its_faults_are_named(type_: type[Struct], value: object) -> None:
    """Both readings agree: the decoder takes a body just when the walk finds no fault in it."""
    body = json.dumps(value).encode()
    found = faults.find_faults(body, type_)
    try:
        decode(body, type_)
    except InvalidBody as error:
        assert error.faults == found
        assert found
    else:
        assert found == []


@pytest.mark.parametrize("type_", TYPES)
@given(value=bodies)
def test_a_fault_points_at_what_is_there_or_should_be(type_: type[Struct], value: object) -> None:
    fields = {f"/{field.name}" for field in msgspec.structs.fields(type_)}
    there = set(every_pointer(value)) | fields
    for fault in faults.find_faults(json.dumps(value).encode(), type_):
        assert fault.pointer in there or fault.pointer.rpartition("/")[0] in there
        assert fault.detail


@pytest.mark.parametrize("type_", TYPES)
@given(value=bodies)
def test_what_the_contract_refuses_is_refused(type_: type[Struct], value: object) -> None:
    """The schema is looser than the code, never stricter."""
    if not validator(f"#/components/schemas/{type_.__name__}").is_valid(value):
        with pytest.raises(InvalidBody):
            decode(json.dumps(value).encode(), type_)


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_are_decoded_malformed_or_faulty(body: bytes) -> None:
    try:
        decode(body, OrderInput)
    except InvalidBody as error:
        json.loads(body)
        assert error.faults
    except MalformedBody as error:
        assert str(error)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{} {}",
        b"\xff{}",
        b"\xef\xbb\xbf{}",
        '{"items": []}'.encode("utf-16"),
        b'{"items": NaN}',
        b'{"items": 1, "notes": Infinity}',
        b'{"items": 1, "\\ud800": 1}',
        b'{"items": [], "metadata": {"\\udfff": 1}}',
        b'{"items": 1, "notes": "\\ud800"}',
        b"[" * 100_000 + b"]" * 100_000,
        b'{"items": [], "x": ' + b'{"x":' * 100_000 + b"1" + b"}" * 100_001,
    ],
    ids=lambda body: repr(body[:30]),
)
def test_what_is_not_json_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedBody) as caught:
        decode(body, OrderInput)
    str(caught.value).encode()


def test_a_name_given_twice_is_named_wherever_it_is() -> None:
    twice = (
        b'{"items": [{"product_id": "A", "quantity": 1, "unit_price": 1, "unit_price": 2}], "notes": null,'
    )
    twice += b'"metadata": {"a": "", "\\u0061": ""}, "notes": null}'
    assert pointers(twice) == ["/items/0/unit_price", "/metadata/a", "/notes"]


def test_texts_that_look_like_names_are_not_taken_for_repeated_ones() -> None:
    body = {"items": [MUG], "notes": '"items": "items":', "metadata": {'a":': '":"', "b": '\\":'}}
    assert decode(json.dumps(body).encode(), OrderInput).notes == body["notes"]


def test_names_in_a_pointer_are_escaped() -> None:
    assert pointers({"items": [MUG], "a/b~c": 1, "": 1}) == ["/", "/a~1b~0c"]


def test_a_price_is_judged_by_the_orders_currency_even_if_that_is_wrong() -> None:
    assert pointers({"items": [MUG], "currency": "JPY"}) == ["/items/0/unit_price"]
    assert pointers({"items": [MUG], "currency": "XXX"}) == ["/currency"]
    assert pointers({"items": [MUG], "currency": 7}) == ["/currency"]


@pytest.mark.parametrize("price", ["1e2", "15e-1", "0.1E+1", "1000000", "0", "0.0", "0.50"])
def test_a_number_is_read_as_it_was_written(price: str) -> None:
    body = b'{"items": [{"product_id": "A", "quantity": 1, "unit_price": %s}]}' % price.encode()
    decode(body, OrderInput)


@pytest.mark.parametrize(
    "price", ["1e7", "1e-3", "1e400", "-1", "-0", "9" * 5_000, "0." + "1" * 5_000, "true"]
)
def test_a_number_that_is_no_price_is_named(price: str) -> None:
    body = b'{"items": [{"product_id": "A", "quantity": 1, "unit_price": %s}]}' % price.encode()
    assert pointers(body) == ["/items/0/unit_price"]


@pytest.mark.parametrize("quantity", ["1.0", "1e0", "-1", "9" * 5_000, '"1"', "null"])
def test_a_quantity_is_a_whole_number_as_json_writes_them(quantity: str) -> None:
    body = b'{"items": [{"product_id": "A", "quantity": %s, "unit_price": 1}]}' % quantity.encode()
    assert pointers(body) == ["/items/0/quantity"]


def test_a_body_with_many_faults_has_a_hundred_of_them_named() -> None:
    names = b",".join(b'"%05x":1' % number for number in range(1_000))
    assert len(named(b'{"00000":1,' + names + b"}")) == MAX_FAULTS == 100


@pytest.mark.parametrize("count", [101, 80_000])
def test_a_list_that_is_too_long_is_one_fault_and_its_elements_are_not_looked_at(count: int) -> None:
    body = b'{"items": [' + b",".join([b"{}"] * count) + b"]}"
    assert named(body) == [Fault("/items", f"must be at most 100 elements in all, not {count:,}")]


@pytest.mark.parametrize(
    "body",
    [
        b'{"items": [], "x": [' + b"{}," * 80_000 + b"{}]}",
        b"{" + b",".join(b'"%05x":1' % number for number in range(25_000)) + b"}",
    ],
    ids=["in a list", "in an object"],
)
def test_a_body_of_too_many_values_is_not_walked(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The walk in Python would keep all other clients of a host waiting."""
    monkeypatch.setattr(faults, "_Walk", lambda *_: pytest.fail("it was walked"))
    assert all(fault.pointer in ("", "/items") for fault in named(body))


def test_punctuation_within_texts_makes_no_values() -> None:
    body = {"items": [{**MUG, "name": "[,{" * 60} for _ in range(100)], "notes": '\\",' * 300, "x": 1}
    assert pointers(body) == ["/x"]


def test_a_made_up_name_is_not_repeated_at_length() -> None:
    (fault,) = named({"items": [MUG], "a" * 1_000: 1})
    assert len(fault.pointer) < 200


def test_a_valid_body_never_meets_the_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "_faults", lambda *_: pytest.fail("the slow path was taken"))
    decode(json.dumps({"items": [MUG], "metadata": {"a": "b"}}).encode(), OrderInput)


@pytest.mark.parametrize(
    ("type_", "body", "pointer"),
    [
        (OrderInput, {"items": [MUG], "contact": {"email": "ana@example.com\n"}}, "/contact/email"),
        (OrderInput, {"items": [MUG], "contact": {"phone": "+34911234567\n"}}, "/contact/phone"),
        (OrderInput, {"items": [MUG | {"tax_rate": "21\n"}]}, "/items/0/tax_rate"),
        (
            PaymentInput,
            {"provider": "cash\n", "reference": "1", "amount": "1.00", "status": "CAPTURED"},
            "/provider",
        ),
        (
            ShipmentInput,
            {"carrier": "dhl", "tracking_number": "1\n", "lines": [{"line": 1, "quantity": 1}]},
            "/tracking_number",
        ),
    ],
)
def test_a_newline_at_the_end_is_no_part_of_a_form(type_: type[Struct], body: object, pointer: str) -> None:
    with pytest.raises(InvalidBody) as refused:
        decode(json.dumps(body).encode(), type_)
    (fault,) = refused.value.faults
    assert fault.pointer == pointer
    assert str(fault.detail).endswith("$")
