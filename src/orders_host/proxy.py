"""What the gateway reads of an HTTP request (ASGI), and a proxy response as an HTTP response."""

from typing import NamedTuple

from orders_core.problems import payload_too_large
from orders_core.proxy import ProxyResponse
from orders_core.schemas import MAX_BODY_BYTES
from orders_host.addresses import unmapped
from orders_host.asgi import Receive, Scope, Send


class HttpRequest(NamedTuple):
    """What the pipeline reads of a request; header names are in lower case.

    `root_path` is what clients put before `path` (as in ASGI), which is one of the host's own paths.
    """

    id: str
    method: str
    path: str
    headers: dict[str, str]
    query_string: str
    address: str
    scheme: str
    root_path: str = ""

    @property
    def base_url(self) -> str:
        """The host's URL as the client sees it."""
        return f"{self.scheme}://{self.headers.get('host', '127.0.0.1')}{self.root_path}"


def http_request(scope: Scope, request_id: str, root_path: str = "") -> HttpRequest:
    """Return what the gateway reads of an ASGI scope; a proxy may have removed `root_path` from the path."""
    client = scope.get("client")
    query = scope["query_string"].decode("latin-1")
    address = unmapped(client[0]) if client else "unix"
    headers = _headers(scope["headers"])
    path = scope["path"]
    if root_path and f"{path}/".startswith(f"{root_path}/"):
        path = path.removeprefix(root_path) or "/"
    return HttpRequest(request_id, scope["method"], path, headers, query, address, scope["scheme"], root_path)


async def read_body(request: HttpRequest, receive: Receive) -> bytes:
    """The whole body.

    Raises:
        Problem: 413 as soon as it is known to be larger than the API takes.
        ConnectionResetError: the client went away before it was sent.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > MAX_BODY_BYTES:
        raise payload_too_large()
    body = b""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionResetError("the client went away")
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MAX_BODY_BYTES:
            raise payload_too_large()
    return body


async def send_response(send: Send, response: ProxyResponse, more: dict[str, str]) -> int:
    """Send a proxy response, with more headers of the gateway's own; returns the bytes of its body."""
    body = response["body"].encode()
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for part in (response["headers"], more)
        for name, value in part.items()
    ]
    if response["statusCode"] not in (204, 304):
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": response["statusCode"], "headers": headers})
    await send({"type": "http.response.body", "body": body})
    return len(body)


def _headers(pairs: list[tuple[bytes, bytes]]) -> dict[str, str]:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in pairs}
    if len(headers) == len(pairs):
        return headers
    # One line instead of several is the same field (RFC 9110 §5.3), and no token or key if it should be one.
    lines: dict[str, list[str]] = {}
    for name, value in pairs:
        lines.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
    return {name: ", ".join(values) for name, values in lines.items()}
