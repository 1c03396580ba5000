"""`/.well-known/security.txt` as RFC 9116 wants it, where the host knows whom to name."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.hosts.own import own_host

MAIL = ("--mail-url", "smtp://localhost", "--mail-from", "Shop <shop@example.com>")


def test_it_names_the_sender_of_the_host_s_mail(tmp_path: Path) -> None:
    with own_host(tmp_path / "data", *MAIL) as host, host.client() as client:
        answer = client.get("/.well-known/security.txt")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    fields = dict(line.split(": ") for line in answer.text.splitlines())
    assert fields["Contact"] == "mailto:shop@example.com"
    left = datetime.fromisoformat(fields["Expires"]) - datetime.now(UTC)
    assert timedelta(days=1) < left < timedelta(days=365)


def test_without_a_sender_it_is_not_there(tmp_path: Path) -> None:
    with own_host(tmp_path / "data") as host, host.client() as client:
        assert client.get("/.well-known/security.txt").status_code == 404
