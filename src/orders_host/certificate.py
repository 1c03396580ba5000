"""Looks at a TLS certificate and its key before they are used, and says which of them is wrong and why."""

from pathlib import Path

from orders_host.options import InvalidOption


def check_certificate(certfile: Path, keyfile: Path) -> None:
    """Return if the key belongs to the first certificate of the chain.

    OpenSSL would name neither file nor fault (`[SSL] PEM lib`), and would ask for a passphrase.

    Raises:
        InvalidOption: one of the files can't be read or is not what it must be, or they don't go together.
    """
    # Only where there is a certificate: it takes a while to import.
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from cryptography.x509 import load_pem_x509_certificates

    certificates, private = _read("certfile", certfile), _read("keyfile", keyfile)
    try:
        chain = load_pem_x509_certificates(certificates)
    except ValueError:
        raise InvalidOption("holds no certificate in PEM.", certfile=certfile) from None
    try:
        key = load_pem_private_key(private, None)
    except TypeError:
        raise InvalidOption(
            "is encrypted: write it without a passphrase, by openssl pkey.", keyfile=keyfile
        ) from None
    except ValueError:
        raise InvalidOption("holds no private key in PEM.", keyfile=keyfile) from None
    if chain[0].public_key() != key.public_key():
        raise InvalidOption("do not go together.", certfile=certfile, keyfile=keyfile)


def _read(name: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidOption(f"can't be read: {error.strerror}.", **{name: path}) from None
