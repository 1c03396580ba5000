"""Subsegments in AWS X-Ray for the calls that a function makes, sent as documents to Lambda's own daemon.

Lambda opens the segment, decides whether the request is traced and says so in the environment. What is not
traced costs one look there. Why no library: docs/decisions/tracing.md.
https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
"""

import os
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Final

import msgspec

_NOT_TRACED: Final[AbstractContextManager[None]] = nullcontext()
_HEADER: Final = b'{"format":"json","version":1}\n'


def subsegment(
    name: str, aws: Mapping[str, object], refusal: type[Exception]
) -> AbstractContextManager[None]:
    """Traces the block as a call to the AWS service `name`, if this request is traced at all.

    Args:
        aws: what was called: `operation`, `region`, `table_name`, those that are known.
        refusal: what the block raises when the caller is at fault, and not the service.
    """
    trace = os.environ.get("_X_AMZN_TRACE_ID", "")
    daemon = os.environ.get("AWS_XRAY_DAEMON_ADDRESS", "")
    if not daemon or "Sampled=1" not in trace:
        return _NOT_TRACED
    parts = dict(part.split("=", 1) for part in trace.split(";") if "=" in part)
    return _Subsegment(name, aws, refusal, parts, daemon)


class _Subsegment:
    def __init__(
        self,
        name: str,
        aws: Mapping[str, object],
        refusal: type[Exception],
        trace: dict[str, str],
        daemon: str,
    ) -> None:
        self._refusal = refusal
        self._daemon = daemon
        self._document: dict[str, object] = {
            "type": "subsegment",
            "name": name,
            "namespace": "aws",
            "id": os.urandom(8).hex(),
            "trace_id": trace.get("Root", ""),
            "parent_id": trace.get("Parent", ""),
            "aws": {key: value for key, value in aws.items() if value is not None},
        }

    def __enter__(self) -> None:
        self._document["start_time"] = time.time()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        document = self._document
        document["end_time"] = time.time()
        if kind is not None:
            document["error" if issubclass(kind, self._refusal) else "fault"] = True
            exception = {"id": os.urandom(8).hex(), "type": kind.__name__, "message": str(error)}
            document["cause"] = {"exceptions": [exception]}
        _send(_HEADER + msgspec.json.encode(document), self._daemon)


def _send(datagram: bytes, daemon: str) -> None:
    """Hand it to the daemon on this machine; a trace that gets lost is no reason to fail, or to wait."""
    import socket

    host, _, port = daemon.rpartition(":")
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.sendto(datagram, (host, int(port)))
    except (OSError, ValueError):
        return
