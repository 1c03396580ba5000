"""Runs Terraform on infra/ without a registry and without AWS, with a stand-in for the AWS provider."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct
from tests.real_parts.missing import MissingPartError, program
from tests.real_parts.shared import made_once

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
OFFLINE = ROOT.parent / "shared/tools/terraform-offline/terraform-offline"
ENVIRONMENTS = ("dev", "preprod", "prod")

# Stand in for what `make package` builds, relative to infra/.
ARTEFACTS = (
    "-var=artefact_file=tests/fixtures/orders-api.zip",
    "-var=openapi_body_file=tests/fixtures/openapi.gateway.json",
)


class Resource(Struct, frozen=True):
    """A planned resource; values that only AWS can know are left out."""

    address: str
    type: str
    values: dict[str, Any]


def terraform(folder: Path, *arguments: str) -> str:
    """What Terraform prints.

    Raises:
        MissingPartError: Terraform, or the stand-in for the provider, is not here.
        AssertionError: Terraform fails; the text is what it printed.
    """
    made_once(f"terraform-{folder.name}", lambda record: _initialise(folder, record))
    return _run(folder, *arguments)


def planned(environment: str) -> list[Resource]:
    """Every resource of an environment, as its plan has it."""
    shown = made_once(f"plan-{environment}.json", lambda record: _plan(environment, record))
    document = json.loads(shown.read_text())
    return list(_resources(document["planned_values"]["root_module"]))


def _plan(environment: str, record: Path) -> None:
    plan = record.with_suffix(".tfplan")
    var_file = f"-var-file=environments/{environment}.tfvars"
    terraform(INFRA, "plan", "-no-color", "-input=false", var_file, *ARTEFACTS, f"-out={plan}")
    record.write_text(terraform(INFRA, "show", "-json", str(plan)))


def _initialise(folder: Path, record: Path) -> None:
    record.write_text(_run(folder, "init", "-no-color"))


def _run(folder: Path, *arguments: str) -> str:
    program("terraform", "Terraform", "install Terraform 1.11 or later")
    if not OFFLINE.exists():
        where = OFFLINE.relative_to(ROOT.parent)
        raise MissingPartError("the stand-in for the AWS provider", f"no ../{where}", "put it there")
    done = subprocess.run(
        [OFFLINE, f"-chdir={folder}", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def _resources(module: dict[str, Any]) -> Iterator[Resource]:
    for resource in module.get("resources", []):
        if resource["mode"] == "managed":
            yield Resource(resource["address"], resource["type"], resource["values"])
    for child in module.get("child_modules", []):
        yield from _resources(child)
