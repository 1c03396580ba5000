"""Terraform takes the provider that is locked, or none: what the workflows ask for at their beginning."""

import os
import subprocess
from pathlib import Path

from tests.infra.offline import prepare
from tests.real_parts.missing import program

NEEDS_THE_PROVIDER = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
"""


def test_a_provider_that_is_not_locked_is_refused(tmp_path: Path) -> None:
    prepare.mirror(tmp_path)
    (tmp_path / "main.tf").write_text(NEEDS_THE_PROVIDER)
    refused = initialised(tmp_path, "-lockfile=readonly")
    assert refused.returncode != 0
    assert "dependency" in refused.stderr
    assert initialised(tmp_path).returncode == 0
    assert initialised(tmp_path, "-lockfile=readonly").returncode == 0


def initialised(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program("terraform", "Terraform", "install Terraform 1.11 or later"), "init", "-no-color", *options],
        cwd=folder,
        env=os.environ | {"TF_CLI_CONFIG_FILE": str(folder / prepare.CONFIGURATION)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
