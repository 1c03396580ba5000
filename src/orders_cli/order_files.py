"""Files of orders, NDJSON or CSV, read as bodies of new orders: each with its key, faults by their line."""

import csv
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal, NamedTuple

import click
import msgspec

from orders_contract import order_rows
from orders_contract.order_rows import InvalidRow, Json
from orders_core.input_errors import Fault, InvalidBody, MalformedBody
from orders_core.money import InvalidAmount
from orders_core.schemas import MAX_BODY_BYTES, BatchOrder, content_of
from orders_core.validation import decode

Format = Literal["ndjson", "csv"]

FORMATS: Final[tuple[Format, ...]] = ("ndjson", "csv")

_SUFFIXES: Final[dict[str, Format]] = {".csv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson"}
_ITEM: Final = re.compile(r"/items/(\d+)")
_KEY_CHARACTERS: Final = 32


class NewOrder(NamedTuple):
    """A new order of a file: its body with its key, and the lines of the file that it is from.

    `lines` are those of its items; the first is where it begins.
    """

    body: Json
    lines: tuple[int, ...]

    def told(self, pointer: str | None, detail: str) -> tuple[int, str]:
        """The line of the file that a JSON pointer into the body leads to, and what is wrong there."""
        found = _ITEM.match(pointer or "")
        index = int(found[1]) if found else 0
        line = self.lines[index] if index < len(self.lines) else self.lines[0]
        return line, f"{pointer} {detail}" if pointer else detail


class FaultyOrder(NamedTuple):
    """An order of a file that can't be placed: what is wrong, with the line that it stands in."""

    faults: list[tuple[int, str]]


class _Found(NamedTuple):
    """An order as it stands in the file, or why there is none."""

    order: Json | str
    lines: tuple[int, ...]


def format_of(path: Path, given: Format | None) -> Format:
    """The format of a file, as it was asked for or as its name says.

    Raises:
        click.UsageError: neither says it.
    """
    found = given or _SUFFIXES.get(path.suffix.lower())
    if found is None:
        raise click.UsageError(f"{path} may be NDJSON or CSV: say --format ndjson or --format csv.")
    return found


class OrderFile:
    """The orders of a file, in their order.

    The same file gives the same keys: that of an order with an `external_reference` follows from it, that of
    another from its content and from how many equal ones stand before it. So a file that is given again
    places only what is missing.
    """

    def __init__(self, file: BinaryIO, format_: Format) -> None:
        self._file = file
        self._format = format_
        self._references: dict[bytes, int] = {}
        self._equal: Counter[bytes] = Counter()
        self.bytes_read = 0

    def __iter__(self) -> Iterator[NewOrder | FaultyOrder]:
        found = _json_orders(self._lines()) if self._format == "ndjson" else _csv_orders(self._lines())
        return map(self._checked, found)

    def _lines(self) -> Iterator[str]:
        for number, line in enumerate(self._file, 1):
            self.bytes_read += len(line)
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                raise click.ClickException(f"line {number} is not UTF-8: {error.reason}.") from None
            yield text

    def _checked(self, found: _Found) -> NewOrder | FaultyOrder:
        if isinstance(found.order, str):
            return FaultyOrder([(found.lines[0], found.order)])
        first = found.lines[0]
        order = NewOrder(found.order, found.lines)
        document = msgspec.json.encode(found.order)
        if len(document) > MAX_BODY_BYTES - 1024:
            return FaultyOrder([(first, f"has more than {MAX_BODY_BYTES // 1024} KiB")])
        try:
            content_of(decode(document, BatchOrder))
        except (InvalidBody, InvalidAmount, MalformedBody) as error:
            faults = error.faults if isinstance(error, InvalidBody) else [Fault("", str(error))]
            return FaultyOrder([order.told(each.pointer, each.detail) for each in faults])
        reference = found.order.get("external_reference")
        if reference is None:
            key = self._key_of_content(document)
        else:
            key = hashlib.sha256(f"reference\n{reference}".encode()).digest()
            earlier = self._references.setdefault(key[:12], first)
            if earlier != first:
                return FaultyOrder([(first, f"external_reference {reference!r} is that of line {earlier}")])
        own = {"idempotency_key": f"import-{key.hex()[:_KEY_CHARACTERS]}"}
        return order._replace(body=own | found.order)

    def _key_of_content(self, document: bytes) -> bytes:
        content = msgspec.json.encode(msgspec.json.decode(document), order="deterministic")
        digest = hashlib.sha256(content).digest()
        number = self._equal[digest[:12]]
        self._equal[digest[:12]] += 1
        return hashlib.sha256(b"content\n%b\n%d" % (digest, number)).digest()


def _json_orders(lines: Iterable[str]) -> Iterator[_Found]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            order: Any = msgspec.json.decode(line)
        except (msgspec.DecodeError, RecursionError) as error:
            yield _Found(f"is not JSON: {error}", (number,))
            continue
        if isinstance(order, dict):
            yield _Found(order_rows.writable(order), (number,))
        else:
            yield _Found("is no JSON object", (number,))


def _csv_orders(lines: Iterable[str]) -> Iterator[_Found]:
    """Rows one after the other that name the same order are its lines."""
    reader = csv.DictReader(lines, strict=True)
    rows: list[dict[str, str]] = []
    numbers: list[int] = []
    name: tuple[str, ...] = ()
    start = 2
    try:
        for row in reader:
            number, start = start, reader.line_num + 1
            if None in row or None in row.values():
                yield from _grouped(rows, numbers)
                rows, numbers = [], []
                yield _Found(f"must have {len(reader.fieldnames or ())} cells, as the first line", (number,))
                continue
            named = tuple(row.get(column) or "" for column in order_rows.NAMES)
            if rows and (not any(named) or named != name):
                yield from _grouped(rows, numbers)
                rows, numbers = [], []
            name = named
            rows.append(row)
            numbers.append(number)
    except csv.Error as error:
        yield _Found(f"is not CSV: {error}", (start,))
        return
    yield from _grouped(rows, numbers)


def _grouped(rows: list[dict[str, str]], numbers: list[int]) -> Iterator[_Found]:
    if not rows:
        return
    try:
        yield _Found(order_rows.order_from(rows), tuple(numbers))
    except InvalidRow as error:
        yield _Found(str(error), tuple(numbers))
