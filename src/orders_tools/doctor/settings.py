"""What an environment's files ask of its account."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

# Every account has at least this; a reservation must leave 100 to the rest of the account.
# https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html
_NEW_ACCOUNT: Final = 10
_LEFT_OVER: Final = 100

# A comment reaches from # to the end of the line, unless # is within quotes.
_COMMENT: Final = re.compile(r'("[^"]*")|#[^\n]*')
_CERTIFICATE: Final = re.compile(r'name\s*=\s*"([^"]+)"\s*,\s*certificate_arn\s*=\s*"([^"]+)"')
_DEFAULT_RUNTIME: Final = "python3.11"


class Certificate(NamedTuple):
    """The certificate of a domain."""

    domain: str
    arn: str


class Settings(NamedTuple):
    """What is asked of the account."""

    environment: str
    state_bucket: str
    concurrency: int
    sender: str | None
    sender_needed: bool
    certificates: Sequence[Certificate]
    runtime: str


def read_settings(environment: str, folder: Path) -> Settings:
    """Read the settings of an environment from `infra/environments`.

    Raises:
        ValueError: the files are not there.
    """
    values, backend = folder / f"{environment}.tfvars", folder / f"{environment}.backend.hcl"
    if not (values.is_file() and backend.is_file()):
        raise ValueError(f"{values} or {backend} is not there: run this in the root of the repository.")
    text = _without_comments(values.read_text())
    instances = [int(number) for number in re.findall(r"(?:reserved_concurrency|maximum)\s*=\s*(\d+)", text)]
    return Settings(
        environment,
        _text("bucket", _without_comments(backend.read_text())) or "",
        max(instances) + _LEFT_OVER if instances else _NEW_ACCOUNT,
        _text("sender", text),
        bool(re.search(r"require_contacts\s*=\s*true", text)),
        [Certificate(*found) for found in _CERTIFICATE.findall(text)],
        _text("python_runtime", text) or _DEFAULT_RUNTIME,
    )


def _without_comments(text: str) -> str:
    return _COMMENT.sub(lambda found: found[1] or "", text)


def _text(name: str, text: str) -> str | None:
    found = re.search(rf'\b{name}\s*=\s*"([^"]*)"', text)
    return found[1] if found else None
