"""A DynamoDB stand-in that answers at once, so that only the handlers' own cost differs; it counts requests.

    python -m bench.standin     prints its port, serves until its standard input closes

It keeps items in memory by table and key, checks no signature and evaluates no expression.
`GET /counts` returns the requests since the last such call, by operation.
"""

import asyncio
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any, cast

PAGE = 20

Request = dict[str, Any]
Answer = dict[str, Any]

tables: defaultdict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
counts: Counter[str] = Counter()


def put_item(request: Request) -> Answer:
    tables[request["TableName"]][request["Item"]["order_id"]["S"]] = request["Item"]
    return {}


def get_item(request: Request) -> Answer:
    item = tables[request["TableName"]].get(request["Key"]["order_id"]["S"])
    return {"Item": item} if item else {}


def query(request: Request) -> Answer:
    newest = list(tables[request["TableName"]].values())[: -PAGE - 1 : -1]
    return {"Items": newest, "Count": len(newest), "ScannedCount": len(newest)}


def update_item(request: Request) -> Answer:
    return {"Attributes": tables[request["TableName"]][request["Key"]["order_id"]["S"]]}


def delete_item(request: Request) -> Answer:
    return {"Attributes": tables[request["TableName"]][request["Key"]["order_id"]["S"]]}


OPERATIONS: dict[str, Callable[[Request], Answer]] = {
    "PutItem": put_item,
    "GetItem": get_item,
    "Query": query,
    "UpdateItem": update_item,
    "DeleteItem": delete_item,
}


class Connection(asyncio.Protocol):
    """One keep-alive HTTP/1.1 connection."""

    def __init__(self) -> None:
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, blank, rest = self.buffer.partition(b"\r\n\r\n")
        if not blank:
            return
        first, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", 0))
        if len(rest) < length:
            return
        self.buffer = rest[length:]
        if first.startswith("GET /counts"):
            self.respond(dict(counts))
            counts.clear()
            return
        operation = headers["x-amz-target"].rpartition(".")[2]
        counts[operation] += 1
        self.respond(OPERATIONS[operation](json.loads(rest[:length])))

    def respond(self, answer: Answer) -> None:
        body = json.dumps(answer).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: {len(body)}"
        self.transport.write(f"{head}\r\nx-amzn-RequestId: standin\r\n\r\n".encode() + body)


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
