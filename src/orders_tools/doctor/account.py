"""The checks of an account: each reads something of AWS, and says whether it is as a deployment needs it."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import cached_property, partial
from typing import Any, Final, NamedTuple

from botocore.exceptions import ClientError

from orders_tools.doctor.settings import Certificate, Settings
from orders_tools.release import Client

_BOOTSTRAP: Final = (
    "terraform -chdir=infra/bootstrap apply -var repository=OWNER/NAME"
    " -var 'environments=[\"{environment}\"]'"
)
_NOT_THERE: Final = frozenset(
    {"404", "NoSuchBucket", "NoSuchEntity", "NotFoundException", "ResourceNotFoundException"}
)
_NOTICE: Final = timedelta(days=30)

# From then on AWS mends nothing in a runtime: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
RUNTIMES_END: Final = {
    "python3.11": date(2027, 6, 30),
    "python3.12": date(2028, 10, 31),
    "python3.13": date(2029, 6, 30),
    "python3.14": date(2029, 6, 30),
}


class Clients(NamedTuple):
    """The clients of the AWS SDK that the checks call."""

    identity: Client
    buckets: Client
    policies: Client
    functions: Client
    gateway: Client
    mail: Client
    certificates: Callable[[str], Client]
    """The client of AWS Certificate Manager in a region."""


class Seen(NamedTuple):
    """What a check has seen, and the command that mends it; None if nothing has to be mended."""

    text: str
    mend: str | None


class Finding(NamedTuple):
    """What was looked at, and what was seen, as in `Seen`."""

    subject: str
    text: str
    mend: str | None


class Account:
    """One account, as it is today, beside what an environment asks of it."""

    def __init__(self, clients: Clients, settings: Settings, today: date) -> None:
        self._clients = clients
        self._settings = settings
        self._today = today
        self._bootstrap = _BOOTSTRAP.format(environment=settings.environment)

    def findings(self) -> Iterator[Finding]:
        """Every finding, in the order of a first deployment. A check that may not read says so.

        Raises:
            ClientError: AWS does not take the credentials.
        """
        yield Finding("identity", *self._identity())
        checks: dict[str, Callable[[], Seen]] = {
            "state bucket": self._state_bucket,
            "boundary of roles": self._boundary,
            "API Gateway's logs": self._gateway_logs,
            "concurrency": self._concurrency,
            "sender": self._sender,
            "runtime": self._runtime,
        }
        for certificate in self._settings.certificates:
            checks[f"certificate of {certificate.domain}"] = partial(self._certificate, certificate)
        for subject, check in checks.items():
            yield self._tried(subject, check)

    def _tried(self, subject: str, check: Callable[[], Seen]) -> Finding:
        try:
            return Finding(subject, *check())
        except ClientError as error:
            return Finding(subject, f"AWS answers: {error}", "aws sts get-caller-identity")

    @cached_property
    def _caller(self) -> dict[str, str]:
        caller: dict[str, str] = self._clients.identity.get_caller_identity()
        return caller

    @property
    def _id(self) -> str:
        return self._caller["Account"]

    def _identity(self) -> Seen:
        arn = self._caller["Arn"]
        return Seen(f"account {self._id}, as {arn}", "aws configure sso" if arn.endswith(":root") else None)

    def _state_bucket(self) -> Seen:
        bucket = f"orders-api-state-{self._id}"
        versioning = _found(lambda: self._clients.buckets.get_bucket_versioning(Bucket=bucket))
        if versioning is None:
            return Seen(f"there is no {bucket}", self._bootstrap)
        if versioning.get("Status") != "Enabled":
            return Seen(f"{bucket} keeps no versions", self._bootstrap)
        if self._settings.state_bucket != bucket:
            file = f"infra/environments/{self._settings.environment}.backend.hcl"
            mend = f"sed -i 's/^bucket.*/bucket = \"{bucket}\"/' {file}"
            return Seen(f"{file} names {self._settings.state_bucket}, not {bucket}", mend)
        return Seen(f"{bucket} keeps versions", None)

    def _boundary(self) -> Seen:
        name = f"orders-api-{self._settings.environment}-boundary"
        arn = f"arn:aws:iam::{self._id}:policy/{name}"
        policy = _found(lambda: self._clients.policies.get_policy(PolicyArn=arn))
        if policy is None:
            return Seen(f"there is no policy {name}", self._bootstrap)
        return Seen(f"policy {name}", None)

    def _gateway_logs(self) -> Seen:
        role = self._clients.gateway.get_account().get("cloudwatchRoleArn")
        if not role:
            return Seen("no role writes them", self._bootstrap)
        return Seen(f"written by {role}", None)

    def _concurrency(self) -> Seen:
        limits = self._clients.functions.get_account_settings()["AccountLimit"]
        has, needed = limits["ConcurrentExecutions"], self._settings.concurrency
        mend = (
            "aws service-quotas request-service-quota-increase --service-code lambda"
            f" --quota-code L-B99A9384 --desired-value {max(1000, needed)}"
        )
        seen = f"{has} functions may run at once, {needed} are needed"
        return Seen(seen, None if has >= needed else mend)

    def _sender(self) -> Seen:
        sender = self._settings.sender
        if sender is None:
            file = f"infra/environments/{self._settings.environment}.tfvars"
            seen = "none is set: Cognito sends 50 messages a day"
            mend = f"$EDITOR {file} # set email"
            return Seen(seen, mend if self._settings.sender_needed else None)
        domain = sender.rpartition("@")[2]
        if not (self._is_verified(sender) or self._is_verified(domain)):
            mend = f"aws sesv2 create-email-identity --email-identity {domain}"
            return Seen(f"neither {sender} nor {domain} is verified", mend)
        if not self._clients.mail.get_account()["ProductionAccessEnabled"]:
            mend = (
                "aws sesv2 put-account-details --production-access-enabled --mail-type TRANSACTIONAL"
                f" --website-url https://{domain}"
            )
            return Seen(f"{sender} writes to verified addresses only", mend)
        return Seen(f"{sender} is verified", None)

    def _is_verified(self, name: str) -> bool:
        identity = _found(lambda: self._clients.mail.get_email_identity(EmailIdentity=name))
        return bool(identity and identity["VerifiedForSendingStatus"])

    def _runtime(self) -> Seen:
        runtime = self._settings.runtime
        newest = max(RUNTIMES_END, key=RUNTIMES_END.__getitem__)
        mend = f'make package LAMBDA_PYTHON={newest.removeprefix("python")} # and python_runtime = "{newest}"'
        end = RUNTIMES_END.get(runtime)
        if end is None:
            return Seen(f"{runtime} is none of {', '.join(RUNTIMES_END)}", mend)
        seen = f"{runtime} is supported until {end.isoformat()}"
        return Seen(seen, mend if end - self._today < _NOTICE else None)

    def _certificate(self, certificate: Certificate) -> Seen:
        region = certificate.arn.split(":")[3]
        certificates = self._clients.certificates(region)
        request = (
            f"aws acm request-certificate --region {region} --domain-name {certificate.domain}"
            " --validation-method DNS"
        )
        answer = _found(lambda: certificates.describe_certificate(CertificateArn=certificate.arn))
        if answer is None:
            return Seen(f"there is no {certificate.arn}", request)
        found = answer["Certificate"]
        if found["Status"] != "ISSUED":
            mend = f"aws acm describe-certificate --region {region} --certificate-arn {certificate.arn}"
            return Seen(f"its status is {found['Status']}: enter its DNS record", mend)
        if not _covers(found, certificate.domain):
            return Seen(f"{certificate.arn} is for {found['DomainName']}", request)
        end: date = found["NotAfter"].date()
        return Seen(f"it ends on {end.isoformat()}", request if end - self._today < _NOTICE else None)


def _found(call: Callable[[], dict[str, Any]]) -> dict[str, Any] | None:
    """What AWS answers; None if it says that there is no such thing."""
    try:
        return call()
    except ClientError as error:
        if error.response["Error"]["Code"] in _NOT_THERE:
            return None
        raise


def _covers(found: dict[str, Any], domain: str) -> bool:
    names = {found["DomainName"], *found.get("SubjectAlternativeNames", [])}
    return domain in names or f"*.{domain.partition('.')[2]}" in names
