"""The Lambda's entry point: builds the application once, while the function starts."""

from orders_api import settings
from orders_api.application import Application
from orders_api.repository import Store
from orders_api.repository.dynamodb import DynamoDBStore, Tables
from orders_api.repository.dynamodb_client import DynamoDBClient
from orders_api.telemetry import LambdaTelemetry


def build(config: settings.Settings) -> Application:
    """The application over the DynamoDB table that the settings name."""
    client = DynamoDBClient(config.region, config.dynamodb_endpoint_url)
    store: Store = DynamoDBStore(client, Tables.beside(config.table))
    telemetry = LambdaTelemetry(config.environment, config.log_level)
    if config.cache_url:
        store = _cached(store, config, telemetry)
    return Application(store, telemetry, config.cors_allow_origin)


def _cached(store: Store, config: settings.Settings, telemetry: LambdaTelemetry) -> Store:
    # Who has no cache should not pay for its import with each cold start.
    from orders_api.repository.cached import CachedOrderRepository
    from orders_api.repository.redis_client import RedisClient

    return CachedOrderRepository(store, RedisClient(config.cache_url), config.table, telemetry.looked_up)


# At import: Lambda gives a starting function a full CPU, and reports a fault here as one of its start.
handler = build(settings.read())
