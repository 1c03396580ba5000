"""A Lambda Runtime API, and the environment in which AWS's own runtime client runs the function against it.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import http.server
import importlib.util
import json
import queue
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.real_parts.artefact import INTERPRETER

from orders_aws.limits import MAX_ANSWER_BYTES

API = "/2018-06-01/runtime"
TIMEOUT_SECONDS = 30
FUNCTION_ARN = "arn:aws:lambda:eu-west-1:123456789012:function:orders-api-test"
# What awslambdaric consists of; on Lambda they lie in /var/runtime, outside the function's own folder.
RUNTIME_CLIENT = ("awslambdaric", "runtime_client.*.so", "simplejson", "snapshot_restore_py.py")


@dataclass(frozen=True)
class Outcome:
    """What the runtime client reported; `kind` is response, error or init/error."""

    kind: str
    document: dict[str, Any]


class Function:
    """A function that runs in its own process: give it events, read what it answers and logs."""

    def __init__(self, api: "_RuntimeApi", process: "subprocess.Popen[bytes]", log: Path) -> None:
        self._api = api
        self._process = process
        self._log = log

    def invoke(self, event: Mapping[str, object]) -> dict[str, Any]:
        """The function's response to `event`.

        Raises:
            AssertionError: it reported an error, or died.
        """
        self._api.invocations.put(json.dumps(event).encode())
        outcome = self.outcome()
        assert outcome.kind == "response", outcome
        return outcome.document

    def outcome(self) -> Outcome:
        """The next thing that the runtime client reports.

        Raises:
            AssertionError: it says nothing for TIMEOUT_SECONDS, or died.
        """
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            try:
                return self._api.outcomes.get(timeout=0.1)
            except queue.Empty:
                assert self._process.poll() is None, f"the function's process died:\n{self.log()}"
        raise AssertionError(f"no outcome in {TIMEOUT_SECONDS} s:\n{self.log()}")

    def log(self) -> str:
        """All that the function wrote to its standard output and error so far."""
        return self._log.read_text()


@contextmanager
def running_function(unpacked_zip: Path, scratch: Path, environment: Mapping[str, str]) -> Iterator[Function]:
    """Runs the handler as Lambda does: nothing is importable but the zip and the runtime client.

    Args:
        scratch: an empty folder of the caller's.
        environment: the function's environment variables.
    """
    log = scratch / "function.log"
    with _RuntimeApi(("127.0.0.1", 0), _Handler) as api, log.open("wb") as output:
        threading.Thread(target=api.serve_forever, daemon=True).start()
        process = subprocess.Popen(
            # -S: no site-packages; -B: Lambda's file system is read-only.
            [INTERPRETER, "-S", "-B", "-m", "awslambdaric", "orders_aws.handler.handler"],
            cwd=unpacked_zip,
            env={
                "PYTHONPATH": f"{unpacked_zip}:{_runtime_client(scratch)}",
                "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.server_port}",
                "AWS_LAMBDA_FUNCTION_NAME": "orders-api-test",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
                "AWS_LAMBDA_FUNCTION_VERSION": "1",
                "AWS_REGION": "eu-west-1",
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
                "LAMBDA_TASK_ROOT": str(unpacked_zip),
                **environment,
            },
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            yield Function(api, process, log)
        finally:
            process.kill()
            process.wait()
            api.invocations.put(None)
            api.shutdown()


def _runtime_client(scratch: Path) -> Path:
    folder = scratch / "runtime"
    folder.mkdir()
    found = importlib.util.find_spec("awslambdaric")
    assert found is not None and found.origin is not None
    site_packages = Path(found.origin).parents[1]
    for pattern in RUNTIME_CLIENT:
        for part in site_packages.glob(pattern):
            (folder / part.name).symlink_to(part)
    return folder


class _RuntimeApi(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[http.server.BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self.invocations: queue.Queue[bytes | None] = queue.Queue()
        self.outcomes: queue.Queue[Outcome] = queue.Queue()

    def handle_error(self, request: object, client_address: object) -> None:
        """Says nothing: a function that is killed breaks its connection."""


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _RuntimeApi
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        assert self.path == f"{API}/invocation/next"
        event = self.server.invocations.get()
        if event is None:
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", str(uuid.uuid4()))
        self.send_header("Lambda-Runtime-Deadline-Ms", str(int((time.time() + 15) * 1000)))
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", FUNCTION_ARN)
        self.send_header("Lambda-Runtime-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1")
        self._finish(event)

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        document = json.loads(content)
        kind = "init/error" if self.path == f"{API}/init/error" else self.path.rpartition("/")[2]
        if len(content) > MAX_ANSWER_BYTES:
            kind, document = "error", {"errorType": "Function.ResponseSizeTooLarge", "bytes": len(content)}
        self.server.outcomes.put(Outcome(kind, document))
        self.send_response(202)
        self._finish(b"{}")

    def _finish(self, body: bytes) -> None:
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: the test reads the function's log."""
