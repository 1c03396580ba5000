"""A hash tree over everything that belongs to orders, made without sorting them.

DynamoDB hands out orders by the hash of their keys, SQLite by their ids. So each record is hashed, and the
hashes of one of 65,536 buckets of order ids are added up: a sum does not depend on the order of its parts.
The tree is built over the buckets. It guards against accidents, not against forged records.

    record ──SHA-256──▶ added to the bucket of its order id ──▶ pairs hashed, level by level ──▶ root
"""

import hashlib
from collections.abc import Container
from typing import Final

_BUCKETS: Final = 1 << 16
_MODULUS: Final = 1 << 256


def bucket_of(order_id: str) -> int:
    """The bucket of an order; ids are spread evenly."""
    return int.from_bytes(hashlib.sha256(order_id.encode()).digest()[:2])


def leaf(kind: str, order_id: str, version: int, content: bytes) -> int:
    """The hash of one record, as a number."""
    head = f"{kind}\0{order_id}\0{version}\0".encode()
    return int.from_bytes(hashlib.sha256(head + content).digest())


class Digest:
    """The hash tree of one side; it takes the same memory for any number of records."""

    def __init__(self) -> None:
        self.buckets = [0] * _BUCKETS
        self.records = 0

    def add(self, kind: str, order_id: str, version: int, content: bytes) -> None:
        """Take in a record."""
        bucket = bucket_of(order_id)
        self.buckets[bucket] = (self.buckets[bucket] + leaf(kind, order_id, version, content)) % _MODULUS
        self.records += 1

    @property
    def root(self) -> str:
        """The hash of everything, in hexadecimal."""
        level = [bucket.to_bytes(32) for bucket in self.buckets]
        while len(level) > 1:
            pairs = zip(level[::2], level[1::2], strict=True)
            level = [hashlib.sha256(left + right).digest() for left, right in pairs]
        return level[0].hex()


class OrdersDigest:
    """The sum of each order's hashes, for the orders of a few buckets: tells which of them differ."""

    def __init__(self, buckets: Container[int]) -> None:
        self._buckets = buckets
        self.orders: dict[str, int] = {}

    def add(self, kind: str, order_id: str, version: int, content: bytes) -> None:
        """Take in a record, if its order is in one of the buckets."""
        if bucket_of(order_id) in self._buckets:
            before = self.orders.get(order_id, 0)
            self.orders[order_id] = (before + leaf(kind, order_id, version, content)) % _MODULUS
