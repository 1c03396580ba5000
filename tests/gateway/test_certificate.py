"""What is wrong with a certificate or its key is said of the file, in a sentence."""

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from tests.real_parts.certificate import certificate

from orders_host.certificate import check_certificate
from orders_host.options import InvalidOption


def no_certificate(certfile: Path, _: Path) -> None:
    certfile.write_text("-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n")


def no_key(_: Path, keyfile: Path) -> None:
    keyfile.write_bytes(b"\x30\x82")


def swapped(certfile: Path, keyfile: Path) -> None:
    text = certfile.read_text()
    certfile.write_text(keyfile.read_text())
    keyfile.write_text(text)


def encrypted(_: Path, keyfile: Path) -> None:
    key = serialization.load_pem_private_key(keyfile.read_bytes(), None)
    keyfile.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )


def of_another(_: Path, keyfile: Path) -> None:
    other = keyfile.parent / "other"
    other.mkdir()
    certificate(other)[1].replace(keyfile)


def unreadable(_: Path, keyfile: Path) -> None:
    keyfile.unlink()
    keyfile.mkdir()


def test_those_that_go_together_are_taken(tmp_path: Path) -> None:
    check_certificate(*certificate(tmp_path))


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (no_certificate, r"^certfile .*cert\.pem holds no certificate in PEM\.$"),
        (no_key, r"^keyfile .*key\.pem holds no private key in PEM\.$"),
        (swapped, r"^certfile .* holds no certificate"),
        (encrypted, r"^keyfile .* is encrypted: write it without a passphrase"),
        (of_another, r"^certfile .* and keyfile .* do not go together"),
        (unreadable, r"^keyfile .* can't be read: Is a directory\.$"),
    ],
)
def test_others_are_refused_by_name(tmp_path: Path, spoil: Callable[[Path, Path], None], says: str) -> None:
    files = certificate(tmp_path)
    spoil(*files)
    with pytest.raises(InvalidOption, match=says):
        check_certificate(*files)
