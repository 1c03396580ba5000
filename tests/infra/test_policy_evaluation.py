"""The evaluator of policies decides as AWS documents it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.infra.iam.policies import (
    Call,
    Caller,
    Decision,
    NotUnderstood,
    Policies,
    arn_like,
    decide,
    denies,
)

ROLE = Caller("AWS", "arn:aws:iam::123456789012:role/app")
ROOT = {"AWS": "arn:aws:iam::123456789012:root"}

actions = st.sampled_from(["s3:GetObject", "s3:PutObject", "sqs:SendMessage"])
patterns = st.sampled_from(["*", "s3:*", "s3:Get*", "s3:?etObject", "S3:GETOBJECT", "sqs:SendMessage"])
arns = st.sampled_from(["arn:aws:s3:::a/x", "arn:aws:s3:::b/x", "arn:aws:sqs:eu-west-1:123456789012:q"])
arn_patterns = st.sampled_from(["*", "arn:aws:s3:::a/*", "arn:aws:s3:::?/x", "arn:aws:sqs:*:*:q"])
tags = st.sampled_from(["red", "blue"])
calls = st.builds(
    lambda action, arn, tag: Call(ROLE, action, arn, (("aws:ResourceTag/colour", tag),)), actions, arns, tags
)


@st.composite
def statement(draw: st.DrawFn, effect: str | None = None) -> dict[str, Any]:
    made: dict[str, Any] = {"Effect": effect or draw(st.sampled_from(["Allow", "Deny"]))}
    made[draw(st.sampled_from(["Action", "NotAction"]))] = draw(st.lists(patterns, min_size=1, max_size=2))
    made[draw(st.sampled_from(["Resource", "NotResource"]))] = draw(
        st.lists(arn_patterns, min_size=1, max_size=2)
    )
    if draw(st.booleans()):
        made["Condition"] = {"StringEquals": {"aws:resourcetag/COLOUR": draw(tags)}}
    return made


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


documents = st.lists(statement(), max_size=3).map(lambda statements: policy(*statements))
ALLOW_ALL = policy({"Effect": "Allow", "Action": "*", "Resource": "*"})


@given(calls)
def test_what_no_statement_matches_is_not_allowed(call: Call) -> None:
    other = policy({"Effect": "Allow", "Action": "ec2:*", "Resource": "*"})
    assert decide(call, Policies()) == Decision.NOT_ALLOWED
    assert decide(call, Policies([other])) == Decision.NOT_ALLOWED


@given(calls, st.lists(documents, max_size=3), documents)
def test_an_explicit_deny_wins_wherever_it_stands(
    call: Call, held: list[dict[str, Any]], denying: dict[str, Any]
) -> None:
    everywhere = [
        Policies([*held, denying, ALLOW_ALL]),
        Policies([ALLOW_ALL], [*held, denying]),
        Policies([ALLOW_ALL, *held], resource=denying),
    ]
    if denies(denying, call):
        assert {decide(call, each) for each in everywhere} == {Decision.DENIED}


@given(calls, documents, documents)
def test_a_boundary_intersects(call: Call, identity: dict[str, Any], boundary: dict[str, Any]) -> None:
    both = decide(call, Policies([identity], [boundary])) == Decision.ALLOWED
    each = [decide(call, Policies([one])) == Decision.ALLOWED for one in (identity, boundary)]
    assert both == all(each)


@given(calls, documents, statement(effect="Allow"))
def test_one_more_allow_takes_nothing_away(call: Call, held: dict[str, Any], more: dict[str, Any]) -> None:
    before = decide(call, Policies([held]))
    after = decide(call, Policies([held, policy(more)]))
    assert after == before or (before, after) == (Decision.NOT_ALLOWED, Decision.ALLOWED)


@given(calls, st.lists(statement(), max_size=4), st.randoms())
def test_neither_order_nor_division_matters(
    call: Call, statements: list[dict[str, Any]], random: Random
) -> None:
    shuffled = random.sample(statements, len(statements))
    apart = [policy(each) for each in shuffled]
    assert decide(call, Policies([policy(*statements)])) == decide(call, Policies(apart))


@given(calls, st.lists(patterns, min_size=1), arn_patterns)
def test_not_action_is_every_other_action(call: Call, named: list[str], resource: str) -> None:
    def allowed(element: str) -> bool:
        made = policy({"Effect": "Allow", element: named, "Resource": "*"})
        return decide(call, Policies([made])) == Decision.ALLOWED

    assert allowed("Action") != allowed("NotAction")


@pytest.mark.parametrize(
    ("pattern", "arn", "expected"),
    [
        ("arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket/a/b", True),
        ("arn:aws:s3:::bucket", "arn:aws:s3:::bucket/a", False),
        ("arn:aws:dynamodb:*:*:table/a", "arn:aws:dynamodb:eu-west-1:123456789012:table/a", True),
        ("arn:aws:dynamodb:*:table/a", "arn:aws:dynamodb:eu-west-1:123456789012:table/a", False),
        ("arn:aws:lambda:*:*:function:a:*", "arn:aws:lambda:eu-west-1:123456789012:function:a:live", True),
        ("arn:aws:lambda:*:*:function:a", "arn:aws:lambda:eu-west-1:123456789012:function:a:live", False),
        ("arn:aws:s3:::Bucket", "arn:aws:s3:::bucket", False),
    ],
)
def test_wildcards_stay_within_their_part_of_an_arn(pattern: str, arn: str, expected: bool) -> None:
    assert arn_like(pattern, arn) == expected


def test_a_key_asks_its_own_policy_first() -> None:
    call = Call(ROLE, "kms:Decrypt", "arn:aws:kms:eu-west-1:123456789012:key/k")
    delegating = policy({"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Principal": ROOT})
    granted = [policy({"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"})]
    assert decide(call, Policies(granted, resource=policy(), sole=True)) == Decision.NOT_ALLOWED
    assert decide(call, Policies([], resource=delegating, sole=True)) == Decision.NOT_ALLOWED
    assert decide(call, Policies(granted, resource=delegating, sole=True)) == Decision.ALLOWED


def test_a_service_is_let_in_by_the_resource_only() -> None:
    call = Call(
        Caller("Service", "events.amazonaws.com"),
        "sqs:SendMessage",
        "arn:aws:sqs:eu-west-1:123456789012:q",
        (("aws:SourceArn", "arn:aws:events:eu-west-1:123456789012:rule/b/r"),),
    )

    def let_in(rule: str) -> dict[str, Any]:
        return policy(
            {
                "Effect": "Allow",
                "Action": "sqs:SendMessage",
                "Resource": call.resource,
                "Principal": {"Service": "events.amazonaws.com"},
                "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
            }
        )

    assert decide(call, Policies([ALLOW_ALL])) == Decision.NOT_ALLOWED
    assert decide(call, Policies(resource=let_in("arn:aws:events:*:*:rule/b/r"))) == Decision.ALLOWED
    assert decide(call, Policies(resource=let_in("arn:aws:events:*:*:rule/b/s"))) == Decision.NOT_ALLOWED


def test_a_condition_on_a_key_that_is_not_there_does_not_hold() -> None:
    call = Call(ROLE, "s3:GetObject", "arn:aws:s3:::a/x")
    asks = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringLike": {"aws:x": "*"}}}
    assert decide(call, Policies([policy(asks)])) == Decision.NOT_ALLOWED


@pytest.mark.parametrize(
    "part",
    [
        {"Condition": {"NumericLessThan": {"s3:max-keys": "10"}}},
        {"Condition": {"StringLikeIfExists": {"aws:x": "*"}}},
        {"Condition": {"StringEquals": {"aws:x": "${aws:username}"}}},
        {"NotPrincipal": "*"},
    ],
    ids=str,
)
def test_what_is_not_understood_is_no_guess(part: dict[str, Any]) -> None:
    call = Call(ROLE, "s3:GetObject", "arn:aws:s3:::a/x", (("aws:x", "x"),))
    with pytest.raises(NotUnderstood):
        decide(call, Policies([policy({"Effect": "Allow", "Action": "*", "Resource": "*", **part})]))
