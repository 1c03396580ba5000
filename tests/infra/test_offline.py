"""The stand-in for the AWS provider refuses what the real one refuses."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from tests.infra.offline import prepare
from tests.real_parts.missing import program

# What Terraform checks against the schema, and what it leaves to the provider: a configuration with faults,
# and what is said of each fault.
BY_SCHEMA = (
    """
    resource "aws_sns_topic" "x" {
      nam = "an argument that does not exist"
    }
    resource "aws_lambda_alias" "x" {
      name          = "an argument is missing"
      function_name = "x"
    }
    """,
    (
        'An argument named "nam" is not expected here',
        'The argument "function_version" is required',
    ),
)
BY_PROVIDER = (
    """
    resource "aws_sns_topic" "x" {
      arn = "read-only"
    }
    resource "aws_dynamodb_table" "x" {
      name         = "x"
      billing_mode = "ON_DEMAND"
      hash_key     = "id"
    }
    """,
    (
        'Can\'t configure a value for "arn"',
        "billing_mode must be one of",
        "all indexes must match a defined attribute",
    ),
)


@pytest.mark.parametrize("broken", [BY_SCHEMA, BY_PROVIDER], ids=["by its schema", "by itself"])
def test_refuses(broken: tuple[str, tuple[str, ...]], tmp_path: Path) -> None:
    source, reasons = broken
    (tmp_path / "main.tf").write_text(source)
    prepare.mirror(tmp_path)
    assert _terraform(tmp_path, "init")[0] == 0
    status, said = _terraform(tmp_path, "validate")
    assert status == 1
    assert [reason for reason in reasons if reason not in said] == [], said


def _terraform(folder: Path, command: str) -> tuple[int, str]:
    """The exit status and the text of a command, without the frame that is drawn around a fault."""
    done = subprocess.run(
        [program("terraform", "Terraform", "install Terraform 1.11 or later"), command, "-no-color"],
        cwd=folder,
        env=os.environ | {"TF_CLI_CONFIG_FILE": str(folder / prepare.CONFIGURATION)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, re.sub(r"[│╷╵\s]+", " ", done.stdout + done.stderr)
