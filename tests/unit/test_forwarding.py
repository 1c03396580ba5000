"""Who asks, when a request comes through proxies: what may be believed, and what clients may have made up."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders_host.forwarding import Origin, TrustedProxies, UnclearOrigin

PROXIES = TrustedProxies("127.0.0.1, 10.0.0.0/8, ::1")
CLIENT = "192.0.2.7"


def origin(*lines: str, peer: str = "127.0.0.1") -> Origin:
    """Who asks, by header lines such as `X-Forwarded-For: 192.0.2.7`."""
    pairs = [line.partition(": ") for line in lines]
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, _, value in pairs]
    return PROXIES.origin_of(peer, headers)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.9.8.7", "::1", "::ffff:10.0.0.1"])
def test_a_proxy_is_known_by_its_address_or_network(address: str) -> None:
    assert address in PROXIES


@pytest.mark.parametrize("address", [CLIENT, "11.0.0.1", "::2", "unix", ""])
def test_any_other_address_is_a_client_s(address: str) -> None:
    assert address not in PROXIES


@pytest.mark.parametrize("text", ["", "10.0.0.1,", "10.0.0.1/8", "proxy.example", "*"])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no address or network"):
        TrustedProxies(text)


@pytest.mark.parametrize(
    "line", [f"Forwarded: for={CLIENT};proto=https;host=shop.example", "X-Forwarded-For: 198.51.100.1"]
)
def test_a_client_is_not_believed(line: str) -> None:
    assert origin(line, peer="192.0.2.1") == Origin("192.0.2.1")


@pytest.mark.parametrize(
    "lines",
    [
        [f"Forwarded: for={CLIENT};proto=https;host=shop.example"],
        [f'Forwarded: For="{CLIENT}:4711"; Proto=https; Host="shop.example"'],
        [f"Forwarded: for=198.51.100.1;host=evil.example, for={CLIENT};proto=https;host=shop.example"],
        [f"Forwarded: for={CLIENT};proto=https;host=shop.example,for=10.0.0.2;proto=http;host=inner"],
        [f"Forwarded: for={CLIENT};proto=https;host=shop.example", "Forwarded: for=10.0.0.2"],
        [f"X-Forwarded-For: {CLIENT}", "X-Forwarded-Proto: https", "X-Forwarded-Host: shop.example"],
        [
            f"X-Forwarded-For: 198.51.100.1, {CLIENT}",
            "X-Forwarded-Proto: http, https",
            "X-Forwarded-Host: evil.example, shop.example",
        ],
        [
            f"X-Forwarded-For: {CLIENT}, 10.0.0.2",
            "X-Forwarded-Proto: https",
            "X-Forwarded-Host: shop.example, inner",
        ],
        [
            f"X-Forwarded-For: {CLIENT}:4711",
            "X-Forwarded-Proto: HTTPS",
            "X-Forwarded-Host: shop.example",
        ],
    ],
)
def test_a_trusted_proxy_is_believed_as_far_as_it_saw_itself(lines: list[str]) -> None:
    assert origin(*lines) == Origin(CLIENT, "https", "shop.example")


@pytest.mark.parametrize(
    ("line", "address"),
    [
        ('Forwarded: for="[2001:db8::7]:4711"', "2001:db8::7"),
        ("X-Forwarded-For: 2001:db8::7", "2001:db8::7"),
        ("X-Forwarded-For: [2001:db8::7]:4711", "2001:db8::7"),
        ("X-Forwarded-For: ::ffff:192.0.2.7", CLIENT),
        ("X-Forwarded-For: 10.0.0.4, 10.0.0.3", "10.0.0.4"),
        ("Forwarded: for=unknown", "127.0.0.1"),
        (f"Forwarded: for={CLIENT}, for=_hidden, for=10.0.0.2", "10.0.0.2"),
        ("X-Forwarded-For: nonsense", "127.0.0.1"),
        ("X-Forwarded-For: ", "127.0.0.1"),
        ("X-Forwarded-Proto: https", "127.0.0.1"),
        ("Forwarded: proto=https", "127.0.0.1"),
    ],
)
def test_the_client_is_the_last_address_that_is_no_proxy_s(line: str, address: str) -> None:
    assert origin(line).address == address


@pytest.mark.parametrize("host", ["a b", "shop.example/x", "shop.example:http", 'x"', "é"])
def test_what_is_no_scheme_or_host_is_passed_over(host: str) -> None:
    named = origin(f"X-Forwarded-For: {CLIENT}", "X-Forwarded-Proto: gopher", f"X-Forwarded-Host: {host}")
    assert named == Origin(CLIENT)


def test_a_scheme_is_believed_without_an_address() -> None:
    assert origin("X-Forwarded-Proto: https") == Origin("127.0.0.1", "https")


def test_both_kinds_may_say_the_same() -> None:
    assert origin(f"Forwarded: for={CLIENT}", f"X-Forwarded-For: {CLIENT}").address == CLIENT


@pytest.mark.parametrize(
    "lines",
    [
        [f"Forwarded: for={CLIENT}", "X-Forwarded-For: 198.51.100.1"],
        ["Forwarded: for=unknown", f"X-Forwarded-For: {CLIENT}"],
        [f'Forwarded: for="x, for={CLIENT}'],
        [f"Forwarded: {CLIENT}"],
        ["Forwarded: "],
    ],
)
def test_an_unclear_origin_is_refused(lines: list[str]) -> None:
    with pytest.raises(UnclearOrigin):
        origin(*lines)


NEVER_LINE_ENDS = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"))


@given(NEVER_LINE_ENDS)
def test_whatever_a_client_sends_the_proxy_s_entry_counts(made_up: str) -> None:
    assert origin(f"X-Forwarded-For: {made_up}, {CLIENT}").address == CLIENT
    with suppress(UnclearOrigin):
        assert origin(f"Forwarded: {made_up}, for={CLIENT}").address == CLIENT
