"""The units for systemd: well-formed, hardened, and told by the host when it is ready and when it stops."""

import os
import shlex
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from tests.hosts.own import ORDERS, own_host
from tests.real_parts.missing import program
from tests.real_parts.process import START_SECONDS, wait_for_exit
from tests.real_parts.proxies import RECIPES, UPSTREAM

from orders_host.service_manager import inherited_listener, notify

UNITS = ("orders.service", "orders.socket", "orders-backup.service", "orders-backup.timer")
MAX_EXPOSURE = 15
"""Tenths: systemd's own score of what a broken service could reach, from 0 to 10 (systemd-analyze(1))."""


def units(folder: Path) -> list[str]:
    """The units, with the command at its place on this machine."""
    for name in UNITS:
        text = (RECIPES / name).read_text().replace("/opt/orders/bin/orders", str(ORDERS))
        (folder / name).write_text(text)
    return [str(folder / name) for name in UNITS]


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    path = program("systemd-analyze", "systemd-analyze", "apt-get install systemd")
    return subprocess.run(
        [path, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    verified = analyze("verify", *units(tmp_path))
    assert (verified.returncode, verified.stderr) == (0, "")


def test_the_host_may_do_little_on_its_machine(tmp_path: Path) -> None:
    scored = analyze("security", "--offline=true", f"--threshold={MAX_EXPOSURE}", units(tmp_path)[0])
    assert scored.returncode == 0, scored.stdout


@contextmanager
def service_manager(address: str) -> Iterator[socket.socket]:
    """The socket that a service manager listens on."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        manager.settimeout(30)
        yield manager


def test_the_host_says_when_it_is_ready_and_when_it_stops(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with (
        service_manager(address) as manager,
        own_host(tmp_path / "data", env={"NOTIFY_SOCKET": address}) as host,
    ):
        assert manager.recv(100) == b"READY=1"
        assert httpx.get(f"{host.url}/healthz").status_code == 200
        os.kill(host.server.pid, signal.SIGTERM)
        assert manager.recv(100) == b"STOPPING=1"
        assert wait_for_exit(host.server, 30) == 0


def test_a_socket_may_have_no_place_in_the_file_system(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"orders-test-{os.getpid()}"
    monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
    with service_manager(f"\0{name}") as manager:
        notify("READY=1")
        assert manager.recv(100) == b"READY=1"


def test_without_a_service_manager_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify("READY=1")


def test_a_service_manager_that_is_gone_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    notify("READY=1")
    assert "can't be told READY=1" in caplog.text


@contextmanager
def started_on(listener: socket.socket, data_dir: Path, notify_socket: str) -> Iterator[int]:
    """The process id of a host that inherits the listener, as systemd hands it over."""
    serve = shlex.join([str(ORDERS), "serve", "--data-dir", str(data_dir)])
    with subprocess.Popen(
        ["bash", "-c", f"LISTEN_PID=$$ LISTEN_FDS=1 exec {serve} 3<&{listener.fileno()}"],
        pass_fds=[listener.fileno()],
        env=os.environ | {"NOTIFY_SOCKET": notify_socket},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield process.pid
        finally:
            process.terminate()


def test_clients_of_a_socket_unit_wait_while_the_host_is_restarted(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with service_manager(address) as manager, socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/healthz"
        with started_on(listener, tmp_path / "data", address):
            assert manager.recv(100) == b"READY=1"
            assert httpx.get(url).status_code == 200
        assert manager.recv(100) == b"STOPPING=1"
        with socket.create_connection(listener.getsockname(), timeout=START_SECONDS) as client:
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            with started_on(listener, tmp_path / "data", address):
                assert client.recv(100).startswith(b"HTTP/1.1 200 ")


def test_the_socket_unit_listens_where_the_proxies_ask() -> None:
    assert f"ListenStream={UPSTREAM}\n" in (RECIPES / "orders.socket").read_text()


def test_another_process_s_socket_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LISTEN_PID", "1")
    monkeypatch.setenv("LISTEN_FDS", "1")
    assert inherited_listener() is None
