"""The Lambda's entry point: builds the application once, while the function starts."""

from orders_api import settings
from orders_api.application import Application
from orders_api.repository.dynamodb import DynamoDBStore, Tables
from orders_api.repository.dynamodb_client import DynamoDBClient
from orders_api.telemetry import LambdaTelemetry


def build(config: settings.Settings) -> Application:
    """The application over the DynamoDB table that the settings name."""
    client = DynamoDBClient(config.region, config.dynamodb_endpoint_url)
    return Application(
        DynamoDBStore(client, Tables.beside(config.table)),
        LambdaTelemetry(config.environment, config.log_level),
        config.cors_allow_origin,
    )


# At import: Lambda gives a starting function a full CPU, and reports a fault here as one of its start.
handler = build(settings.read())
