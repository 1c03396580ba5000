"""`orders doctor`: what would stop a deployment half-way, told before it begins."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from orders_cli.common import json_option, print_json

_ENVIRONMENTS = Path("infra/environments")


@click.command()
@click.option(
    "--aws",
    "environment",
    required=True,
    type=click.Choice(["dev", "preprod", "prod"]),
    help="Look at the AWS account for this environment.",
)
@json_option
def doctor(environment: str, as_json: bool) -> None:
    """Look for what would stop a deployment half-way, and name the command that mends it. Changes nothing.

    Exits with 0 if nothing has to be mended, and with 1 if something has. What the account must have is read
    from infra/environments; credentials and region are those of the AWS SDK.
    """
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    from orders_tools.doctor.account import Account, Clients
    from orders_tools.doctor.settings import read_settings

    settings = read_settings(environment, _ENVIRONMENTS)
    # The SDK for Python knows AWS_DEFAULT_REGION only; AWS_REGION is what everything else of AWS reads.
    session = boto3.Session(region_name=os.environ.get("AWS_REGION"))
    try:
        clients = Clients(
            session.client("sts"),
            session.client("s3"),
            session.client("iam"),
            session.client("lambda"),
            session.client("apigateway"),
            session.client("sesv2"),
            lambda region: session.client("acm", region_name=region),
        )
        findings = list(Account(clients, settings, datetime.now(UTC).date()).findings())
    except (BotoCoreError, ClientError) as error:
        raise click.ClickException(
            f"AWS: {error} Set credentials and a region, as by `aws configure sso`."
        ) from error
    if as_json:
        print_json(
            [{"subject": each.subject, "text": each.text, "mend": each.mend or None} for each in findings]
        )
        sys.exit(1 if any(finding.mend for finding in findings) else 0)
    for finding in findings:
        click.echo(f"{'mend' if finding.mend else 'ok':<6}{finding.subject}: {finding.text}")
        if finding.mend:
            click.echo(f"      {finding.mend}")
    sys.exit(1 if any(finding.mend for finding in findings) else 0)
