"""Runs Terraform on infra/ without a registry and without AWS, with a stand-in for the AWS provider."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct
from tests.infra.offline import prepare
from tests.real_parts.cache import locked
from tests.real_parts.missing import program
from tests.real_parts.shared import made_once

from orders_contract import gateway_profile

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
ENVIRONMENTS = ("dev", "preprod", "prod")

# Values beside those of an environment: prod is refused until it has addresses, the others need none.
CONTACTS = {
    "dev": "environments/dev.tfvars",
    "preprod": "environments/preprod.tfvars",
    "prod": "tests/contacts.tfvars",
}

# State stays in the copy, whatever the configuration says.
LOCAL_BACKEND = 'terraform {\n  backend "local" {}\n}\n'


class Resource(Struct, frozen=True):
    """A planned resource; values that only AWS can know are left out."""

    address: str
    type: str
    values: dict[str, Any]


def terraform(folder: Path, *arguments: str) -> str:
    """Run Terraform on a copy of a folder of infra/, and return what it prints.

    Raises:
        MissingPartError: Terraform, or the stand-in for the provider, is not here.
        AssertionError: Terraform fails; the text is what it printed.
    """
    copy = made_once("terraform", _copy) / folder.relative_to(ROOT)
    with locked(copy / ".busy"):
        made_once(f"terraform-{folder.name}", lambda record: _initialise(copy, record))
        return _run(copy, *arguments)


def planned(environment: str) -> list[Resource]:
    """Every resource of an environment, as its plan has it."""
    shown = made_once(f"plan-{environment}.json", lambda record: _plan(environment, record))
    document = json.loads(shown.read_text())
    return list(_resources(document["planned_values"]["root_module"]))


def applied(name: str, *arguments: str, folder: Path = INFRA) -> list[Resource]:
    """Every resource as it is after `terraform apply`, with all that AWS knows invented by the stand-in."""
    shown = made_once(f"applied-{name}.json", lambda record: _apply(folder, record, arguments))
    return list(_resources(json.loads(shown.read_text())["values"]["root_module"]))


def var_files(environment: str) -> tuple[str, str]:
    """The options that give an environment its values, with addresses where it waits for somebody's."""
    return f"-var-file=environments/{environment}.tfvars", f"-var-file={CONTACTS[environment]}"


def _plan(environment: str, record: Path) -> None:
    plan = record.with_suffix(".tfplan")
    terraform(INFRA, "plan", "-no-color", "-input=false", *var_files(environment), f"-out={plan}")
    record.write_text(terraform(INFRA, "show", "-json", str(plan)))


def _apply(folder: Path, record: Path, arguments: tuple[str, ...]) -> None:
    state = record.with_suffix(".tfstate")
    terraform(folder, "apply", "-no-color", "-input=false", "-auto-approve", *arguments, f"-state={state}")
    record.write_text(terraform(folder, "show", "-json", str(state)))


def _copy(target: Path) -> None:
    """Lay out what Terraform reads: the configuration, the console, the contract, and what is deployed."""
    unwanted = shutil.ignore_patterns(".terraform*", "*.tfstate*")
    shutil.copytree(INFRA, target / "infra", ignore=unwanted)
    for folder in (target / "infra", target / "infra/bootstrap"):
        (folder / "offline_override.tf").write_text(LOCAL_BACKEND)
    for name in ("src", "openapi.yaml"):
        (target / name).symlink_to(ROOT / name)
    dist = target / "dist"
    dist.mkdir()
    (dist / "openapi.gateway.json").write_text(json.dumps(gateway_profile.build()))
    # Terraform asks for the zip's digest only: how it is built is tested elsewhere.
    (dist / "orders-api.zip").write_bytes(b"a stand-in")
    prepare.mirror(target)


def _initialise(copy: Path, record: Path) -> None:
    record.write_text(_run(copy, "init", "-no-color"))


def _run(copy: Path, *arguments: str) -> str:
    configuration = made_once("terraform", _copy) / prepare.CONFIGURATION
    done = subprocess.run(
        [program("terraform", "Terraform", "install Terraform 1.11 or later"), *arguments],
        cwd=copy,
        env=os.environ | {"TF_CLI_CONFIG_FILE": str(configuration)},
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
