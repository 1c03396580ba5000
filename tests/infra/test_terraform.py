"""infra/ is formatted, valid, and passes its own tests in every environment."""

import subprocess
from pathlib import Path

import pytest
from tests.infra.terraform import ENVIRONMENTS, INFRA, terraform, var_files
from tests.real_parts.missing import program


def test_is_formatted() -> None:
    binary = program("terraform", "Terraform", "install Terraform 1.11 or later")
    done = subprocess.run(
        [binary, "fmt", "-check", "-diff", "-recursive", INFRA], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"run: terraform fmt -recursive infra\n{done.stdout}"


@pytest.mark.parametrize("folder", [INFRA, INFRA / "bootstrap"], ids=lambda folder: folder.name)
def test_is_valid(folder: Path) -> None:
    terraform(folder, "validate", "-no-color")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_environment_is_as_promised(environment: str) -> None:
    _passes(environment, "every_environment", environment)


@pytest.mark.parametrize("name", ["variants", "refusals", "api_cache"])
def test_settings_do_what_they_say(name: str) -> None:
    _passes("dev", name)


def test_prod_is_refused_until_somebody_hears_of_it() -> None:
    with pytest.raises(AssertionError) as refused:
        terraform(INFRA, "plan", "-no-color", "-input=false", "-var-file=environments/prod.tfvars")
    said = str(refused.value)
    assert [name for name in ("alarm_emails", "budget", "email") if f"{name} must" not in said] == []


def test_only_the_right_workflows_may_deploy() -> None:
    terraform(INFRA / "bootstrap", "test", "-no-color")


def test_every_test_file_is_run() -> None:
    run = {"every_environment", *ENVIRONMENTS, "variants", "refusals", "api_cache"}
    assert {path.name.removesuffix(".tftest.hcl") for path in INFRA.glob("tests/*.tftest.hcl")} == run


def _passes(environment: str, *names: str) -> None:
    filters = [f"-filter=tests/{name}.tftest.hcl" for name in names]
    terraform(INFRA, "test", "-no-color", *var_files(environment), *filters)
