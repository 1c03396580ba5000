"""Where a webhook may lead: to public addresses over TLS, and in development to this machine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders_webhooks.addresses import RefusedUrl, check_address, is_public, target_of

PUBLIC = ["93.184.216.34", "1.1.1.1", "172.15.0.1", "2606:4700::1111", "2a00:1450:4001::200e"]
# What it is, and an address of it.
NOT_PUBLIC = {
    "this network": "0.0.0.0",
    "private A": "10.1.2.3",
    "private B": "172.16.0.1",
    "the last of private B": "172.31.255.255",
    "private C": "192.168.1.1",
    "shared by a provider's customers": "100.64.0.1",
    "loopback": "127.0.0.1",
    "all of loopback": "127.8.9.10",
    "link-local": "169.254.10.20",
    "metadata of AWS, Azure, GCP": "169.254.169.254",
    "metadata of containers on AWS": "169.254.170.2",
    "metadata of Alibaba": "100.100.100.200",
    "the wire server of Azure": "168.63.129.16",
    "documentation": "192.0.2.1",
    "benchmarks": "198.18.0.1",
    "6to4 relays": "192.88.99.1",
    "multicast": "224.0.0.1",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "unspecified, IPv6": "::",
    "loopback, IPv6": "::1",
    "link-local, IPv6": "fe80::1",
    "site-local, IPv6": "fec0::1",
    "unique local": "fd00::1",
    "metadata of AWS, IPv6": "fd00:ec2::254",
    "multicast, IPv6": "ff02::1",
    "IPv4-mapped": "::ffff:10.0.0.1",
    "IPv4-mapped, even if public": "::ffff:1.1.1.1",
    "IPv4-compatible": "::10.0.0.1",
    "NAT64": "64:ff9b::a00:1",
    "local NAT64": "64:ff9b:1::a00:1",
    "6to4": "2002:a00:1::",
    "Teredo": "2001:0:a00:1::",
    "documentation, IPv6": "2001:db8::1",
    "newer documentation, IPv6": "3fff::1",
}
REFUSED_URLS = [
    "http://shop.example.com/hook",
    "ftp://shop.example.com/hook",
    "file:///etc/passwd",
    "gopher://shop.example.com/",
    "shop.example.com/hook",
    "https://",
    "https:///hook",
    "https://user:secret@shop.example.com/",
    "https://shop.example.com/#fragment",
    "https://shop.example.com/a b",
    "https://shop.example.com/\r\nX-Injected: 1",
    "https://shop.example.com/ñ",
    "https://shop.example.com:99999/",
    "https://[::1]/",
    "https://[::ffff:169.254.169.254]/",
    "https://127.0.0.1/",
    "https://169.254.169.254/latest/meta-data",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_fine(address: str) -> None:
    target = target_of("https://shop.example.com/hook", allow_loopback=False)
    check_address(target, address, allow_loopback=False)


@pytest.mark.parametrize("address", NOT_PUBLIC.values(), ids=NOT_PUBLIC.keys())
def test_all_others_are_refused(address: str) -> None:
    target = target_of("https://shop.example.com/hook", allow_loopback=False)
    with pytest.raises(RefusedUrl, match="not a public address"):
        check_address(target, address, allow_loopback=False)


@pytest.mark.parametrize("url", REFUSED_URLS)
def test_what_is_no_url_of_a_webhook_is_refused(url: str) -> None:
    with pytest.raises(RefusedUrl):
        target_of(url, allow_loopback=False)


def test_a_url_is_taken_apart() -> None:
    target = target_of("https://Shop.Example.com:8443/hook?key=1", allow_loopback=False)
    assert target == (True, "shop.example.com", 8443, "shop.example.com:8443", "/hook?key=1")
    assert target_of("https://bücher.example", allow_loopback=False).host == "xn--bcher-kva.example"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9000/", "http://[::1]/", "https://127.0.0.1/", "http://localhost/"]
)
def test_this_machine_is_allowed_for_development_only(url: str) -> None:
    target = target_of(url, allow_loopback=True)
    check_address(target, "127.0.0.1", allow_loopback=True)
    with pytest.raises(RefusedUrl):
        check_address(target, "127.0.0.1", allow_loopback=False)


def test_development_opens_neither_the_network_inside_nor_plain_http_outside() -> None:
    plain = target_of("http://shop.example.com/", allow_loopback=True)
    with pytest.raises(RefusedUrl, match="only there plain http"):
        check_address(plain, "93.184.216.34", allow_loopback=True)
    with pytest.raises(RefusedUrl, match="not a public address"):
        check_address(plain, "10.0.0.1", allow_loopback=True)


@given(st.ip_addresses(v=6))
def test_no_ipv6_address_outside_global_unicast_is_public(address: object) -> None:
    from ipaddress import IPv6Address

    assert isinstance(address, IPv6Address)
    if address.packed[0] >> 5 != 0b001 or address.ipv4_mapped or address.sixtofour or address.teredo:
        assert not is_public(address)


@given(st.ip_addresses(v=4))
def test_what_python_calls_private_is_not_public(address: object) -> None:
    from ipaddress import IPv4Address

    assert isinstance(address, IPv4Address)
    if address.is_private or address.is_multicast or address.is_reserved or address.is_link_local:
        assert not is_public(address)
