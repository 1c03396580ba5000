"""The zip that is deployed: small, reproducible, complete, and without what the function never reads."""

import subprocess
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from tests.real_parts.artefact import INTERPRETER, build_zip

from orders_tools.trims import TRIMS, Trim

MAX_BYTES = 1_100_000
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
    assert {"orders_core", "orders_aws", "orders_webhooks", "msgspec"} <= roots
    assert not {"orders_host", "boto3", "botocore", "uvicorn", "yaml", "cryptography"} & roots


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


def test_every_module_of_the_application_finds_what_it_imports(unpacked_zip: Path) -> None:
    """With nothing but the zip: a trim that takes too much shows here, whichever function needs it."""
    program = (
        "import pkgutil, importlib, orders_core, orders_webhooks, orders_aws\n"
        "for package in orders_core, orders_webhooks, orders_aws:\n"
        "    for module in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "        importlib.import_module(module.name)\n"
    )
    settings = {"DYNAMODB_TABLE": "orders", "ENVIRONMENT": "test", "AWS_REGION": "eu-west-1"}
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    run = subprocess.run(
        [INTERPRETER, "-S", "-B", "-c", program],
        env={"PYTHONPATH": str(unpacked_zip), **settings, **keys},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
