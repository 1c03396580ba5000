"""GitHub's workflows: sound by their linters, and by what must never be in them."""

import hashlib
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.delivery.tools import ROOT, check_jsonschema, zizmor

GITHUB = ROOT / ".github"
WORKFLOWS = sorted(GITHUB.glob("workflows/*.yml"))
ACTIONS = sorted(GITHUB.glob("actions/*/action.yml"))
ACCOUNT = "123456789012"

every_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
every_file = pytest.mark.parametrize(
    "path", WORKFLOWS + ACTIONS, ids=lambda path: path.parent.name + path.name
)


def workflow(name: str) -> dict[str, Any]:
    return read(GITHUB / "workflows" / name)


def read(path: Path) -> dict[str, Any]:
    # In YAML 1.1, which PyYAML reads, the key `on` is the truth.
    document: dict[str, Any] = {
        ("on" if key is True else key): value for key, value in yaml.safe_load(path.read_text()).items()
    }
    return document


def jobs(path: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = read(path)["jobs"]
    return found


class TestLinters:
    def test_zizmor_finds_nothing(self) -> None:
        said = zizmor("--offline", "--persona=pedantic", GITHUB)
        assert "No findings to report" in said

    def test_every_file_is_of_githubs_schema(self) -> None:
        check_jsonschema("--builtin-schema", "vendor.github-workflows", *WORKFLOWS)
        check_jsonschema("--builtin-schema", "vendor.github-actions", *ACTIONS)
        check_jsonschema("--builtin-schema", "vendor.dependabot", GITHUB / "dependabot.yml")

    def test_what_is_passed_over_has_a_reason(self) -> None:
        ignored = [
            line
            for path in WORKFLOWS + ACTIONS
            for line in path.read_text().splitlines()
            if "zizmor:" in line
        ]
        assert [line for line in ignored if not re.search(r"zizmor: ignore\[[a-z-]+\] \S.{10,}", line)] == []


class TestWhatRuns:
    @every_file
    def test_actions_of_others_are_pinned_to_a_commit_whose_version_is_told(self, path: Path) -> None:
        for line in path.read_text().splitlines():
            if used := re.search(r"\buses: (\S+)(.*)", line):
                ours = used[1].startswith("$/.github/")
                assert ours or re.fullmatch(r"[\w.-]+(/[\w.-]+)+@[0-9a-f]{40}", used[1]), line
                assert ours or re.fullmatch(r" # v\d+\.\d+\.\d+", used[2]), line

    def test_one_action_has_one_version(self) -> None:
        texts = "\n".join(path.read_text() for path in WORKFLOWS + ACTIONS)
        pins = set(re.findall(r"uses: ([\w./-]+)@(\w{40})", texts))
        assert len(pins) == len({name for name, _ in pins})

    @every_file
    def test_scripts_get_values_by_the_environment_only(self, path: Path) -> None:
        document = read(path)
        steps = document["runs"]["steps"] if "runs" in document else []
        steps += [step for job in document.get("jobs", {}).values() for step in job.get("steps", [])]
        assert [step["run"] for step in steps if "${{" in step.get("run", "")] == []


class TestPermissions:
    @every_workflow
    def test_nothing_is_permitted_but_by_a_job(self, path: Path) -> None:
        assert read(path)["permissions"] == {}
        assert all(job["permissions"] for job in jobs(path).values())

    @every_workflow
    def test_no_job_writes_to_the_repository_but_the_one_that_publishes_a_release(self, path: Path) -> None:
        for name, job in jobs(path).items():
            allowed = {"attestations", "id-token", "issues", "security-events"}
            if (path.name, name) == ("release.yml", "publish"):
                allowed = {"contents"}
            assert {scope for scope, access in job["permissions"].items() if access == "write"} <= allowed

    @every_workflow
    def test_what_a_pull_request_runs_gets_no_role_and_no_secret(self, path: Path) -> None:
        triggers = read(path)["on"]
        assert "pull_request_target" not in triggers
        assert "workflow_run" not in triggers
        if "pull_request" in triggers:
            assert "secrets." not in path.read_text()
            assert all("id-token" not in job["permissions"] for job in jobs(path).values())

    @every_workflow
    def test_no_key_of_aws_is_kept(self, path: Path) -> None:
        assert "aws-access-key-id" not in path.read_text()
        assert "AWS_SECRET" not in path.read_text()

    def test_a_role_that_deploys_is_taken_on_by_jobs_of_its_environment_only(self) -> None:
        for path in WORKFLOWS:
            for job in jobs(path).values():
                roles = [
                    step["with"]["role"] for step in job.get("steps", []) if "role" in step.get("with", {})
                ]
                if any(role.endswith("-deploy") for role in roles):
                    assert "environment" in job


class TestRelease:
    """A tag becomes a release: attested builds, published by a job that runs nothing of the repository."""

    def test_only_the_tag_of_a_version_makes_one(self) -> None:
        assert workflow("release.yml")["on"] == {"push": {"tags": ["v[0-9]+.[0-9]+.[0-9]+"]}}

    def test_it_is_proved_before_it_is_built_and_published_once_it_is_approved(self) -> None:
        found = workflow("release.yml")["jobs"]
        assert {name: job.get("needs") for name, job in found.items()} == {
            "ci": None,
            "build": "ci",
            "publish": "build",
        }
        assert found["publish"]["environment"] == "release"

    def test_every_published_file_is_attested(self) -> None:
        steps = workflow("release.yml")["jobs"]["build"]["steps"]
        attested = [step["with"] for step in steps if "actions/attest@" in step.get("uses", "")]
        assert attested == [{"subject-checksums": "dist/release/SHA256SUMS"}]

    def test_the_job_that_may_write_checks_out_nothing(self) -> None:
        steps = workflow("release.yml")["jobs"]["publish"]["steps"]
        used = [step["uses"].partition("@")[0] for step in steps if "uses" in step]
        assert used == ["actions/download-artifact"]


class TestDeployment:
    def test_environments_follow_each_other(self) -> None:
        needs = {name: job.get("needs") for name, job in workflow("deploy.yml")["jobs"].items()}
        assert needs == {
            "ci": None,
            "dev": "ci",
            "preprod": ["ci", "dev"],
            "smoke": "preprod",
            "prod": ["ci", "smoke"],
        }

    def test_only_a_merge_to_main_deploys(self) -> None:
        assert workflow("deploy.yml")["on"] == {"push": {"branches": ["main"]}}
        assert set(workflow("deploy-environment.yml")["on"]) == {"workflow_call"}

    def test_the_zip_is_built_once_and_known_by_its_digest(self) -> None:
        for path in (GITHUB / "workflows/deploy.yml", GITHUB / "workflows/deploy-environment.yml"):
            assert "make package" not in path.read_text()
        for job in workflow("deploy-environment.yml")["jobs"].values():
            done = [step.get("run", step.get("uses", "")) for step in job["steps"]]
            fetched = next(number for number, step in enumerate(done) if "download-artifact" in step)
            assert done[fetched + 1] == 'sha256sum --check <<<"$DIGEST  dist/orders-api.zip"'
        calls = [job for job in workflow("deploy.yml")["jobs"].values() if "with" in job]
        assert {job["with"]["digest"] for job in calls} == {"${{ needs.ci.outputs.digest }}"}

    def test_what_is_applied_is_the_plan_that_was_approved(self) -> None:
        found = workflow("deploy-environment.yml")["jobs"]
        planned, applied = (
            [line.strip() for step in found[job]["steps"] for line in step.get("run", "").splitlines()]
            for job in ("plan", "deploy")
        )
        assert [line for line in applied if line.startswith("terraform") and " plan " in line] == []
        fetched = '.github/scripts/fetch-plan "$ENVIRONMENT" "$ACCOUNT" "$PLAN_DIGEST" "$RUNNER_TEMP/plan"'
        assert applied.index(fetched) + 1 == applied.index(
            'terraform -chdir=infra apply -no-color "$RUNNER_TEMP/plan"'
        )
        digests = [step["env"] for step in found["deploy"]["steps"] if step.get("run") == fetched]
        assert digests == [{"PLAN_DIGEST": "${{ needs.plan.outputs.plan-digest }}"}]
        assert found["plan"]["outputs"] == {"plan-digest": "${{ steps.plan.outputs.digest }}"}
        assert any("$digest" in line and "approved" in line for line in planned)

    def test_no_plan_is_an_artifact_because_it_holds_api_keys(self) -> None:
        assert "upload-artifact" not in (GITHUB / "workflows/deploy-environment.yml").read_text()

    def test_deployments_are_not_cut_short(self) -> None:
        concurrency = workflow("deploy-environment.yml")["jobs"]["deploy"]["concurrency"]
        assert concurrency == {"group": "deploy-${{ inputs.environment }}", "cancel-in-progress": False}

    @every_workflow
    def test_no_job_hangs_for_hours(self, path: Path) -> None:
        assert all(job["timeout-minutes"] <= 45 for job in jobs(path).values() if "uses" not in job)

    def test_a_pull_request_waits_ten_minutes_at_most(self) -> None:
        assert all(job["timeout-minutes"] <= 10 for job in workflow("ci.yml")["jobs"].values())


class TestThePlan:
    """The scripts that keep a plan and fetch it, with a folder as S3."""

    @pytest.fixture
    def bucket(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        programs = tmp_path / "bin"
        programs.mkdir()
        aws = programs / "aws"
        aws.write_text(
            '#!/usr/bin/env bash\n[ "$*" = "s3 cp --only-show-errors $4 $5" ] || exit 1\n'
            'from=${4/#s3:\\//$S3} to=${5/#s3:\\//$S3}\nmkdir -p "$(dirname "$to")"\ncp "$from" "$to"\n'
        )
        monkeypatch.setenv("S3", str(tmp_path))
        aws.chmod(0o755)
        monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
        return tmp_path / "orders-api-state-123456789012/plans/dev"

    def test_is_fetched_as_it_was_kept(self, bucket: Path, tmp_path: Path) -> None:
        (tmp_path / "plan").write_bytes(b"what is approved")
        digest = script("keep-plan", "dev", ACCOUNT, tmp_path / "plan").stdout.strip()
        assert digest == hashlib.sha256(b"what is approved").hexdigest()
        fetched = script("fetch-plan", "dev", ACCOUNT, digest, tmp_path / "fetched")
        assert fetched.returncode == 0
        assert (tmp_path / "fetched").read_bytes() == b"what is approved"

    def test_another_in_its_place_is_refused(self, bucket: Path, tmp_path: Path) -> None:
        (tmp_path / "plan").write_bytes(b"what is approved")
        digest = script("keep-plan", "dev", ACCOUNT, tmp_path / "plan").stdout.strip()
        (bucket / f"{digest}.tfplan").write_bytes(b"what nobody has seen")
        assert script("fetch-plan", "dev", ACCOUNT, digest, tmp_path / "fetched").returncode != 0


class TestTheProvider:
    """Providers are those that the repository has locked, by their checksums."""

    def test_a_job_with_a_role_prepares_terraform_by_the_script_that_asks_for_the_lock(self) -> None:
        lines = [line for path in WORKFLOWS + ACTIONS for line in path.read_text().splitlines()]
        by_hand = [line for line in lines if re.search(r"terraform .*\binit\b", line)]
        assert all(" -backend=false " in line for line in by_hand)  # CI, which has neither role nor state
        assert "init -lockfile=readonly " in (GITHUB / "scripts/terraform-init").read_text()

    def test_without_a_lock_nothing_is_prepared(self, tmp_path: Path) -> None:
        (tmp_path / "infra").mkdir()
        refused = script("terraform-init", "dev", ACCOUNT, cwd=tmp_path)
        assert refused.returncode == 1
        assert "docs/operations.md" in refused.stdout


def script(name: str, *arguments: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [GITHUB / "scripts" / name, *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )
