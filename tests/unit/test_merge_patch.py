"""JSON Merge Patch: the test cases of RFC 7396, appendix A, and the type of patches to an order."""

import json

import msgspec
import pytest

from orders_core.input_errors import InvalidBody
from orders_core.merge_patch import merge
from orders_core.schemas import order_patch
from orders_core.validation import decode

# https://www.rfc-editor.org/rfc/rfc7396#appendix-A
CASES = [
    ('{"a":"b"}', '{"a":"c"}', '{"a":"c"}'),
    ('{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'),
    ('{"a":"b"}', '{"a":null}', "{}"),
    ('{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'),
    ('{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'),
    ('{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'),
    ('{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'),
    ('{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'),
    ('["a","b"]', '["c","d"]', '["c","d"]'),
    ('{"a":"b"}', '["c"]', '["c"]'),
    ('{"a":"foo"}', "null", "null"),
    ('{"a":"foo"}', '"bar"', '"bar"'),
    ('{"e":null}', '{"a":1}', '{"e":null,"a":1}'),
    ("[1,2]", '{"a":"b","c":null}', '{"a":"b"}'),
    ("{}", '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'),
]


@pytest.mark.parametrize(("target", "patch", "result"), CASES)
def test_a_merge_is_that_of_the_rfc(target: str, patch: str, result: str) -> None:
    assert json.loads(merge(target.encode(), patch.encode())) == json.loads(result)


def test_numbers_stay_as_they_were_written() -> None:
    patch = b'{"items": [{"unit_price": 0.10000000000000000001}]}'
    assert b"0.10000000000000000001" in merge(b'{"items": []}', patch)


def test_a_patch_may_leave_anything_out_and_names_the_parts_of_objects() -> None:
    for patch in ({}, {"contact": {"phone": None}}, {"metadata": {"a": None}}, {"billing_address": None}):
        decode(msgspec.json.encode(patch), order_patch())


@pytest.mark.parametrize(
    ("patch", "pointer"),
    [
        ('{"colour": "red"}', "/colour"),
        ('{"contact": {"telephone": "+34911234567"}}', "/contact/telephone"),
        ('{"shipping_address": {"country": "Spain"}}', "/shipping_address/country"),
        ('{"notes": "a", "notes": "b"}', "/notes"),
        ('{"items": [{"product_id": "A-1", "quantity": 0, "unit_price": "1.234"}]}', "/items/0/quantity"),
        ("[]", ""),
    ],
)
def test_a_fault_of_a_patch_is_named(patch: str, pointer: str) -> None:
    with pytest.raises(InvalidBody) as caught:
        decode(patch.encode(), order_patch())
    assert [fault.pointer for fault in caught.value.faults] == [pointer]
