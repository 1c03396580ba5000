"""Mail leaves through a real server, in the user's language, and none is lost on the way."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.gateway.conftest import ANA, PASSWORD, Clock
from tests.hosts import cognito
from tests.hosts.own import add_user, own_host
from tests.real_parts import mail_server as real
from tests.real_parts.certificate import certificate
from tests.real_parts.mail_server import Postbox, mail_server
from tests.real_parts.process import free_port

from orders_host.database import Database
from orders_host.mail.letter import Letter
from orders_host.mail.mail_queue import DELAYS_SECONDS
from orders_host.mail.postman import Outcome, Postman
from orders_host.mail.smtp import MailServer, Security, is_sender, parse_mail_url
from orders_host.options import InvalidOption, Options
from orders_host.user_pool import UserPool, self_service
from orders_host.user_pool.codes import LIFE, Purpose

SENDER = "Shop <shop@example.com>"
LUIS = "luis@example.com"
CREDENTIALS = "shop:p%40ss%2Fword"


@pytest.fixture
def outcomes() -> list[str]:
    return []


def postman_for(url: str, database: Database, clock: Clock, outcomes: list[str]) -> Postman:
    return Postman(database, parse_mail_url(url), SENDER, outcomes.append, clock)


def leave(postman: Postman, clock: Clock, subject: str = "Your code", life: float = 3_600) -> None:
    postman.queue.deliver(Letter(LUIS, subject, f"{subject}: 123456\n", clock.now + life))


def waiting(database: Database) -> int:
    return len(database.rows("SELECT * FROM mail"))


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that this process trusts."""
    made = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made[0]))
    return made


# The URL


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://localhost", MailServer(Security.NONE, "localhost", 25)),
        ("smtp://127.0.0.1:2525/", MailServer(Security.NONE, "127.0.0.1", 2525)),
        ("smtps://mail.example", MailServer(Security.TLS, "mail.example", 465)),
        (
            f"smtp+starttls://{CREDENTIALS}@mail.example",
            MailServer(Security.STARTTLS, "mail.example", 587, "shop", "p@ss/word"),
        ),
    ],
)
def test_the_scheme_says_how_the_connection_is_secured(url: str, server: MailServer) -> None:
    assert parse_mail_url(url) == server


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("mail.example", "is not known"),
        ("http://mail.example", "is not known"),
        ("smtps://", "is not known"),
        ("smtps://mail.example/path", "is not known"),
        ("smtp://user:secret@mail.example", "readable by everyone"),
        ("smtps://user@mail.example", "and not the other"),
        ("smtps://user:secret@mail.example:70000", "a port that is none"),
    ],
)
def test_a_url_that_can_t_be_used_is_refused_without_its_password(url: str, why: str) -> None:
    with pytest.raises(InvalidOption, match=why) as refused:
        Options(mail_url=url, mail_from=SENDER).check()
    assert "secret" not in str(refused.value)


def test_url_and_sender_go_together() -> None:
    Options(mail_url="smtp://localhost", mail_from=SENDER).check()
    for options in (Options(mail_url="smtp://localhost"), Options(mail_from=SENDER)):
        with pytest.raises(InvalidOption, match="go together"):
            options.check()
    with pytest.raises(InvalidOption, match="no address"):
        Options(mail_url="smtp://localhost", mail_from="nobody").check()


def test_a_sender_is_one_address() -> None:
    assert is_sender("shop@example.com")
    assert is_sender(SENDER)
    assert not any(map(is_sender, ("", "shop", "a@b.c\nBcc: d@e.f", "a@b@c")))


# Over the wire


@pytest.mark.parametrize("scheme", ["smtp+starttls", "smtps"])
def test_a_letter_goes_out_encrypted_and_signed_in(
    scheme: str, database: Database, clock: Clock, outcomes: list[str], trusted: tuple[Path, Path]
) -> None:
    with mail_server(trusted, starttls=scheme == "smtp+starttls") as (postbox, port):
        postman = postman_for(f"{scheme}://{CREDENTIALS}@127.0.0.1:{port}", database, clock, outcomes)
        leave(postman, clock)
        postman.send_due()
    (message,) = postbox.received
    assert (message["From"], message["To"], message["Subject"]) == (SENDER, LUIS, "Your code")
    assert message["Date"] == "Tue, 24 Nov 2026 12:00:00 -0000"
    assert str(message["Message-ID"]).endswith("@example.com>")
    assert message.get_content() == "Your code: 123456\n"
    assert outcomes == [Outcome.SENT]
    assert waiting(database) == 0


@pytest.mark.parametrize(
    ("credentials", "trusts", "why"),
    [
        ("shop:wrong", True, r"does not take the user and password \(535\)"),
        (CREDENTIALS, False, "certificate verify failed"),
    ],
)
def test_neither_a_stranger_nor_an_unknown_certificate_gets_a_letter(
    credentials: str,
    trusts: bool,
    why: str,
    database: Database,
    clock: Clock,
    outcomes: list[str],
    trusted: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    if not trusts:
        monkeypatch.delenv("SSL_CERT_FILE")
    with mail_server(trusted) as (postbox, port):
        postman = postman_for(f"smtp+starttls://{credentials}@127.0.0.1:{port}", database, clock, outcomes)
        leave(postman, clock)
        postman.send_due()
    assert not postbox.received
    assert outcomes == [Outcome.RETRIED]
    assert re.search(why, caplog.text)
    assert "wrong" not in caplog.text


def test_a_server_without_tls_gets_no_letter_that_was_to_be_encrypted(
    database: Database, clock: Clock, outcomes: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    with mail_server() as (postbox, port):
        postman = postman_for(f"smtp+starttls://127.0.0.1:{port}", database, clock, outcomes)
        leave(postman, clock)
        postman.send_due()
    assert not postbox.received
    assert "STARTTLS extension not supported" in caplog.text


# The queue


@pytest.fixture
def plain(database: Database, clock: Clock, outcomes: list[str]) -> Iterator[tuple[Postman, Postbox]]:
    with mail_server() as (postbox, port):
        yield postman_for(f"smtp://127.0.0.1:{port}", database, clock, outcomes), postbox


def test_a_letter_waits_longer_and_longer_for_a_server_that_is_away(
    database: Database, clock: Clock, outcomes: list[str]
) -> None:
    port = free_port()
    postman = postman_for(f"smtp://127.0.0.1:{port}", database, clock, outcomes)
    leave(postman, clock)
    for attempt, delay in enumerate((*DELAYS_SECONDS, DELAYS_SECONDS[-1]), 1):
        postman.send_due()
        assert outcomes == [Outcome.RETRIED] * attempt
        assert postman.queue.seconds_until_due() == delay
        clock.advance(delay - 1)
        postman.send_due()
        assert len(outcomes) == attempt, "it is not due yet"
        clock.advance(1)
    with mail_server(port=port) as (postbox, _):
        postman.send_due()
    assert len(postbox.received) == 1


def test_an_attempt_that_is_repeated_keeps_its_id(
    plain: tuple[Postman, Postbox], clock: Clock, database: Database
) -> None:
    postman, postbox = plain
    postbox.to_text = "451 Greylisted"
    leave(postman, clock)
    postman.send_due()
    postbox.to_text = real.ACCEPTED
    clock.advance(DELAYS_SECONDS[0])
    postman.send_due()
    first, second = postbox.offered
    assert first == second
    assert waiting(database) == 0


@pytest.mark.parametrize("step", ["to_recipient", "to_text"])
def test_what_is_refused_for_good_is_given_up_and_the_others_go_on(
    step: str,
    plain: tuple[Postman, Postbox],
    clock: Clock,
    outcomes: list[str],
    database: Database,
    caplog: pytest.LogCaptureFixture,
) -> None:
    postman, postbox = plain
    setattr(postbox, step, f"550 <{LUIS}> is unknown here")
    leave(postman, clock)
    postman.send_due()
    assert outcomes == [Outcome.GIVEN_UP]
    assert waiting(database) == 0
    assert "(550)" in caplog.text
    assert LUIS not in caplog.text


def test_one_letter_that_must_wait_does_not_hold_up_the_next(
    plain: tuple[Postman, Postbox], clock: Clock, outcomes: list[str], database: Database
) -> None:
    postman, postbox = plain
    postbox.to_recipient = "452 Mailbox full"
    leave(postman, clock)
    leave(postman, clock)
    postman.send_due()
    assert outcomes == [Outcome.RETRIED, Outcome.RETRIED]
    assert waiting(database) == 2


def test_a_letter_with_an_expired_code_is_not_sent(
    plain: tuple[Postman, Postbox], clock: Clock, outcomes: list[str]
) -> None:
    postman, postbox = plain
    leave(postman, clock, life=60)
    clock.advance(60)
    postman.send_due()
    assert outcomes == [Outcome.GIVEN_UP]
    assert not postbox.received


def test_a_clock_that_was_set_back_delays_no_letter(plain: tuple[Postman, Postbox], clock: Clock) -> None:
    postman, postbox = plain
    leave(postman, clock)
    clock.advance(-86_400)
    assert (postman.queue.seconds_until_due() or 0) <= DELAYS_SECONDS[-1]
    postman.send_due()
    assert len(postbox.received) == 1


def test_letters_outlive_the_process(
    database: Database, tmp_path: Path, clock: Clock, outcomes: list[str]
) -> None:
    leave(postman_for("smtp://127.0.0.1:1", database, clock, outcomes), clock)
    reopened = Database(tmp_path / "gateway.db")
    with mail_server() as (postbox, port):
        postman_for(f"smtp://127.0.0.1:{port}", reopened, clock, outcomes).send_due()
    reopened.close()
    assert len(postbox.received) == 1


def test_a_server_that_falls_silent_does_not_keep_the_host_from_stopping(
    database: Database, clock: Clock, outcomes: list[str]
) -> None:
    asked = threading.Event()

    def greet_and_fall_silent(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"220 mail.test\r\n")
            connection.recv(1_024)
            connection.sendall(b"250 mail.test\r\n")
            connection.recv(1_024)
            asked.set()
            connection.recv(1_024)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        silent = threading.Thread(target=greet_and_fall_silent, args=(listener,))
        silent.start()
        postman = postman_for(f"smtp://127.0.0.1:{listener.getsockname()[1]}", database, clock, outcomes)
        with postman.running():
            leave(postman, clock)
            assert asked.wait(10)
        silent.join()
    assert outcomes == [Outcome.RETRIED]
    assert waiting(database) == 1


# What the pool writes


@pytest.mark.parametrize(
    ("locale", "subject", "explanation"),
    [
        (None, "Your password reset code", "Enter it within 1 h"),
        ("en-GB", "Your password reset code", "Enter it within 1 h"),
        ("fr", "Your password reset code", "Enter it within 1 h"),
        ("es", "Tu código para cambiar la contraseña", "antes de 1 h"),
        ("es_MX", "Tu código para cambiar la contraseña", "antes de 1 h"),
    ],
)
def test_a_code_comes_in_the_users_language(
    locale: str | None,
    subject: str,
    explanation: str,
    plain: tuple[Postman, Postbox],
    database: Database,
    clock: Clock,
) -> None:
    postman, postbox = plain
    pool = UserPool(database, postman.queue, clock=clock)
    if locale:
        self_service.update_attributes(pool, pool.user(ANA), {"locale": locale})
    self_service.forgot_password(pool, ANA)
    postman.send_due()
    (message,) = postbox.received
    assert message["Subject"] == subject
    assert re.match(rf"{subject}: \d{{6}}\n\n", message.get_content())
    assert explanation in message.get_content()


def test_a_letter_is_kept_no_longer_than_its_code_can_be_used(
    plain: tuple[Postman, Postbox], database: Database, clock: Clock
) -> None:
    self_service.forgot_password(UserPool(database, plain[0].queue, clock=clock), ANA)
    assert plain[0].queue.due(1)[0].letter.expires_at == clock.now + LIFE[Purpose.RESET]


def test_a_host_sends_what_users_ask_for_and_logs_no_address(tmp_path: Path) -> None:
    data = tmp_path / "data"
    add_user(data, ANA)
    with mail_server() as (postbox, port):
        options = ("--mail-url", f"smtp://127.0.0.1:{port}", "--mail-from", SENDER)
        with own_host(data, *options) as host, host.client() as client:
            config = client.get("/config.json").json()
            pool = cognito(config["cognito_url"])
            pool.forgot_password(ClientId=config["client_id"], Username=ANA)
            assert postbox.arrived.wait(30)
            (found,) = re.findall(r": (\d{6})\n", postbox.received[0].get_content())
            pool.confirm_forgot_password(
                ClientId=config["client_id"], Username=ANA, ConfirmationCode=found, Password=PASSWORD
            )
        log = Path(host.server.log).read_text()
    assert "mail 1 is sent" in log
    assert ANA not in log
    assert found not in log
    assert not (data / "mail").exists()
