"""One attempt to deliver, against endpoints that behave and endpoints that do not."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec.structs import replace
from standardwebhooks import Webhook as Verifier
from tests.events.endpoints import OK, Endpoint, Request, Talk, answer, listening

from orders_webhooks import http
from orders_webhooks.attempt import DeliveryResult, attempt
from orders_webhooks.payload import Message
from orders_webhooks.schedule import DELAYS_SECONDS, JITTER, MAX_RETRY_AFTER_SECONDS, delay
from orders_webhooks.webhook import Webhook, subscribe

MESSAGE = Message("some-order:1", b'{"type":"order.created"}')
METADATA = "http://169.254.169.254/latest/meta-data/iam/security-credentials/"


def deliver(talk: Talk) -> tuple[DeliveryResult, Endpoint]:
    """What comes of one attempt at an endpoint that talks like this."""

    async def run() -> tuple[DeliveryResult, Endpoint]:
        async with listening(talk) as endpoint:
            return await attempt(a_webhook(endpoint.url()), MESSAGE), endpoint

    return asyncio.run(run())


def a_webhook(url: str) -> Webhook:
    return subscribe(url, (), 0, allow_loopback=True)


def known_as(*addresses: str) -> Callable[[str, int], Awaitable[list[str]]]:
    """A name server that knows these addresses for every name."""

    async def resolver(_: str, __: int) -> list[str]:
        return list(addresses)

    return resolver


def test_a_message_is_delivered_and_verifies() -> None:
    async def run() -> None:
        async with listening(answer(OK)) as endpoint:
            webhook = a_webhook(endpoint.url())
            assert await attempt(webhook, MESSAGE) == DeliveryResult(None)
        (request,) = endpoint.requests
        assert request.line == "POST /hook?key=1 HTTP/1.1"
        assert request.headers["content-type"] == "application/json"
        assert request.headers["host"] == f"127.0.0.1:{endpoint.port}"
        Verifier(webhook.secrets[0].value).verify(request.body, request.headers)

    asyncio.run(run())


@pytest.mark.parametrize("status", ["200 OK", "201 Created", "202", "204 No Content"])
def test_every_2xx_is_a_success(status: str) -> None:
    assert deliver(answer(f"HTTP/1.1 {status}\r\n\r\n".encode()))[0] == DeliveryResult(None)


@pytest.mark.parametrize("status", [400, 401, 404, 500, 503])
def test_every_other_answer_is_a_failure(status: int) -> None:
    result, _ = deliver(answer(f"HTTP/1.1 {status} No\r\n\r\n".encode()))
    assert result == DeliveryResult(f"it answered {status}")


def test_an_informational_answer_is_not_the_answer() -> None:
    assert deliver(answer(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + OK))[0] == DeliveryResult(None)
    result, _ = deliver(answer(b"HTTP/1.1 102 Processing\r\n\r\n" * 100))
    assert result.error == "it answers with informational responses only"


def test_410_is_for_good() -> None:
    assert deliver(answer(b"HTTP/1.1 410 Gone\r\n\r\n"))[0].gone


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int) -> None:
    async def run() -> None:
        async with listening(answer(OK)) as trap:
            for location in (METADATA, trap.url()):
                redirect = answer(f"HTTP/1.1 {status} Moved\r\nLocation: {location}\r\n\r\n".encode())
                async with listening(redirect) as endpoint:
                    result = await attempt(a_webhook(endpoint.url()), MESSAGE)
                    assert result.error == f"it answered {status}: redirects are not followed"
                    assert len(endpoint.requests) == 1
            assert trap.requests == []

    asyncio.run(run())


def test_retry_after_in_seconds_and_as_a_date() -> None:
    assert deliver(answer(b"HTTP/1.1 429 Slow\r\nRetry-After: 120\r\n\r\n"))[0].retry_after == 120
    at = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    result, _ = deliver(answer(f"HTTP/1.1 503 Later\r\nretry-after: {at}\r\n\r\n".encode()))
    assert result.retry_after == pytest.approx(3600, abs=60)
    assert deliver(answer(b"HTTP/1.1 429 Slow\r\nRetry-After: soon\r\n\r\n"))[0].retry_after is None


async def hang(_: Request, __: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def drip(_: Request, writer: asyncio.StreamWriter) -> None:
    """A byte now and then would keep a timeout for each read from ever coming."""
    for byte in OK * 1000:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("talk", [hang, drip])
def test_slowness_ends(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "TOTAL_TIMEOUT_SECONDS", 0.3)
    result, _ = deliver(talk)
    assert result.error is not None
    assert "no answer within" in result.error


def test_a_body_without_end_is_not_waited_for() -> None:
    async def endless(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()

    assert deliver(endless)[0] == DeliveryResult(None)


@pytest.mark.parametrize(
    ("response", "said"),
    [
        (b"", "closed without an answer"),
        (b"HTTP/1.1 200 OK\r\n", "closed without an answer"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "no HTTP"),
        (b"HTTP/1.1 abc\r\n\r\n", "no HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n", "headers exceed"),
    ],
)
def test_nonsense_is_a_failure(response: bytes, said: str) -> None:
    error = deliver(answer(response))[0].error
    assert error is not None
    assert said in error


def test_a_reset_connection_and_a_closed_port_are_failures() -> None:
    async def reset(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    result, endpoint = deliver(reset)
    assert result.error is not None
    result = asyncio.run(attempt(a_webhook(endpoint.url()), MESSAGE))
    assert result.error is not None
    assert "the connection failed" in result.error


def test_a_name_that_leads_inside_gets_nothing() -> None:
    async def run() -> None:
        async with listening(answer(OK)) as endpoint:
            webhook = subscribe(endpoint.url("https", "shop.example.com"), (), 0)
            for addresses in (["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["::ffff:127.0.0.1"]):
                result = await attempt(webhook, MESSAGE, known_as(*addresses))
                assert result.error is not None
                assert "not a public address" in result.error
        assert endpoint.requests == []

    asyncio.run(run())


def test_a_name_is_looked_up_once_an_attempt_so_that_it_cant_change_between() -> None:
    async def run() -> None:
        answers = iter([["127.0.0.1"], ["169.254.169.254"]])

        async def rebinding(_: str, __: int) -> list[str]:
            return next(answers)

        async with listening(answer(OK)) as endpoint:
            webhook = a_webhook(endpoint.url(host="shop.example.com"))
            assert await attempt(webhook, MESSAGE, rebinding) == DeliveryResult(None)
            assert endpoint.requests[0].headers["host"] == f"shop.example.com:{endpoint.port}"
            result = await attempt(webhook, MESSAGE, rebinding)
            assert result.error is not None
            assert "169.254.169.254" in result.error

    asyncio.run(run())


def test_the_next_address_is_tried_when_one_takes_no_connection() -> None:
    async def run() -> None:
        async with listening(answer(OK)) as endpoint:
            webhook = a_webhook(endpoint.url(host="localhost"))
            assert await attempt(webhook, MESSAGE, known_as("127.0.0.9", "127.0.0.1")) == DeliveryResult(None)

    asyncio.run(run())


def test_a_name_server_that_hangs_or_knows_nothing_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "CONNECT_TIMEOUT_SECONDS", 0.1)

    async def silent(_: str, __: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    webhook = subscribe("https://shop.example.com/", (), 0)
    result = asyncio.run(attempt(webhook, MESSAGE, silent))
    assert result.error is not None
    assert "was not found within" in result.error
    nowhere = subscribe("https://no-such-host.invalid/", (), 0)
    result = asyncio.run(attempt(nowhere, MESSAGE))
    assert result.error is not None
    assert "was not found" in result.error


def a_certificate(folder: Path, name: str) -> Path:
    """A key and a certificate that vouches for itself, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.mark.parametrize("name", ["shop.example.com", "another.example.com"])
def test_tls_is_verified_for_the_name_though_the_address_is_pinned(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = a_certificate(tmp_path, name)
    trusting = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr(http, "_contexts", [trusting])
    asked: list[str | None] = []
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    tls.sni_callback = lambda _, server_name, __: asked.append(server_name)

    async def run() -> DeliveryResult:
        async with listening(answer(OK), tls) as endpoint:
            webhook = a_webhook(endpoint.url("https", "shop.example.com"))
            return await attempt(webhook, MESSAGE, known_as("127.0.0.1"))

    result = asyncio.run(run())
    assert asked == ["shop.example.com"]
    if name == "shop.example.com":
        assert result == DeliveryResult(None)
    else:
        assert result.error is not None
        assert "certificate is not valid" in result.error


def test_a_url_that_was_changed_in_the_store_is_checked_again() -> None:
    tampered = replace(a_webhook("http://127.0.0.1/"), url="http://127.0.0.1/", allow_loopback=False)
    result = asyncio.run(attempt(tampered, MESSAGE))
    assert result.error is not None
    assert "not encrypted" in result.error


def test_attempts_go_on_over_hours_with_growing_delays_and_jitter() -> None:
    assert sum(DELAYS_SECONDS) > 12 * 3600
    for number, planned in enumerate(DELAYS_SECONDS, start=1):
        found = {delay(number) for _ in range(50)}
        assert len(found) > 1
        assert all(each and planned * (1 - JITTER) <= each <= planned * (1 + JITTER) for each in found)
    assert delay(len(DELAYS_SECONDS) + 1) is None


def test_an_endpoint_may_ask_for_more_time_but_not_for_ever() -> None:
    assert delay(1, retry_after=600) == 600
    assert delay(1, retry_after=1e9) == MAX_RETRY_AFTER_SECONDS
    longest = delay(len(DELAYS_SECONDS), retry_after=1)
    assert longest is not None
    assert longest > 3600
