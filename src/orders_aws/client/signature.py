"""Signs requests to AWS: Signature Version 4, for a POST without a query.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hmac
import time
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple


class Credentials(NamedTuple):
    """`token` is the session token of temporary credentials."""

    access_key: str
    secret_key: str
    token: str | None = None


class Scope(NamedTuple):
    """Where a signature counts."""

    region: str
    service: str


def signed_headers(
    headers: dict[str, str],
    body: bytes,
    credentials: Credentials,
    scope: Scope,
    now: float | None = None,
    path: str = "/",
) -> dict[str, str]:
    """The headers with the date, the token and the signature that go with them.

    Args:
        headers: names in lower case, `host` among them; all of them are signed.
        now: Unix time in seconds; the present by default.
        path: letters, digits, `/` and `-` only.
    """
    timestamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    day = timestamp[:8]
    signed = {**headers, "x-amz-date": timestamp}
    if credentials.token:
        signed["x-amz-security-token"] = credentials.token
    names = ";".join(sorted(signed))
    canonical_headers = "".join(f"{name}:{signed[name]}\n" for name in sorted(signed))
    canonical = f"POST\n{path}\n\n{canonical_headers}\n{names}\n{sha256(body).hexdigest()}"
    credential_scope = f"{day}/{scope.region}/{scope.service}/aws4_request"
    to_sign = f"AWS4-HMAC-SHA256\n{timestamp}\n{credential_scope}\n{sha256(canonical.encode()).hexdigest()}"
    signature = hmac.digest(
        _signing_key(credentials.secret_key, day, scope), to_sign.encode(), "sha256"
    ).hex()
    signed["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{credential_scope},"
        f" SignedHeaders={names}, Signature={signature}"
    )
    return signed


@lru_cache(maxsize=16)
def _signing_key(secret_key: str, day: str, scope: Scope) -> bytes:
    key = f"AWS4{secret_key}".encode()
    for part in (day, scope.region, scope.service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
