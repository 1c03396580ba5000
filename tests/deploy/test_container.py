"""The recipes for containers, as far as they can be proven without Docker: commands, user, health."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.docs.newcomer import ROOT, committed
from tests.hosts.own import own_host
from tests.real_parts.missing import fetch
from tests.real_parts.process import free_port
from tests.real_parts.proxies import RECIPES
from tests.real_parts.shared import made_once

Instruction = tuple[str, str]

HOW = "let pip reach a Python package index"


def stages() -> list[list[Instruction]]:
    """The Dockerfile's instructions, by its stages."""
    text = (RECIPES / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line and not line.startswith("#")]
    found: list[list[Instruction]] = []
    for name, _, arguments in (line.partition(" ") for line in lines):
        if name == "FROM":
            found.append([])
        found[-1].append((name, arguments.strip()))
    return found


def arguments_of(name: str, stage: list[Instruction]) -> list[str]:
    return [arguments for instruction, arguments in stage if instruction == name]


def build(target: Path) -> None:
    """Do what the first stage does, in a folder instead of a container."""
    source, files = target.with_suffix(".src"), set(committed())
    for instruction, arguments in stages()[0]:
        if instruction == "COPY":
            *names, _ = arguments.split()
            for file in files:
                if any(file == name or file.startswith(f"{name}/") for name in names):
                    (source / file).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(ROOT / file, source / file)
        if instruction == "RUN":
            command = arguments.replace("/opt/orders", shlex.quote(str(target)))
            fetch(["sh", "-c", command], "what the image is made of", HOW, source)


def test_the_image_s_commands_make_the_command_line() -> None:
    environment = made_once("image", build)
    (entry,) = arguments_of("ENTRYPOINT", stages()[1])
    (first,) = json.loads(entry)
    asked = [str(environment / "bin" / first), "--version"]
    shown = subprocess.run(asked, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    assert re.search(r"\d+\.\d+", shown.stdout)


def test_what_is_copied_is_there_and_not_ignored() -> None:
    kept = {
        line[1:]
        for line in (RECIPES / "Dockerfile.dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    copied = {name for arguments in arguments_of("COPY", stages()[0]) for name in arguments.split()[:-1]}
    assert copied == kept
    assert all((ROOT / name).exists() for name in copied)


def test_it_does_not_run_as_root() -> None:
    (user,) = arguments_of("USER", stages()[1])
    assert int(user) > 0
    assert f"--uid {user} " in arguments_of("RUN", stages()[1])[0]


@pytest.mark.parametrize("is_up", [True, False])
def test_its_health_is_the_host_s(tmp_path: Path, is_up: bool) -> None:
    (check,) = arguments_of("HEALTHCHECK", stages()[1])
    command = json.loads(check[check.index("[") :])

    def exit_code(port: int) -> int:
        there = [sys.executable, *(part.replace("8080", str(port)) for part in command[1:])]
        return subprocess.run(there, stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode

    if is_up:
        with own_host(tmp_path / "data") as host:
            assert exit_code(host.server.port) == 0
    else:
        assert exit_code(free_port()) != 0


def test_the_host_writes_to_its_data_directory_only(tmp_path: Path) -> None:
    """As on a read-only file system: in a folder and with a home that nothing is written to."""
    before = tmp_path / "nothing"
    before.mkdir()
    env = {"HOME": str(before), "TMPDIR": str(before), "XDG_CACHE_HOME": str(before)}
    with own_host(tmp_path / "data", "--demo", env=env) as host:
        assert host.token("ana@example.com")
    assert list(before.iterdir()) == []


class TestCompose:
    @pytest.fixture
    def services(self) -> dict[str, Any]:
        found: dict[str, Any] = self.document()["services"]
        return found

    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = yaml.safe_load((RECIPES / "compose.yaml").read_text())
        return found

    def test_the_host_has_no_privilege_and_no_port_of_the_machine(self, services: dict[str, Any]) -> None:
        host = services["orders"]
        assert host["read_only"] is True
        assert host["cap_drop"] == ["ALL"]
        assert "ports" not in host

    def test_it_believes_the_network_that_caddy_is_on(self, services: dict[str, Any]) -> None:
        (network,) = services["caddy"]["networks"]
        (config,) = self.document()["networks"][network]["ipam"]["config"]
        assert ip_network(config["subnet"]) == ip_network(
            services["orders"]["environment"]["ORDERS_TRUSTED_PROXIES"]
        )

    def test_the_caddyfile_s_variables_are_set(self, services: dict[str, Any]) -> None:
        used = set(re.findall(r"\{\$(\w+)", (RECIPES / "Caddyfile").read_text()))
        assert used == services["caddy"]["environment"].keys()
