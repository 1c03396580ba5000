"""The benchmarks' own tools: the client counts right, charts are SVG, load runs keep their bounds."""

import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import repeat
from xml.etree import ElementTree

import pytest
from bench import client, load
from bench.chart import Bar, Group, draw
from click.testing import CliRunner

REQUEST = client.request("GET", "/v1/orders", host="localhost", token="t")


@contextmanager
def server(*pieces: bytes) -> Iterator[int]:
    """The port of a server that answers each request of one connection with `pieces`, one after another."""

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while connection.recv(65_536):
                for piece in pieces:
                    connection.sendall(piece)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def test_the_client_puts_the_pieces_of_a_response_together() -> None:
    with server(b"HTTP/1.1 201 Cre", b"ated\r\ncontent-Length: 4\r\n\r\nab", b"cd") as port:
        result = client.run("127.0.0.1", port, [repeat(REQUEST, 3)], keep_bodies=True)
    assert result.statuses == Counter({201: 3})
    assert result.bodies == [b"abcd"] * 3
    assert len(result.latencies) == 3


def test_the_client_refuses_what_it_cannot_measure() -> None:
    with (
        server(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n") as port,
        pytest.raises(ConnectionError, match="without Content-Length"),
    ):
        client.run("127.0.0.1", port, [repeat(REQUEST)])


def test_percentiles_are_latencies_that_were_seen() -> None:
    result = client.Result([0.1, 0.2, 0.3, 0.4], Counter({200: 4}), seconds=2)
    assert [result.percentile(share) for share in (0, 0.5, 1)] == [0.1, 0.3, 0.4]
    assert result.rate == 2


def test_a_chart_is_svg_and_tells_its_figures_to_those_who_cannot_see_it() -> None:
    chart = ElementTree.fromstring(
        draw("A & B", "", [Group("<GET>", [Bar("one", 1, "1×"), Bar("two", 2, "2×")], 2)])
    )
    assert chart.tag == "{http://www.w3.org/2000/svg}svg"
    assert chart.attrib["aria-label"] == "A & B. <GET>, one: 1×; <GET>, two: 2×"
    lengths = [int(bar.attrib["width"]) for bar in chart.iter("{http://www.w3.org/2000/svg}rect")][1:]
    assert lengths[1] == 2 * lengths[0]


@pytest.mark.parametrize("option", ["--rate=51", "--seconds=121"])
def test_a_load_run_beyond_the_bounds_must_be_asked_for(option: str) -> None:
    result = CliRunner().invoke(load.main, ["http://127.0.0.1:9", "--token=t", option])
    assert result.exit_code == 2
    assert "--unbounded" in result.output


def test_a_load_run_against_nothing_fails() -> None:
    result = CliRunner().invoke(load.main, ["http://127.0.0.1:9", "--token=t", "--seconds=0"])
    assert result.exit_code == 1
    assert "create: 1 × ConnectError" in result.output
