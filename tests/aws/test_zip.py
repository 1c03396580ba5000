"""The zip that is deployed: small, reproducible, complete, and without what the function never reads."""

import http.server
import json
import subprocess
import threading
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from scripts.trims import TRIMS, Trim
from tests.real_parts.artefact import INTERPRETER, build_zip

MAX_BYTES = 2_600_000
CREDENTIALS = {
    "AccessKeyId": "ID",
    "SecretAccessKey": "S",
    "Token": "T",
    "Expiration": "2099-01-01T00:00:00Z",
}


@pytest.fixture(scope="module")
def deployed_zip(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Counter[Trim]]:
    """The zip as `make package` builds it by default, and the bytes that each trim left out of it."""
    output = tmp_path_factory.mktemp("dist") / "orders-api.zip"
    return output, build_zip(output, "arm64", "3.11")


def entries(path: Path) -> set[str]:
    with zipfile.ZipFile(path) as archive:
        return set(archive.namelist())


def test_it_is_small(deployed_zip: tuple[Path, Counter[Trim]]) -> None:
    assert deployed_zip[0].stat().st_size < MAX_BYTES


def test_a_second_build_is_the_same_bytes(deployed_zip: tuple[Path, Counter[Trim]], tmp_path: Path) -> None:
    again = tmp_path / "again.zip"
    build_zip(again, "arm64", "3.11")
    assert again.read_bytes() == deployed_zip[0].read_bytes()


def test_every_trim_still_leaves_something_out(deployed_zip: tuple[Path, Counter[Trim]]) -> None:
    assert set(TRIMS) == set(deployed_zip[1])


def test_it_holds_the_application_and_not_the_host(deployed_zip: tuple[Path, Counter[Trim]]) -> None:
    roots = {name.split("/")[0] for name in entries(deployed_zip[0])}
    assert {"orders_api", "msgspec", "botocore", "aws_lambda_powertools"} <= roots
    assert not {"orders_gateway", "boto3", "uvicorn", "yaml", "cryptography"} & roots


def test_native_code_is_for_the_functions_platform(deployed_zip: tuple[Path, Counter[Trim]]) -> None:
    native = [name for name in entries(deployed_zip[0]) if name.endswith(".so")]
    assert native
    assert all("cpython-311-aarch64-linux" in name for name in native)


def test_nothing_is_compiled_at_a_cold_start(deployed_zip: tuple[Path, Counter[Trim]]) -> None:
    names = entries(deployed_zip[0])
    sources = [Path(name) for name in names if name.endswith(".py")]
    assert not [
        one for one in sources if str(one.parent / f"__pycache__/{one.stem}.cpython-311.pyc") not in names
    ]


def test_entries_carry_no_time_and_no_odd_mode(deployed_zip: tuple[Path, Counter[Trim]]) -> None:
    with zipfile.ZipFile(deployed_zip[0]) as archive:
        marks = {(entry.date_time, entry.external_attr >> 16) for entry in archive.infolist()}
    assert marks == {((1980, 1, 1, 0, 0, 0), 0o100644)}


@pytest.fixture
def credentials_endpoint() -> Iterator[str]:
    """An address that hands out credentials, as Lambda's does for a function that starts from a snapshot."""

    class Endpoint(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(CREDENTIALS).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/credentials"
        server.shutdown()


def test_what_is_left_of_botocore_finds_credentials_of_a_snapshot(
    unpacked_zip: Path, credentials_endpoint: str
) -> None:
    """A function with SnapStart has no key in its environment, but an address to ask for one."""
    program = "from orders_api.aws_client import _credentials; print(_credentials()().access_key)"
    found = subprocess.run(
        [INTERPRETER, "-S", "-B", "-c", program],
        env={"PYTHONPATH": str(unpacked_zip), "AWS_CONTAINER_CREDENTIALS_FULL_URI": credentials_endpoint},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout == "ID\n"
