"""Which trace a request belongs to: read from what the client sends, passed on as API Gateway does it.

https://www.w3.org/TR/trace-context/#traceparent-header
https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
"""

import random
import re
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Final, NamedTuple

HEADER: Final = "x-amzn-trace-id"

_TRACEPARENT: Final = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")
_XRAY: Final = re.compile(
    r"Root=1-([0-9a-f]{8})-([0-9a-f]{24})(?:;Parent=([0-9a-f]{16}))?(?:;Sampled=([01]))?"
)


class Trace(NamedTuple):
    """This host's part of a trace: ids are hexadecimal, `parent_id` is empty where the trace begins."""

    trace_id: str
    span_id: str
    parent_id: str
    sampled: bool

    @property
    def xray_id(self) -> str:
        """The trace's id as X-Ray writes it, and as the access log has it on AWS."""
        return f"1-{self.trace_id[:8]}-{self.trace_id[8:]}"

    def below(self) -> "Trace":
        """A part of the same trace that this part has caused."""
        return Trace(self.trace_id, new_id(8), self.span_id, self.sampled)


current: Final[ContextVar[Trace | None]] = ContextVar("trace", default=None)
"""The trace of the request that is being answered, for log lines."""


def trace_of(headers: Mapping[str, str]) -> Trace:
    """The trace that the client's headers name, or a new one."""
    if "traceparent" in headers and (match := _TRACEPARENT.fullmatch(headers["traceparent"])):
        trace_id, parent_id, flags = match.groups()
        return Trace(trace_id, new_id(8), parent_id, bool(int(flags, 16) & 1))
    if HEADER in headers and (match := _XRAY.match(headers[HEADER])):
        time, unique, parent, sampled = match.groups()
        return Trace(time + unique, new_id(8), parent or "", sampled != "0")
    ids = new_id(24)
    return Trace(ids[:32], ids[32:], "", sampled=True)


def new_id(size: int) -> str:
    """A new id of so many bytes, which names something and proves nothing: no call of the system for it."""
    return random.randbytes(size).hex()  # noqa: S311
