"""Query parameters and request headers are read strictly, and every fault in them is named."""

from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders_core import cursors, parameters
from orders_core.problems import INVALID_INPUT, UNSUPPORTED_MEDIA_TYPE, Problem
from orders_core.stores import OrderQuery, Position

texts = st.text(max_size=20)
queries = st.dictionaries(
    st.sampled_from(["customer_id", "status", "created_from", "created_to", "limit", "cursor"]) | texts,
    st.lists(
        texts | st.sampled_from(["1", "100", "PENDING", "2026-01-31T09:30:00Z"]), min_size=1, max_size=2
    ),
    max_size=4,
)


def faulty(caught: pytest.ExceptionInfo[Problem]) -> list[str]:
    faults = caught.value.extensions["errors"]
    assert isinstance(faults, list)
    assert caught.value.kind is INVALID_INPUT
    return sorted(fault.get("parameter") or fault["header"] for fault in faults)


@given(queries)
def test_any_query_is_read_or_its_faults_are_named(query: dict[str, list[str]]) -> None:
    try:
        listing = parameters.read_listing(query)
    except Problem as problem:
        assert problem.kind is INVALID_INPUT
        assert problem.extensions["errors"]
    else:
        assert 1 <= listing.limit <= 100


def test_every_fault_of_a_query_is_named() -> None:
    query = {
        "limit": ["0"],
        "status": ["LOST"],
        "colour": ["red"],
        "customer_id": ["a", "b"],
        "cursor": ["x"],
    }
    with pytest.raises(Problem) as caught:
        parameters.read_listing(query)
    assert faulty(caught) == ["colour", "customer_id", "limit", "status"]


@pytest.mark.parametrize("limit", ["0", "101", "-1", "1.0", "1e1", "", " 1", "١", "0x1", "9" * 1000])
def test_a_limit_is_a_whole_number_from_1_to_100(limit: str) -> None:
    with pytest.raises(Problem):
        parameters.read_listing({"limit": [limit]})


@given(
    st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1)), st.integers(-14 * 60, 14 * 60), st.integers(0, 9)
)
def test_a_time_is_the_same_instant_in_utc_whatever_its_offset_and_digits(
    moment: datetime, offset: int, digits: int
) -> None:
    local = (moment + timedelta(minutes=offset)).isoformat(timespec="seconds")
    fraction = f"{moment.microsecond:06}000"[:digits]
    sign = "-" if offset < 0 else "+"
    text = f"{local}{'.' * bool(fraction)}{fraction}{sign}{abs(offset) // 60:02}:{abs(offset) % 60:02}"
    read = parameters.read_listing({"created_from": [text]}).lowest
    kept = int(fraction.ljust(3, "0")[:3]) * 1000
    assert read == moment.replace(microsecond=kept).isoformat(timespec="milliseconds") + "Z"


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31",
        "2026-01-31T09:30:00",
        "2026-01-31 09:30:00Z",
        "2026-02-30T00:00:00Z",
        "2026-01-31T24:01:00Z",
        "2026-01-31T09:30Z",
        "20260131T093000Z",
        "2026-W05-6T09:30:00Z",
        "2026-01-31T09:30:00 00:00",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "now",
        "",
    ],
)
def test_other_times_are_refused(text: str) -> None:
    with pytest.raises(Problem) as caught:
        parameters.read_listing({"created_to": [text]})
    assert faulty(caught) == ["created_to"]


def test_a_period_does_not_end_before_it_begins() -> None:
    query = {"created_from": ["2026-01-31T00:00:00Z"], "created_to": ["2026-01-30T00:00:00Z"]}
    with pytest.raises(Problem) as caught:
        parameters.read_listing(query)
    assert faulty(caught) == ["created_to"]


def test_a_cursor_starts_within_the_times_of_its_query() -> None:
    """A made-up one would have DynamoDB start outside of the range that is asked for."""
    query = OrderQuery("ana", (), "2026-01-01T00:00:00.000Z", "2026-01-31T00:00:00.000Z")
    inside = Position("2026-01-15T00:00:00.000Z", "7d2f7f43-6a0d-4c58-9f0c-6a1d6b3e2f10")
    outside = Position("2026-02-15T00:00:00.000Z", inside.order_id)
    asked = {"created_from": [str(query.lowest)], "created_to": [str(query.highest)]}
    for position in (inside, outside):
        cursor = cursors.encode(position, query)
        listing = parameters.read_listing(asked | {"cursor": [cursor]})
        if position is inside:
            assert listing.start_in(query) == inside
        else:
            with pytest.raises(Problem):
                listing.start_in(query)


@given(st.dates(), st.none() | st.dates(), st.none() | st.dates())
def test_days_are_at_most_a_year_and_never_a_servers_fault(
    today: date, first: date | None, last: date | None
) -> None:
    given_days = {"from": first, "to": last}
    query = {name: [day.isoformat()] for name, day in given_days.items() if day}
    try:
        start, end = map(date.fromisoformat, parameters.read_days(query, today.isoformat()))
    except Problem as problem:
        assert problem.kind is INVALID_INPUT
        assert first
        span = (last or today) - first
        assert span < timedelta() or span >= timedelta(days=366)
    else:
        assert (start, end) == (first or start, last or today)
        assert timedelta() <= end - start < timedelta(days=366)


def test_days_are_the_last_thirty_unless_told_otherwise() -> None:
    assert parameters.read_days({}, "2026-01-31") == ("2026-01-02", "2026-01-31")
    assert parameters.read_days({"to": ["0001-01-05"]}, "2026-01-31") == ("0001-01-01", "0001-01-05")


@pytest.mark.parametrize("day", ["2026-1-31", "2026-02-30", "20260131", "2026-W05-6", "0000-01-01", "", "１"])
def test_other_days_are_refused(day: str) -> None:
    with pytest.raises(Problem) as caught:
        parameters.read_days({"from": [day]}, "2026-01-31")
    assert faulty(caught) == ["from"]


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("abc", "abc"),
        ('"abc"', "abc"),
        (' "abc" ', "abc"),
        (r'"a\"b\\c"', r'a"b\c'),
        ('"unbalanced', '"unbalanced'),
        ("~" * 255, "~" * 255),
        (f'"{"k" * 255}"', "k" * 255),
    ],
)
def test_an_idempotency_key_is_quoted_or_bare(header: str, key: str) -> None:
    assert parameters.idempotency_key({"idempotency-key": header}) == key


@given(st.text(st.characters(max_codepoint=255)))
def test_any_idempotency_key_is_read_or_refused(header: str) -> None:
    try:
        key = parameters.idempotency_key({"idempotency-key": header})
    except Problem as problem:
        assert problem.kind is INVALID_INPUT
    else:
        assert key
        assert len(key) <= 255
        assert key.isascii()
        assert key.isprintable()


@pytest.mark.parametrize(
    ("header", "versions"),
    [
        (None, None),
        ("*", None),
        ('"3"', (3,)),
        ('"3", "5"', (3, 5)),
        ('W/"3"', (0,)),
        ('"abc", "7"', (0, 7)),
        ('"03"', (0,)),
        ('""', (0,)),
        ('"٣"', (0,)),
        ('"99999999999999999999"', (0,)),
    ],
)
def test_if_match_names_the_versions_that_the_client_knows(
    header: str | None, versions: tuple[int, ...] | None
) -> None:
    assert parameters.if_match({} if header is None else {"if-match": header}) == versions


@pytest.mark.parametrize(
    "header", ["", "3", '"3', '3"', '"3" "4"', '"3",', "**", 'w/"3"', ", ".join(['"1"'] * 51)]
)
def test_if_match_is_a_list_of_entity_tags(header: str) -> None:
    with pytest.raises(Problem) as caught:
        parameters.if_match({"if-match": header})
    assert faulty(caught) == ["If-Match"]


@pytest.mark.parametrize(
    ("header", "matches"),
    [
        (None, False),
        ("*", True),
        ('"3"', True),
        ('W/"3"', True),
        ('"1", "3"', True),
        ('"4"', False),
        ("3", False),
    ],
)
def test_if_none_match_compares_weakly(header: str | None, matches: bool) -> None:
    assert parameters.none_match({} if header is None else {"if-none-match": header}, 3) is matches


@given(st.text(max_size=60))
def test_any_tag_header_is_read_or_refused(header: str) -> None:
    parameters.none_match({"if-none-match": header}, 3)
    try:
        versions = parameters.if_match({"if-match": header})
    except Problem as problem:
        assert problem.kind is INVALID_INPUT
    else:
        assert versions is None or all(version >= 0 for version in versions)


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json",
        "APPLICATION/JSON",
        "application/json;charset=utf-8",
        'application/json ; charset="UTF-8" ',
    ],
)
def test_json_in_utf8_is_taken(media_type: str) -> None:
    parameters.require_media_type({"content-type": media_type})


@given(st.text(max_size=200))
def test_any_other_media_type_is_named_in_the_refusal(media_type: str) -> None:
    if media_type.lower().startswith("application/json"):
        return
    with pytest.raises(Problem) as caught:
        parameters.require_media_type({"content-type": media_type})
    assert caught.value.kind is UNSUPPORTED_MEDIA_TYPE
    assert len(caught.value.detail) < 200


@given(
    st.dictionaries(
        st.sampled_from(["status", "limit", "customer_id"]), st.lists(texts, min_size=1, max_size=1)
    )
)
def test_the_link_repeats_the_query_with_the_next_cursor(query: dict[str, list[str]]) -> None:
    link = parameters.next_link(query, "abc")["Link"]
    target, _, relation = link.partition("; ")
    assert relation == 'rel="next"'
    assert parse_qs(target.strip("<>?"), keep_blank_values=True) == query | {"cursor": ["abc"]}
    assert link.isascii()
    assert parameters.next_link(query, None) == {}


def test_an_entity_tag_is_the_version_in_quotes() -> None:
    assert parameters.entity_tag(7) == '"7"'


def test_milliseconds_are_utc() -> None:
    assert parameters.read_listing({"created_from": ["2026-01-31t09:30:00z"]}).lowest == (
        datetime(2026, 1, 31, 9, 30, tzinfo=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )
