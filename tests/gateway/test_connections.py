"""How many connections there may be, what becomes of clients that do not read, and how the host stops."""

import json
import os
import signal
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from tests.gateway.test_app import wait_until_refused
from tests.hosts.own import MUGS, ORDERS, UNLIMITED, OwnHost, add_user, own_host
from tests.real_parts.certificate import certificate
from tests.real_parts.process import free_port, running, wait_for_exit

from orders_host.connection_table import (
    MAX_PER_ADDRESS,
    MAX_UNREAD_BYTES,
    MIN_READ_BYTES,
    STALLED_SECONDS,
    ConnectionTable,
)
from orders_host.server import DRAIN_SECONDS

STAFF = "staff@example.com"
STOP_SECONDS = 20


class Client:
    """A connection, as far as the table sees it."""

    def __init__(self, last_active: float = 0, *, busy: bool = False, unread: int = 0) -> None:
        self.last_active = last_active
        self.is_idle = not busy
        self.unread_bytes = unread
        self.aborted = False

    def close_if_slow(self, now: float) -> None:
        """Be in time."""

    def abort(self) -> None:
        self.aborted = True


class TestPlaces:
    def test_a_newcomer_takes_the_place_of_its_own_address_longest_silent_connection(self) -> None:
        table = ConnectionTable(10, max_per_address=3)
        mine = [Client(last_active) for last_active in (3, 1, 2)]
        other = Client(0)
        assert table.enter(other, "192.0.2.2")
        assert all(table.enter(each, "192.0.2.1") for each in [*mine, Client(4)])
        assert [each.aborted for each in mine] == [False, True, False]
        assert not other.aborted
        assert len(table) == 4

    def test_a_connection_that_is_being_answered_keeps_its_place(self) -> None:
        table = ConnectionTable(10, max_per_address=2)
        answered = [Client(busy=True), Client(busy=True)]
        assert all(table.enter(each, "192.0.2.1") for each in answered)
        assert not table.enter(Client(), "192.0.2.1")
        assert not any(each.aborted for each in answered)
        table.leave(answered[0])
        assert table.enter(Client(), "192.0.2.1")

    def test_when_all_places_are_taken_the_address_with_most_of_them_gives_one_up(self) -> None:
        table = ConnectionTable(4)
        many, one = [Client(9), Client(8), Client(7)], Client(0)
        for client in many:
            table.enter(client, "192.0.2.1")
        table.enter(one, "192.0.2.2")
        assert table.enter(Client(10), "192.0.2.3")
        assert [each.aborted for each in [*many, one]] == [False, False, True, False]

    def test_a_proxys_connection_counts_for_the_client_whose_request_it_carries(self) -> None:
        table = ConnectionTable(10, max_per_address=2, is_proxy={"10.0.0.1"}.__contains__)
        carried = [Client(busy=True) for _ in range(4)]
        assert all(table.enter(each, "10.0.0.1") for each in carried)
        assert [table.move(each, "192.0.2.1") for each in carried[:3]] == [True, True, False]
        assert table.move(carried[3], "192.0.2.2")
        assert table.move(carried[0], "10.0.0.1")
        assert table.move(carried[2], "192.0.2.1")
        assert not any(each.aborted for each in carried)

    def test_when_all_places_are_taken_a_proxy_gives_up_an_idle_one(self) -> None:
        table = ConnectionTable(3, is_proxy={"10.0.0.1"}.__contains__)
        carried, idle = [Client(busy=True), Client(busy=True)], Client()
        for each in (*carried, idle):
            table.enter(each, "10.0.0.1")
        assert all(table.move(each, "192.0.2.1") for each in carried)
        assert table.enter(Client(), "10.0.0.1")
        assert idle.aborted

    def test_an_ipv6_network_is_one_address_and_a_mapped_address_is_the_ipv4_one(self) -> None:
        table = ConnectionTable(10, max_per_address=1)
        clients = [Client() for _ in range(4)]
        for client, address in zip(
            clients, ("2001:db8::1", "2001:db8::2", "::ffff:192.0.2.1", "192.0.2.1"), strict=True
        ):
            table.enter(client, address)
        assert [each.aborted for each in clients] == [True, False, True, False]


def test_a_clients_requests_through_a_proxy_are_as_many_as_an_addresss_connections(data_dir: Path) -> None:
    def begun(host: OwnHost, client: bytes) -> socket.socket:
        connection = connect(host)
        connection.sendall(
            b"POST /cognito/ HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: %s\r\n" % client
            # The host says when it waits for the body.
            + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        )
        return stack.enter_context(connection)

    with own_host(data_dir, *UNLIMITED, "--trusted-proxies", "127.0.0.1") as host, ExitStack() as stack:
        several = [begun(host, b"192.0.2.1") for _ in range(MAX_PER_ADDRESS)]
        assert {each.recv(1_000)[:13] for each in several} == {b"HTTP/1.1 100 "}
        assert begun(host, b"192.0.2.1").recv(1_000).startswith(b"HTTP/1.1 429 ")
        assert begun(host, b"192.0.2.2").recv(1_000).startswith(b"HTTP/1.1 100 ")
        several[0].sendall(b"{}")
        assert several[0].recv(1_000).startswith(b"HTTP/1.1 400 ")
        assert begun(host, b"192.0.2.1").recv(1_000).startswith(b"HTTP/1.1 100 ")


class TestReading:
    def test_a_client_that_reads_nothing_is_cut_off(self) -> None:
        table, client = ConnectionTable(10), Client(busy=True, unread=100_000)
        table.enter(client, "192.0.2.1")
        table.sweep(0)
        table.sweep(STALLED_SECONDS - 1)
        assert not client.aborted
        table.sweep(STALLED_SECONDS)
        assert client.aborted

    def test_a_client_that_reads_slowly_may_go_on(self) -> None:
        table, client = ConnectionTable(10), Client(busy=True, unread=10 * MIN_READ_BYTES)
        table.enter(client, "192.0.2.1")
        for round_ in range(9):
            table.sweep(round_ * STALLED_SECONDS)
            client.unread_bytes -= MIN_READ_BYTES
        assert not client.aborted

    def test_all_together_leave_no_more_unread_than_there_is_room_for(self) -> None:
        table = ConnectionTable(10)
        clients = [Client(busy=True, unread=MAX_UNREAD_BYTES // 2) for _ in range(4)]
        for now, client in enumerate(clients):
            table.enter(client, "192.0.2.1")
            table.paused(client, now)
        assert [each.aborted for each in clients] == [True, True, False, False]


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with a member of staff and an order that fills a large page."""
    data = tmp_path_factory.mktemp("connections") / "data"
    add_user(data, STAFF, "staff")
    return data


@pytest.fixture
def host(data_dir: Path) -> Iterator[OwnHost]:
    with own_host(data_dir, *UNLIMITED) as running_host:
        yield running_host


def connect(host: OwnHost, receive_buffer: int = 0) -> socket.socket:
    connection = socket.socket()
    if receive_buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.settimeout(30)
    connection.connect(("127.0.0.1", host.server.port))
    return connection


def test_idle_connections_shut_nobody_out_even_with_few_descriptors(tmp_path: Path) -> None:
    port = free_port()
    limited = f"ulimit -n 512; exec {ORDERS} serve --port {port} --data-dir {tmp_path / 'data'}"
    with running(["sh", "-c", limited], port, tmp_path / "log") as server, ExitStack() as stack:
        for _ in range(600):
            stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
        assert httpx.get(f"{server.url}/healthz", timeout=10).status_code == 200
    assert "connections" in (tmp_path / "log").read_text()


def fill(host: OwnHost) -> bytes:
    """Place orders whose listing has several megabytes, and return the request for it."""
    notes = {"notes": "x" * 1_000, "metadata": {f"k{number}": "v" * 200 for number in range(20)}}
    items = [{**MUGS["items"][0], "name": "n" * 200, "product_id": "p" * 64} for _ in range(100)]
    with host.client(STAFF) as client:
        for _ in range(60):
            client.post("/v1/orders", json={"items": items, **notes}).raise_for_status()
        authorization = client.headers["authorization"]
    return f"GET /v1/orders?limit=100 HTTP/1.1\r\nHost: a\r\nAuthorization: {authorization}\r\n\r\n".encode()


def resident_mebibytes(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1_048_576


def test_readers_who_do_not_read_cost_little_and_do_not_keep_the_host_from_stopping(host: OwnHost) -> None:
    request = fill(host)
    with connect(host) as warm:
        warm.sendall(request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        while warm.recv(1_048_576):
            pass
    before = resident_mebibytes(host.server.pid)
    with ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(connect(host, receive_buffer=4_096)).sendall(request)
        # Answered after them all, as they were sent first.
        with host.client() as client:
            for _ in range(20):
                assert client.get("/healthz").status_code == 200
        assert resident_mebibytes(host.server.pid) - before < 64
        os.kill(host.server.pid, signal.SIGTERM)
        assert wait_for_exit(host.server, STOP_SECONDS) == 0


def test_a_request_that_does_not_come_to_its_end_does_not_keep_the_host_from_stopping(host: OwnHost) -> None:
    head = f"POST /v1/orders HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {host.token(STAFF)}\r\n"
    with connect(host) as connection:
        connection.sendall(
            (head + "Content-Length: 100\r\nExpect: 100-continue\r\n\r\n").encode(),
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        begun = time.monotonic()
        os.kill(host.server.pid, signal.SIGTERM)
        assert wait_for_exit(host.server, STOP_SECONDS) == 0
        assert time.monotonic() - begun >= DRAIN_SECONDS - 1  # it had the chance to come


def test_an_answer_of_a_stopping_host_says_that_the_connection_ends(host: OwnHost) -> None:
    body = json.dumps(MUGS).encode()
    head = (
        f"POST /v1/orders HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {host.token(STAFF)}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
    )
    with connect(host) as connection:
        connection.sendall(head.encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        os.kill(host.server.pid, signal.SIGTERM)
        wait_until_refused(host)
        connection.sendall(body)
        answer = b""
        while part := connection.recv(65_536):
            answer += part
    assert answer.startswith(b"HTTP/1.1 201 ")
    assert b"connection: close" in answer.lower()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_is_a_success_and_leaves_whole_files(host: OwnHost, number: signal.Signals) -> None:
    with host.client(STAFF) as client:
        client.post("/v1/orders", json=MUGS).raise_for_status()
        os.kill(host.server.pid, number)
        assert wait_for_exit(host.server, STOP_SECONDS) == 0
    assert not list(host.data_dir.glob("*.db-wal"))
    assert "Traceback" not in Path(host.server.log).read_text()


def test_a_second_signal_ends_the_host_at_once(host: OwnHost) -> None:
    head = f"POST /v1/orders HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {host.token(STAFF)}\r\n"
    with connect(host) as connection:
        connection.sendall((head + "Content-Length: 9\r\nExpect: 100-continue\r\n\r\n").encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        os.kill(host.server.pid, signal.SIGTERM)
        wait_until_refused(host)
        os.kill(host.server.pid, signal.SIGTERM)
        assert wait_for_exit(host.server, STOP_SECONDS) == 128 + signal.SIGTERM


def test_a_terminal_that_goes_away_does_not_stop_the_host(host: OwnHost) -> None:
    os.kill(host.server.pid, signal.SIGHUP)
    with host.client() as client:
        assert client.get("/healthz").status_code == 200


def test_a_certificate_is_read_again_on_demand(data_dir: Path, tmp_path: Path) -> None:
    certfile, keyfile = certificate(tmp_path)
    options = ["--certfile", str(certfile), "--keyfile", str(keyfile)]
    with own_host(data_dir, *options) as host:
        url = host.url.replace("http:", "https:")
        assert asked(url, certfile) == 200
        certificate(tmp_path)
        os.kill(host.server.pid, signal.SIGHUP)
        assert asked(url, certfile) == 200


def asked(url: str, certfile: Path) -> int:
    with httpx.Client(verify=ssl.create_default_context(cafile=certfile)) as client:
        return client.get(f"{url}/healthz").status_code
