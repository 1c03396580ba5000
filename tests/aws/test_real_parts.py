"""The parts the other tests rely on: started once, and left out loudly."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests.real_parts.tables import create_orders_table, dynamodb_client

ROOT = Path(__file__).parents[2]
THIS_TEST = f"{Path(__file__).relative_to(ROOT)}::test_dynamodb_local_answers"


def test_dynamodb_local_answers(dynamodb_endpoint: str) -> None:
    table = create_orders_table(dynamodb_endpoint)
    described = dynamodb_client(dynamodb_endpoint).describe_table(TableName=table)
    assert described["Table"]["TableStatus"] == "ACTIVE"


def test_redis_answers(redis_url: str) -> None:
    host, port = redis_url.removeprefix("redis://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(b"PING\r\n")
        assert connection.recv(16) == b"+PONG\r\n"


def test_ministack_answers(ministack_endpoint: str) -> None:
    assert (
        create_orders_table(ministack_endpoint)
        in dynamodb_client(ministack_endpoint).list_tables()["TableNames"]
    )


def test_chromium_runs(chromium_path: Path) -> None:
    run = subprocess.run([chromium_path, "--version"], capture_output=True, text=True, check=True)
    assert run.stdout.startswith("Chromium")


@pytest.mark.parametrize(
    ("require_all", "exit_code", "outcome"), [("0", 0, "1 skipped"), ("1", 1, "1 error")]
)
def test_a_missing_part_is_named_with_its_remedy(
    require_all: str, exit_code: int, outcome: str, tmp_path: Path
) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:xdist", "-p", "no:cacheprovider", THIS_TEST],
        cwd=ROOT,
        env={**os.environ, "PATH": str(tmp_path), "ORDERS_TEST_REQUIRE_ALL": require_all},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == exit_code
    assert outcome in run.stdout
    assert (
        "Left out: DynamoDB Local (no java here) — to get it: apt-get install openjdk-17-jre-headless npm"
        in run.stdout
    )
