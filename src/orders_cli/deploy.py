"""`orders deploy`: an environment to a new release, or back."""

import os
import sys
from pathlib import Path

import click


@click.command()
@click.option("--environment", required=True, type=click.Choice(["dev", "preprod", "prod"]), help="Where.")
@click.option("--version", metavar="N", help="The published version of the function to deploy.")
@click.option(
    "--zip",
    "zip_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Deploy the newest version that runs this very zip.",
)
@click.option(
    "--rollback", is_flag=True, help="End the deployment under way, or go back to what was live before."
)
def deploy(environment: str, version: str | None, zip_file: Path | None, rollback: bool) -> None:
    """Move an environment to another version of the API, blue/green, and show how it goes.

    What was released with it moves along: the consumers of events and the contract. Versions that nothing
    needs any more are deleted.

    Exits with 0 once the version has all traffic, and with 1 when CodeDeploy has put it back: the smoke test
    failed, or an alarm went off. Credentials and region are those of the AWS SDK.
    """
    if [version is not None, zip_file is not None, rollback].count(True) != 1:
        raise click.UsageError("Give one of --version, --zip and --rollback.")
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    from orders_tools.delivery import Clients, Delivery

    try:
        # The SDK for Python knows AWS_DEFAULT_REGION only; AWS_REGION is what everything else of AWS reads.
        session = boto3.Session(region_name=os.environ.get("AWS_REGION"))
        clients = Clients(
            session.client("codedeploy"), session.client("lambda"), session.client("apigateway")
        )
        delivery = Delivery(environment, clients, click.echo)
        if rollback:
            done = delivery.roll_back()
        else:
            done = delivery.deploy(version or delivery.version_of(zip_file or Path()))
    except (BotoCoreError, ClientError) as error:
        raise click.ClickException(f"AWS: {error}") from error
    sys.exit(0 if done else 1)
