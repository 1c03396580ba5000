"""Which addresses a webhook may reach: public ones only, so that a URL cannot reach our own network."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final, NamedTuple
from urllib.parse import urlsplit

# https://www.iana.org/assignments/iana-ipv4-special-registry, and what clouds serve metadata from.
_NOT_PUBLIC_4: Final = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",  # this network
            "10.0.0.0/8",  # private
            "100.64.0.0/10",  # shared by a provider's customers
            "127.0.0.0/8",  # loopback
            "168.63.129.16/32",  # metadata of Azure
            "169.254.0.0/16",  # link-local, metadata of most clouds
            "172.16.0.0/12",  # private
            "192.0.0.0/24",  # protocol assignments
            "192.0.2.0/24",  # documentation
            "192.88.99.0/24",  # 6to4 relays
            "192.168.0.0/16",  # private
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, broadcast
        ),
    )
)
# https://www.iana.org/assignments/ipv6-address-space: all that is public is in here. Loopback, unique local,
# link-local, multicast, IPv4-mapped and NAT64 addresses are outside.
_GLOBAL_UNICAST_6: Final = ip_network("2000::/3")
_NOT_PUBLIC_6: Final = tuple(
    map(
        ip_network,
        (
            "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4: an IPv4 address in disguise
            "3fff::/20",  # documentation
        ),
    )
)


class RefusedUrl(ValueError):
    """A URL that may not receive events; the message says why."""


class Target(NamedTuple):
    """Where a URL leads. `authority` is for the Host header, `path` with the query for the request line."""

    tls: bool
    host: str
    port: int
    authority: str
    path: str


def target_of(url: str, *, allow_loopback: bool) -> Target:
    """Take a webhook's URL apart.

    Raises:
        RefusedUrl: it is no URL for a webhook.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        name = host.encode("idna").decode() if host and ":" not in host else host
    except ValueError as error:
        raise RefusedUrl(f"{url} is no URL: {error}.") from None
    if parts.scheme not in ("https", "http") or not host or not name:
        raise RefusedUrl(f"{url} is no URL for a webhook: write https://host/path.")
    if parts.scheme == "http" and not allow_loopback:
        raise RefusedUrl(f"{url} is not encrypted: write https://. (For this machine there is --allow-http.)")
    if parts.username is not None or parts.fragment or any(ord(letter) <= ord(" ") for letter in url):
        raise RefusedUrl(f"{url} has a user name, a fragment or a space, which a webhook's URL can't have.")
    tls = parts.scheme == "https"
    authority = (f"[{name}]" if ":" in name else name) + (f":{port}" if port else "")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii():
        raise RefusedUrl(f"{url} has letters that must be percent-encoded.")
    target = Target(tls, name, port or (443 if tls else 80), authority, path)
    if _literal(name):
        check_address(target, name, allow_loopback=allow_loopback)
    return target


def check_address(target: Target, address: str, *, allow_loopback: bool) -> None:
    """Pass if a connection to this address of the target may be made.

    Raises:
        RefusedUrl: it is not public. With `allow_loopback` loopback is fine, and plain HTTP is for it alone.
    """
    ip = ip_address(address)
    if allow_loopback and ip.is_loopback:
        return
    if not is_public(ip):
        raise RefusedUrl(f"{target.host} is {address}, which is not a public address.")
    if not target.tls:
        raise RefusedUrl(f"{target.host} is not this machine, and only there plain http:// is allowed.")


def is_public(ip: IPv4Address | IPv6Address) -> bool:
    """Whether the address is a single host's on the Internet."""
    if isinstance(ip, IPv4Address):
        return not any(ip in network for network in _NOT_PUBLIC_4)
    return ip in _GLOBAL_UNICAST_6 and not any(ip in network for network in _NOT_PUBLIC_6)


def _literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
