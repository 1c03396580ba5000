"""docs/own-server.md, followed to the letter on a machine that is a folder: its host, its proxy, its mail."""

import os
import re
import shlex
import shutil
import ssl
import subprocess
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

import httpx

from tests.docs.answers import check
from tests.docs.markdown import blocks
from tests.docs.newcomer import ROOT, committed
from tests.hosts.own import ask_pool
from tests.real_parts.certificate import certificate
from tests.real_parts.mail_server import PASSWORD, USER, mail_server
from tests.real_parts.process import free_port, running
from tests.real_parts.proxies import Place, caddy

PAGE = ROOT / "docs" / "own-server.md"
CUSTOMER = "ana@shop.example"
MAIL = "smtp+starttls://shop:p%40ssword@mail.example:587"

# What only root may do, and to a real machine. systemctl does what a service that runs once says.
STAND_INS = {
    "apt-get": "",
    "useradd": "",
    "runuser": 'shift 3; exec "$@"',
    "install": """
        for word in "$@"; do shift; case $word in -o|-g|orders) ;; *) set -- "$@" "$word" ;; esac; done
        exec /usr/bin/install "$@"
    """,
    "systemctl": """
        [ "$1" = start ] || exit 0
        sed -n 's/^ExecStart=//p' "$MACHINE/etc/systemd/system/$2" | sed 's/%%/%/g' | sh -e
    """,
}


class Machine:
    """A folder whose `opt`, `etc` and `var` stand for the machine's own; what it starts ends with `stack`."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.url = f"https://127.0.0.1:{free_port()}"
        self._stack = stack
        self._certificate = certificate(folder)
        self.environment = {
            "PATH": f"{folder}/bin:{os.environ['PATH']}",
            # curl and the host believe the site's and the mail server's certificate.
            "CURL_CA_BUNDLE": str(self._certificate[0]),
            "SSL_CERT_FILE": str(self._certificate[0]),
            "MACHINE": str(folder),
        }
        self.postbox, self._mail_port = stack.enter_context(mail_server(self._certificate))
        self._host_port = free_port()
        for name in ("etc/systemd/system", "etc/caddy", "opt", "var/lib", "var/backups", "bin"):
            (folder / name).mkdir(parents=True)
        for name, script in STAND_INS.items():
            path = folder / "bin" / name
            path.write_text(f"#!/bin/sh\n{script}\n")
            path.chmod(0o755)

    def rewritten(self, text: str) -> str:
        """The text with this machine's paths, and with its addresses instead of the shop's."""
        mail = f"smtp+starttls://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{self._mail_port}"
        text = text.replace(MAIL, mail).replace("https://shop.example", self.url)
        return re.sub(r"(?<![\w.])/(?=(?:etc|opt|var/lib|var/backups)/)", f"{self.folder}/", text)

    def run(self, script: str) -> str:
        """What the commands print."""
        done = subprocess.run(
            ["bash", "-e", "-c", self.rewritten(script)],
            cwd=self.folder / "checkout",
            env=os.environ | self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
        if "enable --now orders.socket orders.service" in script:
            self._start_host()
        if "reload caddy.service" in script:
            self._start_caddy()
        return done.stdout

    def _start_host(self) -> None:
        """Start what systemd would start, with the same variables, but at a free port."""
        for path in (self.folder / "etc/systemd/system").iterdir():
            path.write_text(self.rewritten(path.read_text()))
        unit = (self.folder / "etc/systemd/system/orders.service").read_text()
        (command,) = re.findall(r"^ExecStart=(.*)$", unit, re.MULTILINE)
        lines = re.findall(r"^Environment=(.*)$", unit, re.MULTILINE)
        for file in re.findall(r"^EnvironmentFile=-?(.*)$", unit, re.MULTILINE):
            lines += Path(file).read_text().splitlines()
        pairs = [shlex.split(line)[0].partition("=") for line in lines]
        env = self.environment | {name: value for name, _, value in pairs}
        env["ORDERS_PORT"] = str(self._host_port)
        log = self.folder / "orders.log"
        self._stack.enter_context(running(shlex.split(command), self._host_port, log, env=env))

    def _start_caddy(self) -> None:
        port = int(self.url.rpartition(":")[2])
        place = Place(self.folder, port, self._certificate, f"127.0.0.1:{self._host_port}")
        self._stack.enter_context(caddy(place, (self.folder / "etc/caddy/Caddyfile").read_text()))


def test_the_page_leads_from_an_empty_machine_to_a_shop(tmp_path: Path) -> None:
    with ExitStack() as stack:
        machine = Machine(tmp_path, stack)
        check_out(tmp_path / "checkout")
        for step, answer in pairwise(blocks(PAGE)):
            if step.language == "sh":
                printed = machine.run(step.text)
                if answer.language == "json":
                    check(answer.language, answer.text, printed)
        assert list((tmp_path / "var/backups/orders").glob("*.tar"))
        check_mail(machine)


def check_out(folder: Path) -> None:
    for name in committed():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)


def check_mail(machine: Machine) -> None:
    """The shop writes to a customer who signs up."""
    certfile = machine.environment["SSL_CERT_FILE"]
    with httpx.Client(base_url=machine.url, verify=ssl.create_default_context(cafile=certfile)) as client:
        config = client.get("/config.json").json()
        ask_pool(client, config, "SignUp", Username=CUSTOMER, Password="Mugs-for-2026!")
    assert machine.postbox.arrived.wait(30)
    assert machine.postbox.received[0]["To"] == CUSTOMER
