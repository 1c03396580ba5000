"""What the consumers of events read of their environment, and the clients that follow from it."""

import logging
import os
from collections.abc import Mapping
from functools import cache
from typing import Final

from orders_aws import settings
from orders_aws.client.calls import DYNAMODB, AwsClient, Service
from orders_aws.dynamodb.client import DynamoDBClient
from orders_aws.settings import InvalidSettings, Settings

ENDPOINT_URL: Final = "AWS_ENDPOINT_URL"
"""Where an emulator stands in for all of AWS, as every SDK has it; unset in production."""


@cache
def common() -> Settings:
    """The settings that all functions share; sets the level of the log.

    Raises:
        InvalidSettings: naming every variable that is missing or wrong.
    """
    found = settings.read()
    # Lambda writes what is logged as JSON: its logging_config says so.
    logging.getLogger("orders_core").setLevel(found.log_level)
    return found


def required(name: str, environ: Mapping[str, str] = os.environ) -> str:
    """The value of a variable of one function's own.

    Raises:
        InvalidSettings: it is missing.
    """
    value = environ.get(name)
    if not value:
        raise InvalidSettings(f"{name} is missing; infra/main.tf sets it")
    return value


def dynamodb() -> DynamoDBClient:
    """Return a client of DynamoDB in the deployment's region."""
    return DynamoDBClient(common().region, _endpoint_url(DYNAMODB))


def client_of(service: Service) -> AwsClient:
    """Return a client of another service in the deployment's region."""
    return AwsClient(service, common().region, _endpoint_url(service))


def table_beside_orders(name: str) -> str:
    """The full name of another table of the deployment."""
    return f"{common().table.removesuffix('-orders')}-{name}"


def _endpoint_url(service: Service) -> str:
    own = common().dynamodb_endpoint_url if service is DYNAMODB else ""
    return own or os.environ.get(ENDPOINT_URL, "")
