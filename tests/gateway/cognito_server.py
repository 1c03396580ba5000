"""Serves a user pool over HTTP as the host does, with nothing around it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import uvicorn

from orders_host.user_pool import CognitoEndpoint, UserPool

Message = MutableMapping[str, Any]


@contextmanager
def served(pool: UserPool) -> Iterator[str]:
    """The URL of the pool's Cognito API, on a free port."""
    endpoint = CognitoEndpoint(pool)

    async def app(
        scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        body = b""
        while (message := await receive()).get("more_body"):
            body += message["body"]
        body += message.get("body", b"")
        target = dict(scope["headers"]).get(b"x-amz-target", b"").decode()
        reply = await endpoint(target, body, scope["client"][0])
        headers = [(name.lower().encode(), value.encode()) for name, value in reply.headers.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})

    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off"))
    started = threading.Event()

    async def serve() -> None:
        config = server.config
        config.load()
        server.lifespan = config.lifespan_class(config)
        await server.startup()
        started.set()
        await server.main_loop()
        await server.shutdown()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    started.wait()
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/cognito"
    finally:
        server.should_exit = True
        thread.join()
        endpoint.close()
