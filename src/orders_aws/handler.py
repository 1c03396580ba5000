"""The Lambda's entry point: builds the application once, while the function starts."""

from functools import partial

from orders_aws import settings
from orders_aws.accounts import CognitoAccounts
from orders_aws.client.calls import COGNITO, AwsClient
from orders_aws.client.deadline import INVOCATION
from orders_aws.dynamodb.client import DynamoDBClient
from orders_aws.dynamodb.store import DynamoDBStore, Tables
from orders_aws.telemetry import LambdaTelemetry
from orders_core.application import Application
from orders_core.proxy import ProxyEvent, ProxyResponse
from orders_core.stores import Accounts, Store, WebhookRegistry


def build(config: settings.Settings) -> Application:
    """The application over the DynamoDB table that the settings name."""
    client = DynamoDBClient(config.region, config.dynamodb_endpoint_url)
    tables = Tables.beside(config.table)
    webhooks = partial(_webhooks, client, config.table)
    store: Store = DynamoDBStore(client, tables, _accounts(client, tables, config), webhooks)
    telemetry = LambdaTelemetry(config.environment, config.log_level)
    if config.cache_url:
        store = _cached(store, config, telemetry)
    return Application(store, telemetry, config.cors_allow_origin)


def _accounts(client: DynamoDBClient, tables: Tables, config: settings.Settings) -> Accounts | None:
    if not config.user_pool_id:
        return None
    users = AwsClient(COGNITO, config.region)
    return CognitoAccounts(users, config.user_pool_id, client, tables.events)


def _webhooks(client: DynamoDBClient, orders_table: str) -> WebhookRegistry:
    # Imported here: few requests are about webhooks, and a cold start should not pay for them.
    from orders_aws.webhook_registry import QueuedWebhooks

    return QueuedWebhooks(client, orders_table)


def _cached(store: Store, config: settings.Settings, telemetry: LambdaTelemetry) -> Store:
    # Imported here, so that deployments without a cache do not pay for it at each cold start.
    from orders_aws.cache.redis_client import RedisClient
    from orders_aws.cache.store import CachedOrderRepository

    return CachedOrderRepository(store, RedisClient(config.cache_url), config.table, telemetry.looked_up)


# At import: Lambda gives a starting function a full CPU, and reports a fault here as one of its start.
_application = build(settings.read())


def handler(event: ProxyEvent, context: object) -> ProxyResponse:
    """Lambda's entry point: answer before the invocation's time is over, also when DynamoDB does not."""
    INVOCATION.begin(context)
    return _application(event, context)
