"""The Postman collection: it is what the contract says, and it runs from top to end."""

import json
import subprocess
from pathlib import Path

import pytest

import orders_contract as contract
from orders_contract import postman
from tests.hosts import PASSWORD, STAFF, Host
from tests.hosts.embedded import ORDERS
from tests.real_parts.newman import newman

FOLDER = Path(__file__).parents[2] / "postman"
COLLECTION = FOLDER / "orders-api.postman_collection.json"
ENVIRONMENT = FOLDER / "local.postman_environment.json"
FILES = {"postman": COLLECTION, "postman-environment": ENVIRONMENT}


@pytest.mark.parametrize("profile", FILES)
def test_the_committed_file_is_what_the_generator_writes(profile: str) -> None:
    check = [str(ORDERS), "openapi", "--profile", profile, "--output", str(FILES[profile]), "--check"]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_collection_has_every_operation_of_the_contract() -> None:
    summaries = {
        (method.upper(), path)
        for path, operations in contract.build()["paths"].items()
        for method in operations
        if method != "parameters"
    }
    requests = [item["request"] for folder in postman.build()["item"] for item in folder["item"]]
    assert summaries <= {(request["method"], template(request["url"]["path"])) for request in requests}


def template(path: list[str]) -> str:
    """A path in the contract's words."""
    return "/" + "/".join(f"{{{part[1:]}}}" if part.startswith(":") else part for part in path)


def test_the_collection_runs_from_top_to_end(embedded_host: Host, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    variables = {
        "base_url": embedded_host.origin,
        "email": STAFF,
        "password": PASSWORD,
        "api_key": embedded_host.api_key,
    }
    command = [
        *(*newman(), "run", str(COLLECTION), "--environment", str(ENVIRONMENT)),
        *(option for name, value in variables.items() for option in ("--env-var", f"{name}={value}")),
        *("--reporters", "cli,json", "--reporter-json-export", str(report), "--color", "off"),
    ]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    run = json.loads(report.read_text())["run"]
    items = sum(len(folder["item"]) for folder in postman.build()["item"])
    assert run["stats"]["items"]["total"] == items
    assert run["stats"]["assertions"]["total"] >= items
