"""Puts the host together from its options, and runs it until it is told to stop."""

import asyncio
import importlib
import os
import socket
import sqlite3
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from functools import partial
from typing import Final

import uvicorn

import orders_contract as contract
from orders_core.application import Application
from orders_core.stores import Store, StoreUnavailable
from orders_host.access_log import AccessLog
from orders_host.api import api_routes
from orders_host.api_keys import ApiKeys
from orders_host.app import Dependencies, Gateway
from orders_host.authorizer import Authorizer
from orders_host.certificate import check_certificate
from orders_host.connection_table import ConnectionTable, raise_descriptor_limit
from orders_host.connections import BoundedConnection
from orders_host.data_dir import EVENTS_DB, GATEWAY_DB, MAIL, exclusive
from orders_host.database import Database
from orders_host.exports import OrderExports
from orders_host.file_identity import FileIdentity
from orders_host.forwarding import TrustedProxies
from orders_host.held_telemetry import HeldTelemetry
from orders_host.invocation import GroupCommit, Invocation, Threaded
from orders_host.mail.letter import Mail
from orders_host.mail.mailbox import Mailbox
from orders_host.metrics import PrometheusTelemetry
from orders_host.options import DynamoDBStore, InvalidOption, Options, parse_store
from orders_host.pages import Pages
from orders_host.relay import ORDERS_DB, Relay
from orders_host.retention import Retention
from orders_host.routing import Router
from orders_host.scrubbing import Scrubbing
from orders_host.server import GRACEFUL_SECONDS, BoundedServer, descriptors_of, ignore_hangup
from orders_host.service_manager import READY, STOPPING, inherited_listener, notify
from orders_host.spans import Export, SpanningTelemetry
from orders_host.sqlite import SqliteOrderRepository
from orders_host.sqlite_file import SchemaTooNew
from orders_host.sse import EventStreams
from orders_host.throttling import PLANS, Plan, Quotas, Throttle
from orders_host.user_pool import UserPool
from orders_host.user_pool.erasure import UserRecords
from orders_host.user_pool.sealing import Seal, WrongKey, read_key

_BACKLOG: Final = 2048

Background = Relay | Retention | Scrubbing
"""What runs beside the requests."""

_QUOTA_FLUSH_SECONDS: Final = 1.0
_DEFAULT_REGION: Final = "eu-west-1"


def serve(options: Options, announce: Callable[[str], None]) -> None:
    """Run until SIGTERM or SIGINT; requests in flight are answered first.

    `announce` is called with the host's URL when it can be used.

    Raises:
        InvalidOption: the options can't be served: a port in use, a directory that can't be written.
    """
    options.check()
    ignore_hangup()
    with ExitStack() as stack:
        listener = stack.enter_context(listen(options))
        url = f"{options.scheme}://{_authority(options.host, listener.getsockname()[1])}"
        gateway, end_streams = _assemble(options, url, stack)
        proxies = TrustedProxies(options.trusted_proxies) if options.trusted_proxies else None
        max_connections = raise_descriptor_limit()
        connections = ConnectionTable(max_connections, is_proxy=proxies.__contains__ if proxies else None)
        config = uvicorn.Config(
            gateway,
            http=partial(BoundedConnection, connections, proxies),  # type: ignore[arg-type]
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="on",
            proxy_headers=False,
            ssl_certfile=options.certfile,
            ssl_keyfile=options.keyfile,
            timeout_graceful_shutdown=GRACEFUL_SECONDS,
        )
        if options.certfile is not None and options.keyfile is not None:
            check_certificate(options.certfile, options.keyfile)
        try:
            config.load()
        except ssl.SSLError as error:
            raise InvalidOption(
                f"can't be used: {error}", certfile=options.certfile, keyfile=options.keyfile
            ) from error

        def ready() -> None:
            announce(url)
            notify(READY)

        def stopping() -> None:
            notify(STOPPING)
            end_streams()

        server = BoundedServer(config, connections, ready, stopping)
        server.run(sockets=descriptors_of(listener, max_connections))


def _assemble(options: Options, url: str, stack: ExitStack) -> tuple[Gateway, Callable[[], None]]:
    """The gateway, and what ends its event streams."""
    try:
        stack.enter_context(exclusive(options.data_dir))
        gateway_db = Database(options.data_dir / GATEWAY_DB)
    except (OSError, sqlite3.Error, SchemaTooNew) as error:
        raise InvalidOption(f"can't be used: {error}", data_dir=options.data_dir) from error
    stack.callback(gateway_db.close)
    telemetry = PrometheusTelemetry()
    pool = UserPool(
        gateway_db,
        _mail(options, gateway_db, telemetry, stack),
        f"{options.base_url}/cognito" if options.base_url else None,
        first_base_url=f"{url}/cognito",
        seal=_seal(options),
        requires_mfa=options.require_mfa,
        rotate_keys_days=options.rotate_keys_days,
    )
    try:
        pool.software_tokens.check_key()
    except WrongKey as error:
        raise InvalidOption(f"does not fit: {error}.", mfa_key_file=options.mfa_key_file) from error
    access_log = AccessLog()
    stack.callback(access_log.close)
    document = contract.build(options.base_url or "/")
    export = _exporter(options, stack)
    invocation, relay, background, exports = _invocation(options, telemetry, export, gateway_db, stack)
    cors = options.cors_allow_origin
    streams = EventStreams(relay.feed if relay else None, cors)
    pages = Pages(document, _config(options, pool), pool, invocation, telemetry, options)
    stack.callback(pages.close)
    quotas = Quotas(gateway_db)
    # Of two routes for one path the later one counts: a stream instead of the application's refusal.
    routes = [
        *api_routes(document, invocation, cors),
        *streams.routes,
        *(exports.routes if exports else ()),
        *pages.routes,
    ]
    if any(f"{route.template}/".startswith(f"{options.root_path}/") for route in routes if options.root_path):
        raise InvalidOption(
            "ends with a path that the host uses itself: choose another.", public_url=options.public_url
        )
    parts = Dependencies(
        router=Router(routes),
        throttle=Throttle(Plan(options.rate_limit, options.burst), quotas, _plans(options.daily_quota)),
        api_keys=ApiKeys(gateway_db),
        require_api_key=options.require_api_key,
        authorizer=_authorizer(options, pool),
        telemetry=telemetry,
        access_log=access_log,
        export=export,
        cors_allow_origin=cors,
        root_path=options.root_path,
    )

    def end_streams() -> None:
        streams.close()
        if exports:
            exports.close()

    return Gateway(parts, _lifespan(quotas, background)), end_streams


def _mail(options: Options, database: Database, telemetry: PrometheusTelemetry, stack: ExitStack) -> Mail:
    if options.mail_url is None or options.mail_from is None:
        return Mailbox(options.data_dir / MAIL, show_codes=options.demo)
    from orders_host.mail.postman import Postman
    from orders_host.mail.smtp import parse_mail_url

    postman = Postman(database, parse_mail_url(options.mail_url), options.mail_from, telemetry.mailed)
    stack.enter_context(postman.running())
    return postman.queue


def _invocation(
    options: Options,
    telemetry: PrometheusTelemetry,
    export: Export | None,
    gateway_db: Database,
    stack: ExitStack,
) -> tuple[Invocation, Relay | None, list[Background], OrderExports | None]:
    """The application over its store, its events' relay, what runs in the background, and its exports.

    A table's events have a stream of their own, and are not this host's to relay or to prune.
    """
    accounts = UserRecords(gateway_db, options.data_dir)
    table = parse_store(options.store, os.environ.get("AWS_REGION", _DEFAULT_REGION))
    if table is not None:
        return _over_dynamodb(table, options, telemetry, export, accounts, stack), None, [], None
    try:
        store = SqliteOrderRepository(options.data_dir / ORDERS_DB, accounts, lambda: relay.webhooks)
        stack.callback(store.close)
        relay = Relay(options.data_dir, count_fault=telemetry.relay_failed)
    except (SchemaTooNew, StoreUnavailable, OSError, sqlite3.Error) as error:
        raise InvalidOption(f"can't be used: {error}", data_dir=options.data_dir) from error
    stack.callback(relay.close)
    spanning = SpanningTelemetry(telemetry, export, "sqlite") if export else telemetry
    held = HeldTelemetry(spanning)
    application = Application(store, held, options.cors_allow_origin)
    verify = FileIdentity(options.data_dir / ORDERS_DB).check
    commits = GroupCommit(application, store, relay.feed.wake, relay.probe, held, verify)
    events_db = options.data_dir / EVENTS_DB
    retention = Retention(store, events_db, commits.exclusively, options.keep_events_days)
    scrubbing = Scrubbing(store, gateway_db, options.data_dir, commits.exclusively)
    exports = OrderExports(store, commits.beside, options.cors_allow_origin)
    return commits, relay, [relay, retention, scrubbing], exports


def _over_dynamodb(
    table: DynamoDBStore,
    options: Options,
    telemetry: PrometheusTelemetry,
    export: Export | None,
    accounts: UserRecords,
    stack: ExitStack,
) -> Invocation:
    # Only for this store: the signer alone takes a tenth of a second to import.
    from orders_aws.cache.redis_client import RedisClient
    from orders_aws.cache.store import CachedOrderRepository
    from orders_aws.dynamodb import store as dynamodb
    from orders_aws.dynamodb.client import DynamoDBClient, RequestRefused
    from orders_aws.webhook_registry import QueuedWebhooks

    try:
        client = DynamoDBClient(table.region, table.endpoint_url)
        client.call("DescribeTable", {"TableName": table.table})
    except (RequestRefused, StoreUnavailable) as error:
        raise InvalidOption(f"can't be used: {error}", store=options.store) from error
    stack.callback(client.close)
    webhooks = QueuedWebhooks(client, table.table)
    tables = dynamodb.Tables.beside(table.table)
    store: Store = dynamodb.DynamoDBStore(client, tables, accounts, lambda: webhooks)
    if options.cache_url is not None:
        cache = RedisClient(options.cache_url)
        stack.callback(cache.close)
        store = CachedOrderRepository(store, cache, table.table, telemetry.looked_up)
    spanning = SpanningTelemetry(telemetry, export, "aws.dynamodb") if export else telemetry
    return Threaded(Application(store, spanning, options.cors_allow_origin), store)


def _exporter(options: Options, stack: ExitStack) -> Export | None:
    if options.otlp_endpoint is None:
        return None
    from orders_host.otlp import OtlpExporter

    exporter = OtlpExporter(options.otlp_endpoint)
    stack.callback(exporter.close)
    return exporter.export


def _seal(options: Options) -> Seal:
    if options.mfa_key_file is None:
        return Seal()
    try:
        return Seal(read_key(options.mfa_key_file))
    except ValueError as error:
        raise InvalidOption(str(error), mfa_key_file=options.mfa_key_file) from error
    except OSError as error:
        raise InvalidOption(f"can't be read: {error.strerror}.", mfa_key_file=options.mfa_key_file) from error


def _authorizer(options: Options, pool: UserPool) -> Authorizer:
    if options.jwt_issuer is None or options.jwt_audience is None:
        return Authorizer(pool.keys, pool.issuers, pool.client_id, sessions=pool.tokens)
    from orders_host.oidc_keys import OidcKeys

    is_cognito = ".amazonaws.com/" in options.jwt_issuer
    return Authorizer(
        OidcKeys(options.jwt_issuer),
        options.jwt_issuer,
        options.jwt_audience,
        ("RS256", "ES256"),
        id_token_only=is_cognito,
    )


def _config(options: Options, pool: UserPool) -> dict[str, str | None]:
    return {
        "environment": "local",
        "region": "local",
        "store": options.store.partition(":")[0],
        "mail": "folder" if options.mail_url is None else "smtp",
        "user_pool_id": pool.pool_id,
        "client_id": options.jwt_audience or pool.client_id,
    }


def _plans(daily_quotas: dict[str, int]) -> dict[str, Plan]:
    return {name: plan._replace(daily=daily_quotas.get(name)) for name, plan in PLANS.items()}


@asynccontextmanager
async def _lifespan(quotas: Quotas, background: list[Background]) -> AsyncIterator[None]:
    """Run the parts of the background; save what was counted of the daily quotas, every second and last."""
    # The first request with a token should not wait for this import.
    asyncio.get_running_loop().run_in_executor(None, importlib.import_module, "joserfc.jwt")
    task = asyncio.create_task(_flush_forever(quotas))
    try:
        async with AsyncExitStack() as stack:
            for part in background:
                await stack.enter_async_context(part.running())
            yield
    finally:
        task.cancel()
        quotas.flush()


async def _flush_forever(quotas: Quotas) -> None:
    while True:
        await asyncio.sleep(_QUOTA_FLUSH_SECONDS)
        await asyncio.to_thread(quotas.flush)


def listen(options: Options) -> socket.socket:
    """The socket that the host's clients connect to; a service manager's, if it hands one over.

    Raises:
        InvalidOption: the address or the port can't be used.
    """
    inherited = inherited_listener()
    if inherited is not None:
        return inherited
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            options.host, options.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # asyncio sets TCP_NODELAY only where the protocol is named, which the server's sockets are not;
        # accepted sockets inherit it from the listener. Measured under load it made no difference.
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        raise InvalidOption(
            f"can't be used: {error.strerror}; choose another.", host=options.host, port=options.port
        ) from error
    return listener


def _authority(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
