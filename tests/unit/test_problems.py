"""Problem documents (RFC 9457): one shape, one status and title a kind, and nothing leaked."""

import json
import uuid

import pytest
from tests.conformance import MEMBERS

from orders_core import problems
from orders_core.input_errors import Fault, InvalidBody, MalformedBody
from orders_core.line_quantities import InvalidLines
from orders_core.models import IllegalState, NotAllowed, OrderNotFound, OrderStatus, VersionMismatch
from orders_core.payments import InvalidPayment, PaymentNotFound
from orders_core.problems import KINDS, TYPE_BASE, Problem, problem_from
from orders_core.returns import ReturnNotFound
from orders_core.stores import StoreUnavailable

REQUEST_ID = str(uuid.UUID(int=7))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.slug)
def test_a_document_has_its_members_in_order(kind: problems.ProblemType) -> None:
    document = json.loads(Problem(kind, "Why.", {"more": 1}).document(REQUEST_ID))
    assert list(document) == [*MEMBERS, "more"]
    assert document == {
        "type": TYPE_BASE + kind.slug,
        "title": kind.title,
        "status": kind.status,
        "detail": "Why.",
        "instance": f"urn:uuid:{REQUEST_ID}",
        "request_id": REQUEST_ID,
        "more": 1,
    }


def test_a_slug_names_one_kind() -> None:
    assert len({kind.slug for kind in KINDS}) == len(KINDS)
    assert all(400 <= kind.status < 600 for kind in KINDS)


@pytest.mark.parametrize(
    ("error", "kind", "extensions"),
    [
        (MalformedBody("cut off"), problems.BAD_REQUEST, {}),
        (
            InvalidBody([Fault("/items", "is required")]),
            problems.INVALID_INPUT,
            {"errors": [{"pointer": "/items", "detail": "is required"}]},
        ),
        (OrderNotFound("x"), problems.NOT_FOUND, {}),
        (ReturnNotFound("x"), problems.NOT_FOUND, {}),
        (PaymentNotFound("x"), problems.NOT_FOUND, {}),
        (
            InvalidPayment("amount", "must be more than 0"),
            problems.INVALID_INPUT,
            {"errors": [{"pointer": "/amount", "detail": "must be more than 0"}]},
        ),
        (NotAllowed("No."), problems.FORBIDDEN, {}),
        (VersionMismatch(4), problems.VERSION_MISMATCH, {"current_version": 4}),
        (
            IllegalState("No.", OrderStatus.PENDING, [OrderStatus.CONFIRMED]),
            problems.ILLEGAL_STATE,
            {"current_status": "PENDING", "allowed_statuses": ["CONFIRMED"]},
        ),
        (
            InvalidLines({2: "is named twice"}),
            problems.INVALID_INPUT,
            {"errors": [{"pointer": "/lines/2", "detail": "is named twice"}]},
        ),
        (StoreUnavailable("SQLite: disk I/O error"), problems.STORE_UNAVAILABLE, {}),
        (ZeroDivisionError("/srv/secret.py"), problems.INTERNAL_ERROR, {}),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_each_exception_has_its_problem(
    error: Exception, kind: problems.ProblemType, extensions: dict[str, object]
) -> None:
    problem = problem_from(error)
    document = json.loads(problem.document(REQUEST_ID))
    assert problem.kind is kind
    assert {name: document[name] for name in document if name not in MEMBERS} == extensions
    assert document["detail"]


@pytest.mark.parametrize("error", [StoreUnavailable("SQLite: /srv/db"), ZeroDivisionError("/srv/secret.py")])
def test_what_happened_inside_is_not_told(error: Exception) -> None:
    assert b"/srv" not in problem_from(error).document(REQUEST_ID)


@pytest.mark.parametrize(
    "problem", [problems.throttled(), problems.quota_exceeded(), problem_from(StoreUnavailable())]
)
def test_who_may_come_back_is_told_when(problem: Problem) -> None:
    assert int(problem.headers["Retry-After"]) >= 1


def test_a_problem_that_was_raised_as_one_stays_as_it_is() -> None:
    problem = problems.unauthorized()
    assert problem_from(problem) is problem
    assert problem.headers == {"WWW-Authenticate": "Bearer"}
