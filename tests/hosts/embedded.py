"""`orders serve` with its demo users, on a free port."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tests.hosts import Host
from tests.real_parts.process import Server, free_port, start
from tests.real_parts.shared import shared

# Installed by `make setup`, beside the interpreter that runs the tests.
ORDERS = Path(sys.executable).with_name("orders")


def start_embedded(options: Sequence[str], record: Path) -> None:
    """Starts the host on an empty folder, with more options, and writes it to `record`."""
    data = record.with_suffix(".data")
    server = shared(record.stem, partial(serve, data, options))
    with urllib.request.urlopen(f"{server.url}/config.json") as response:
        config = json.load(response)
    Host(
        name="embedded",
        origin=server.url,
        prefix="",
        host_header="",
        cognito_url=config["cognito_url"],
        user_pool_id=config["user_pool_id"],
        client_id=config["client_id"],
        api_key=create_key(data, "premium"),
        tight_api_key=create_key(data, "basic"),
        parallel=20,
    ).save(record)


def serve(data: Path, options: Sequence[str], log: Path) -> Server:
    port = free_port()
    return start(
        [ORDERS, "serve", "--demo", "--port", str(port), "--data-dir", str(data), *options], port, log
    )


def create_key(data: Path, plan: str) -> str:
    """A new API key of a usage plan."""
    options = ["--plan", plan, "--data-dir", str(data), "--json"]
    command = [str(ORDERS), "key", "create", f"tests-{plan}", *options]
    created = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=True)
    key: str = json.loads(created.stdout)["secret"]
    return key
