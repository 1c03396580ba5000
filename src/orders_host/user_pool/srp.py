"""Sign-in by Secure Remote Password (SRP-6a, RFC 5054), with the group and derivations of Cognito's clients.

The client proves that it knows the password without sending it. The server keeps a verifier, v = g^x mod N;
an attacker who has the verifier can test guesses at the cost of one exponentiation each.

    client                                      server
    A = g^a                     USER_SRP_AUTH   B = k*v + g^b, u = H(A | B)
    S = (B - k*g^x)^(a + u*x)   ←  B, salt
    HMAC(HKDF(S), ...)     PASSWORD_VERIFIER →  S = (A * v^u)^b, compares

Source of the derivations: AuthenticationHelper of amazon-cognito-identity-js.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import uuid
from collections.abc import Callable
from typing import Annotated, NamedTuple

import msgspec

from orders_host.database import Database
from orders_host.user_pool.errors import INCORRECT, INVALID_SESSION, CognitoError, invalid_parameter

# The 3072-bit group of RFC 3526 and RFC 5054, appendix A; Cognito uses the generator 2.
N = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7"
    "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C"
    "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
    16,
)
G = 2
_SIZE = 384  # bytes of a member of the group
_EXPONENT_LENGTH = 32  # bytes
MAX_HEX = 2 * _SIZE + 2  # digits of SRP_A, with a leading zero byte
LIFE = 180  # seconds until a challenge expires, as an app client's AuthSessionValidity
_KEY_LENGTH = 16
_SIGNATURE_LENGTH = 32
_INFO = b"Caldera Derived Key"

Member = Annotated[bytes, msgspec.Meta(min_length=_SIZE, max_length=_SIZE)]


class Proof(NamedTuple):
    """What a client answers to the challenge PASSWORD_VERIFIER, in Cognito's encodings."""

    secret_block: str
    signature: str
    timestamp: str


class OpenChallenge(msgspec.Struct, array_like=True):
    """What the server needs to know again: the content of the secret block, so that it stores nothing.

    `name` is the user name that was given, `nonce` is what the server's exponent is derived from,
    `expires_at` is Unix time in seconds.
    """

    name: str
    client_public: Member
    server_public: Member
    nonce: str
    expires_at: float


class Srp:
    """The server's half.

    `secret` is the pool's: challenges are signed with it, and exponents, identities and salts derived.
    Identity and salt of an address are derived from it, whether it has an account or not, so that a
    challenge tells neither that a user exists nor when one signed up.
    """

    def __init__(self, database: Database, pool_id: str, secret: bytes, clock: Callable[[], float]) -> None:
        self._database = database
        self._pool_name = pool_id.partition("_")[2].encode()
        self._secret = secret
        self._clock = clock

    def identity(self, email: str) -> str:
        """The name under which the user of this address takes part: USER_ID_FOR_SRP, a UUID."""
        return str(uuid.UUID(bytes=self._derive("identity", email, 16), version=4))

    def verifier(self, email: str, password: str) -> bytes:
        """What is stored of a password."""
        identity = hashlib.sha256(
            self._pool_name + self.identity(email).encode() + b":" + password.encode()
        ).digest()
        x = _number(_hash(_bytes(self._salt(email)), identity))
        return pow(G, x, N).to_bytes(_SIZE, "big")

    def open(self, name: str, email: str, verifier: bytes | None, client_public: str) -> dict[str, str]:
        """The parameters of a challenge.

        Args:
            name: the user name as it was given.
            email: the user's address; the name if there is no such user.
            verifier: the user's; None for a user who does not exist or has none.
            client_public: SRP_A, a hexadecimal number.

        Raises:
            CognitoError: InvalidParameterException: SRP_A is not a number that is safe to answer.
        """
        a = _public(client_public)
        v = _number(verifier or self._derive("verifier", email, _SIZE))
        nonce = secrets.token_hex(16)
        b = self._exponent(nonce)
        server_public = (_K * v + pow(G, b, N)) % N
        challenge = OpenChallenge(name, _member(a), _member(server_public), nonce, self._clock() + LIFE)
        identity = self.identity(email)
        return {
            "USERNAME": identity,
            "USER_ID_FOR_SRP": identity,
            "SALT": f"{self._salt(email):x}",
            "SRP_B": f"{server_public:x}",
            "SECRET_BLOCK": self._seal(challenge),
        }

    def read(self, secret_block: str) -> OpenChallenge:
        """The challenge in a secret block.

        Raises:
            CognitoError: NotAuthorizedException: it is not one of ours, or it has expired.
        """
        try:
            signed = base64.b64decode(secret_block, validate=True)
        except (binascii.Error, ValueError):
            raise CognitoError(INCORRECT) from None
        signature, content = signed[:_SIGNATURE_LENGTH], signed[_SIGNATURE_LENGTH:]
        if not hmac.compare_digest(signature, self._sign(content)):
            raise CognitoError(INCORRECT)
        challenge = msgspec.msgpack.decode(content, type=OpenChallenge)
        if challenge.expires_at <= self._clock():
            raise CognitoError(INVALID_SESSION)
        return challenge

    def proves(self, proof: Proof, challenge: OpenChallenge, email: str, verifier: bytes | None) -> bool:
        """Whether the client knows the password of the verifier; in the same time if there is none."""
        a, b = _number(challenge.client_public), self._exponent(challenge.nonce)
        v = _number(verifier or self._derive("verifier", email, _SIZE))
        u = _number(_hash(_bytes(a), _bytes(_number(challenge.server_public))))
        key = _hkdf(_bytes(pow(a * pow(v, u, N), b, N)), _bytes(u))
        block = base64.b64decode(proof.secret_block)
        message = self._pool_name + self.identity(email).encode() + block + proof.timestamp.encode()
        expected = base64.b64encode(hmac.digest(key, message, "sha256"))
        return hmac.compare_digest(expected, proof.signature.encode()) and verifier is not None

    def spend(self, proof: Proof, challenge: OpenChallenge) -> None:
        """Let the challenge be answered once only. Raises CognitoError (NotAuthorizedException)."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM spent_challenge WHERE expires_at <= ?", (self._clock(),))
            inserted = connection.execute(
                "INSERT OR IGNORE INTO spent_challenge VALUES (?, ?)",
                (hashlib.sha256(proof.secret_block.encode()).digest(), challenge.expires_at),
            )
            if not inserted.rowcount:
                raise CognitoError(INVALID_SESSION)

    def _salt(self, email: str) -> int:
        return _number(self._derive("salt", email, 16))

    def _derive(self, purpose: str, of: str, length: int) -> bytes:
        return hashlib.shake_256(self._secret + f"{purpose}\0{of}".encode()).digest(length)

    def _exponent(self, nonce: str) -> int:
        return _number(self._derive("exponent", nonce, _EXPONENT_LENGTH))

    def _seal(self, challenge: OpenChallenge) -> str:
        content = msgspec.msgpack.encode(challenge)
        return base64.b64encode(self._sign(content) + content).decode()

    def _sign(self, content: bytes) -> bytes:
        return hmac.digest(self._secret, content, "sha256")


def _public(client_public: str) -> int:
    if len(client_public) <= MAX_HEX:
        try:
            number = int(client_public, 16)
        except ValueError:
            number = 0
        # With A = 0 (mod N) the shared secret would be 0 whatever the password is (RFC 5054, 2.5.4).
        if 0 < number < N:
            return number
    raise invalid_parameter("SRP_A must be a hexadecimal number of the 3072-bit group")


def _hash(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def _number(octets: bytes) -> int:
    return int.from_bytes(octets, "big")


def _member(number: int) -> bytes:
    return number.to_bytes(_SIZE, "big")


def _bytes(number: int) -> bytes:
    # As Java's BigInteger.toByteArray: the first bit is a sign, so there is a zero byte before a one.
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


def _hkdf(secret: bytes, salt: bytes) -> bytes:
    """One block of HKDF (RFC 5869)."""
    return hmac.digest(hmac.digest(salt, secret, "sha256"), _INFO + b"\x01", "sha256")[:_KEY_LENGTH]


_K = _number(_hash(_bytes(N), _bytes(G)))
