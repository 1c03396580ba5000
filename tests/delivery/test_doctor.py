"""`orders doctor --aws`: what it finds in an account, on ministack, and the command that it names."""

import ast
import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import boto3
import pytest
from tests.infra.terraform import INFRA
from tests.infra.test_permissions import operations_of
from tests.real_parts.tables import REGION

from orders_tools.doctor import account as checks
from orders_tools.doctor.account import Account, Clients, Finding
from orders_tools.doctor.settings import Settings, read_settings

TODAY = date(2026, 11, 24)
FILES = """
require_contacts = true
email = { sender = "orders@example.com", identity_arn = "arn:aws:ses:eu-west-1:1:identity/a" }
# email = { sender = "somebody@example.net" }
"""


class Prepared:
    """An account of its own in which nothing has to be mended, until a test takes something away."""

    def __init__(self, endpoint: str, folder: Path) -> None:
        self._endpoint = endpoint
        self._folder = folder
        self.be_root_of(new_account())
        self.bucket = f"orders-api-state-{self.id}"
        self.write(f'bucket = "{self.bucket}"\n', FILES)
        self.be_operator()
        s3, iam, mail = self.client("s3"), self.client("iam"), self.client("sesv2")
        s3.create_bucket(Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.keep_versions("Enabled")
        anything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        iam.create_policy(PolicyName="orders-api-prod-boundary", PolicyDocument=policy(anything))
        self.write_logs_by("arn:aws:iam::123456789012:role/logs")
        mail.create_email_identity(EmailIdentity="example.com")

    def be_root_of(self, account: str) -> None:
        """From here on, be the root user of this account, whose id ministack takes as a key."""
        self.id = account
        self.credentials = {"AWS_ACCESS_KEY_ID": account, "AWS_SECRET_ACCESS_KEY": "test"}

    def be_operator(self) -> None:
        """From here on, have a role of the account."""
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}
        role = self.client("iam").create_role(
            RoleName="operator", AssumeRolePolicyDocument=policy(trust), MaxSessionDuration=3600
        )["Role"]
        session = self.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="operator")
        self.credentials = {
            "AWS_ACCESS_KEY_ID": session["Credentials"]["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": session["Credentials"]["SecretAccessKey"],
            "AWS_SESSION_TOKEN": session["Credentials"]["SessionToken"],
        }

    def client(self, service: Any, region: str = REGION) -> Any:  # noqa: ANN401 - boto3
        return boto3.client(
            service,
            endpoint_url=self._endpoint,
            region_name=region,
            aws_access_key_id=self.credentials["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.credentials["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=self.credentials.get("AWS_SESSION_TOKEN"),
        )

    def write(self, backend: str, values: str) -> None:
        (self._folder / "prod.backend.hcl").write_text(backend)
        (self._folder / "prod.tfvars").write_text(values)

    def keep_versions(self, status: str) -> None:
        self.client("s3").put_bucket_versioning(
            Bucket=self.bucket, VersioningConfiguration={"Status": status}
        )

    def write_logs_by(self, role: str) -> None:
        patch = {"op": "replace", "path": "/cloudwatchRoleArn", "value": role}
        self.client("apigateway").update_account(patchOperations=[patch])

    def findings(self, today: date = TODAY) -> dict[str, Finding]:
        clients = Clients(
            self.client("sts"),
            self.client("s3"),
            self.client("iam"),
            self.client("lambda"),
            self.client("apigateway"),
            self.client("sesv2"),
            partial(self.client, "acm"),
        )
        settings = read_settings("prod", self._folder)
        return {finding.subject: finding for finding in Account(clients, settings, today).findings()}

    def to_mend(self, today: date = TODAY) -> dict[str, str]:
        return {finding.subject: finding.mend for finding in self.findings(today).values() if finding.mend}


def policy(statement: Mapping[str, object]) -> str:
    """The document of a policy with one statement."""
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def new_account() -> str:
    """The id of an account that is empty."""
    return str(Random().randrange(10**11, 10**12))


@pytest.fixture
def prepared(ministack_endpoint: str, tmp_path: Path) -> Prepared:
    return Prepared(ministack_endpoint, tmp_path)


def test_nothing_has_to_be_mended_in_an_account_that_is_prepared(prepared: Prepared) -> None:
    assert prepared.to_mend() == {}
    seen = {subject: finding.text for subject, finding in prepared.findings().items()}
    assert seen.pop("concurrency").endswith(" functions may run at once, 10 are needed")
    assert seen == {
        "identity": f"account {prepared.id}, as arn:aws:sts::{prepared.id}:assumed-role/operator/operator",
        "state bucket": f"{prepared.bucket} keeps versions",
        "boundary of roles": "policy orders-api-prod-boundary",
        "API Gateway's logs": "written by arn:aws:iam::123456789012:role/logs",
        "sender": "orders@example.com is verified",
        "runtime": "python3.11 is supported until 2027-06-30",
    }


def test_an_empty_account_is_mended_by_the_bootstrap(ministack_endpoint: str, tmp_path: Path) -> None:
    empty = Prepared(ministack_endpoint, tmp_path)
    empty.be_root_of(new_account())
    empty.be_operator()
    bootstrap = (
        "terraform -chdir=infra/bootstrap apply -var repository=OWNER/NAME -var 'environments=[\"prod\"]'"
    )
    assert empty.to_mend() == {
        "state bucket": bootstrap,
        "boundary of roles": bootstrap,
        "API Gateway's logs": bootstrap,
        "sender": "aws sesv2 create-email-identity --email-identity example.com",
    }


def test_the_root_user_is_not_to_deploy(prepared: Prepared) -> None:
    prepared.be_root_of(prepared.id)
    assert prepared.to_mend() == {"identity": "aws configure sso"}


def test_the_state_must_keep_its_versions(prepared: Prepared) -> None:
    prepared.keep_versions("Suspended")
    assert prepared.to_mend().keys() == {"state bucket"}


def test_the_backend_must_name_the_bucket_of_this_account(prepared: Prepared) -> None:
    prepared.write('bucket = "orders-api-state-000000000000"\n', FILES)
    line = f'bucket = "{prepared.bucket}"'
    assert prepared.to_mend() == {
        "state bucket": f"sed -i 's/^bucket.*/{line}/' infra/environments/prod.backend.hcl"
    }


def test_a_quota_that_is_too_low_is_raised(prepared: Prepared) -> None:
    settings = prepared.client("lambda").get_account_settings()
    has = settings["AccountLimit"]["ConcurrentExecutions"]
    values = f"{FILES}api_function = {{ reserved_concurrency = {has} }}"
    prepared.write(f'bucket = "{prepared.bucket}"', values)
    assert prepared.to_mend() == {
        "concurrency": "aws service-quotas request-service-quota-increase --service-code lambda"
        f" --quota-code L-B99A9384 --desired-value {max(1000, has + 100)}"
    }


def test_a_sender_in_the_sandbox_asks_for_production(prepared: Prepared) -> None:
    prepared.client("sesv2").put_account_details(
        MailType="TRANSACTIONAL", WebsiteURL="https://example.com", ProductionAccessEnabled=False
    )
    assert prepared.to_mend() == {
        "sender": "aws sesv2 put-account-details --production-access-enabled --mail-type TRANSACTIONAL"
        " --website-url https://example.com"
    }


@pytest.mark.parametrize(("needed", "mend"), [("true", {"sender"}), ("false", set())])
def test_without_a_sender_only_an_environment_that_needs_one_is_mended(
    prepared: Prepared, needed: str, mend: set[str]
) -> None:
    prepared.write(f'bucket = "{prepared.bucket}"', f"require_contacts = {needed}")
    assert prepared.to_mend().keys() == mend


def test_a_runtime_is_left_before_it_ends(prepared: Prepared) -> None:
    assert prepared.to_mend(date(2027, 6, 1)) == {
        "runtime": 'make package LAMBDA_PYTHON=3.13 # and python_runtime = "python3.13"'
    }


class TestCertificates:
    def domain(self, prepared: Prepared, arn: str, name: str = "api.example.com") -> dict[str, Finding]:
        domain = f'api_domain = {{ name = "{name}", certificate_arn = "{arn}" }}'
        prepared.write(f'bucket = "{prepared.bucket}"', FILES + domain)
        return prepared.findings()

    @pytest.mark.parametrize("certified", ["api.example.com", "*.example.com"])
    def test_one_that_is_issued_for_the_domain_is_right(self, prepared: Prepared, certified: str) -> None:
        arn = prepared.client("acm", "us-east-1").request_certificate(DomainName=certified)["CertificateArn"]
        finding = self.domain(prepared, arn)["certificate of api.example.com"]
        assert finding.mend is None
        assert finding.text.startswith("it ends on ")

    def test_one_for_another_domain_is_asked_for_anew(self, prepared: Prepared) -> None:
        arn = prepared.client("acm").request_certificate(DomainName="www.example.com")["CertificateArn"]
        finding = self.domain(prepared, arn)["certificate of api.example.com"]
        assert finding.mend == (
            f"aws acm request-certificate --region {REGION} --domain-name api.example.com"
            " --validation-method DNS"
        )

    def test_one_that_is_not_there_is_asked_for_where_it_is_needed(self, prepared: Prepared) -> None:
        arn = f"arn:aws:acm:us-east-1:{prepared.id}:certificate/11111111-2222-3333-4444-555555555555"
        finding = self.domain(prepared, arn)["certificate of api.example.com"]
        assert finding.text == f"there is no {arn}"
        assert "--region us-east-1" in str(finding.mend)


class TestTheSettings:
    @pytest.mark.parametrize(
        ("environment", "concurrency", "needed"),
        [("dev", 10, False), ("preprod", 102, False), ("prod", 300, True)],
    )
    def test_are_those_of_the_environments_files(
        self, environment: str, concurrency: int, needed: bool
    ) -> None:
        assert read_settings(environment, INFRA / "environments") == Settings(
            environment, "orders-api-state-000000000000", concurrency, None, needed, [], "python3.11"
        )

    def test_every_runtime_that_terraform_takes_has_an_end(self) -> None:
        declared = (INFRA / "variables.tf").read_text().partition('variable "python_runtime"')[2]
        allowed = declared.partition("contains([")[2].partition("]")[0]
        assert set(checks.RUNTIMES_END) == set(ast.literal_eval(f"[{allowed}]"))

    def test_without_the_files_the_command_says_where_it_belongs(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="root of the repository"):
            read_settings("dev", tmp_path)


class TestTheCommand:
    def run(self, endpoint: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
        environment = {"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": REGION, "HOME": str(folder), **more}
        return subprocess.run(
            [Path(sys.executable).with_name("orders"), "doctor", "--aws", "prod"],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        (tmp_path / "infra/environments").mkdir(parents=True)
        return tmp_path

    def test_it_exits_with_0_if_nothing_has_to_be_mended(self, ministack_endpoint: str, folder: Path) -> None:
        prepared = Prepared(ministack_endpoint, folder / "infra/environments")
        done = self.run(ministack_endpoint, folder, **prepared.credentials)
        assert (done.returncode, done.stderr) == (0, "")
        assert f"ok    state bucket: {prepared.bucket} keeps versions\n" in done.stdout

    def test_it_exits_with_1_and_names_the_command_if_something_has(
        self, ministack_endpoint: str, folder: Path
    ) -> None:
        prepared = Prepared(ministack_endpoint, folder / "infra/environments")
        prepared.write_logs_by("")
        done = self.run(ministack_endpoint, folder, **prepared.credentials)
        assert done.returncode == 1
        assert (
            "mend  API Gateway's logs: no role writes them\n      terraform -chdir=infra/boot" in done.stdout
        )

    def test_it_exits_with_2_without_credentials(self, ministack_endpoint: str, folder: Path) -> None:
        Prepared(ministack_endpoint, folder / "infra/environments")
        done = self.run(ministack_endpoint, folder, AWS_EC2_METADATA_DISABLED="true")
        assert done.returncode == 2
        assert "aws configure sso" in done.stderr

    def test_it_reads_only(self) -> None:
        operations = operations_of(Path(checks.__file__))
        assert operations
        assert all(operation.startswith(("Get", "Describe")) for operation in operations)
