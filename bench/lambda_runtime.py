"""Lambda's Runtime API for one invocation, so that AWS's own client can run a function outside Lambda.

See https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import json
import subprocess
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import TCPServer

ARN = "arn:aws:lambda:eu-west-1:000000000000:function:orders-api-bench"


def cold_start(python: Path, target: str, event: object, environment: dict[str, str]) -> float:
    """Seconds from the start of awslambdaric to the function's response to `event`.

    Raises RuntimeError when the function fails or answers anything but 201.
    """
    api = RuntimeApi(json.dumps(event).encode())
    environment = {**environment, "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.server_address[1]}"}
    began = time.monotonic()
    command = [str(python), "-m", "awslambdaric", target]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
        try:
            while api.outcome is None:
                api.handle_request()
        finally:
            process.kill()
            api.server_close()
    if api.outcome.get("statusCode") != 201:
        raise RuntimeError(f"{target} answered {api.outcome}")
    return api.answered - began


class RuntimeApi(TCPServer):
    """Hands out one event and keeps what comes back: a response, or an error."""

    timeout = 10

    def __init__(self, event: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Endpoint)
        self.event = event
        self.outcome: dict[str, object] | None = None
        self.answered = 0.0

    def handle_timeout(self) -> None:
        raise RuntimeError("the function did not answer within ten seconds")


class Endpoint(BaseHTTPRequestHandler):
    server: RuntimeApi

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", "52fdfc07-2182-454f-963f-5f0f9a621d72")
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", ARN)
        self.send_header("Lambda-Runtime-Deadline-Ms", str(int(time.time() * 1000) + 10_000))
        # Without these two awslambdaric 4.2's client ends in a segmentation fault.
        self.send_header("Lambda-Runtime-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.server.event)))
        self.end_headers()
        self.wfile.write(self.server.event)

    def do_POST(self) -> None:
        self.server.answered = time.monotonic()
        self.server.outcome = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep quiet."""
