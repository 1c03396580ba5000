"""Whom a network address stands for: what limits and logs know a client by."""

import ipaddress


def unmapped(address: str) -> str:
    """The IPv4 address within an IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2); any other as it is.

    A listener on `::` sees its IPv4 clients as `::ffff:192.0.2.1`.
    """
    if not address.startswith("::ffff:"):
        return address
    try:
        mapped = ipaddress.IPv6Address(address).ipv4_mapped
    except ValueError:
        return address
    return str(mapped) if mapped else address


def network_of(address: str) -> str:
    """The network that counts as one client: an IPv4 address, or the /64 of an IPv6 address.

    One IPv6 client usually has a /64 to itself, so a single address identifies no client there.
    """
    address = unmapped(address)
    if ":" not in address:
        return address
    try:
        return str(ipaddress.IPv6Network((address.partition("%")[0], 64), strict=False))
    except ValueError:
        return address


def is_loopback(address: str) -> bool:
    """Whether the address is this machine's own."""
    try:
        return ipaddress.ip_address(unmapped(address).partition("%")[0]).is_loopback
    except ValueError:
        return False
