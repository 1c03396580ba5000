"""Which tokens are let through: ID tokens of the pool or of an OIDC issuer, and no forgeries."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import http.client
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from joserfc import jws as joserfc_jws
from joserfc.jwk import ECKey, Key, RSAKey
from tests.gateway.conftest import ANA, Clock

from orders_host import authorizer as authorizer_module
from orders_host import oidc_keys
from orders_host.authorizer import Authorizer, Reason, Unauthorized
from orders_host.jws import MAX_TOKEN
from orders_host.oidc_keys import MAX_AGE, MIN_INTERVAL, OidcKeys
from orders_host.user_pool import UserPool

Claims = dict[str, object]


@pytest.fixture
def authorizer(pool: UserPool, clock: Clock) -> Authorizer:
    return Authorizer(pool.keys, pool.issuer, pool.client_id, clock=clock)


def claims_of(authorizer: Authorizer, authorization: str | None) -> dict[str, str]:
    return asyncio.run(authorizer.authorize(authorization))


def refusal(authorizer: Authorizer, authorization: str | None) -> Reason:
    with pytest.raises(Unauthorized) as refused:
        claims_of(authorizer, authorization)
    assert refused.value.detail
    for text in (str(refused.value), refused.value.detail):
        assert not authorization or len(authorization) < 20 or authorization not in text
    return refused.value.reason


def text(part: object) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def payload(token: str) -> Claims:
    part = token.split(".")[1]
    decoded: Claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return decoded


def signed(key: Key, header: Claims, claims: Claims) -> str:
    return joserfc_jws.serialize_compact(
        header, json.dumps(claims), key, registry=joserfc_jws.JWSRegistry(algorithms=["RS256", "ES256"])
    )


def pool_token(pool: UserPool, changes: Claims, header: Claims | None = None) -> str:
    """Signed by the pool's own key: an ID token with other claims."""
    kid, key = pool.keys.active()
    claims = {**payload(pool.issue_tokens(ANA).id_token), **changes}
    return signed(
        key,
        {"kid": kid, "alg": "RS256", **(header or {})},
        {k: v for k, v in claims.items() if v is not None},
    )


def test_the_claims_are_strings_as_api_gateway_passes_them(authorizer: Authorizer, pool: UserPool) -> None:
    for group in ("staff", "beta"):
        pool.add_to_group(ANA, group)
    claims = claims_of(authorizer, f"Bearer {pool.issue_tokens(ANA).id_token}")
    assert claims["sub"] == claims["cognito:username"] == pool.user(ANA).sub
    assert claims["email"] == ANA
    assert claims["email_verified"] == "true"
    assert claims["cognito:groups"] == "beta,staff"
    assert claims["exp"] == "Tue Nov 24 13:00:00 UTC 2026"
    assert claims["auth_time"] == "1795521600"
    assert all(isinstance(value, str) for value in claims.values())


@pytest.mark.parametrize("prefix", ["Bearer ", "bearer ", "BEARER  ", ""])
def test_the_scheme_may_be_in_any_case_or_left_out(
    authorizer: Authorizer, pool: UserPool, prefix: str
) -> None:
    assert claims_of(authorizer, prefix + pool.issue_tokens(ANA).id_token)["email"] == ANA


@pytest.mark.parametrize(
    ("authorization", "reason"),
    [
        (None, Reason.MISSING),
        ("", Reason.MISSING),
        ("Bearer", Reason.MISSING),
        ("Bearer  ", Reason.MISSING),
        ("Basic YW5hOnNlY3JldA==", Reason.MALFORMED),
        ("Bearer a b", Reason.MALFORMED),
        ("Bearer ..", Reason.MALFORMED),
        ("Bearer a.b", Reason.MALFORMED),
        ("Bearer a.b.c.d", Reason.MALFORMED),
        ("Bearer ä.b.c", Reason.MALFORMED),
    ],
)
def test_a_header_without_a_token_is_refused(
    authorizer: Authorizer, authorization: str | None, reason: Reason
) -> None:
    assert refusal(authorizer, authorization) is reason


Forgery = Callable[[UserPool], str]
FOREIGN = RSAKey.generate_key(2048)


def unsigned(pool: UserPool) -> str:
    token = pool.issue_tokens(ANA).id_token
    return f"{text({'alg': 'none', 'kid': pool.keys.active()[0]})}.{token.split('.')[1]}.AA"


def keyed_with_the_public_key(pool: UserPool) -> str:
    kid, key = pool.keys.active()
    body = f"{text({'alg': 'HS256', 'kid': kid})}.{pool.issue_tokens(ANA).id_token.split('.')[1]}"
    secret = RSAKey.import_key(key.as_dict(private=False)).as_pem(private=False)
    return f"{body}.{text(hmac.digest(secret, body.encode(), hashlib.sha256))}"


def with_embedded_key(pool: UserPool) -> str:
    kid, _ = pool.keys.active()
    header: Claims = {
        "alg": "RS256", "kid": kid, "jwk": FOREIGN.as_dict(private=False),
    }  # fmt: skip
    return signed(FOREIGN, header, payload(pool.issue_tokens(ANA).id_token))


def with_key_address(pool: UserPool) -> str:
    kid, _ = pool.keys.active()
    header: Claims = {"alg": "RS256", "kid": kid, "jku": "http://127.0.0.1:1/jwks.json"}
    return signed(FOREIGN, header, payload(pool.issue_tokens(ANA).id_token))


def with_certificate(pool: UserPool) -> str:
    kid, _ = pool.keys.active()
    header: Claims = {"alg": "RS256", "kid": kid, "x5c": [base64.b64encode(b"certificate").decode()]}
    return signed(FOREIGN, header, payload(pool.issue_tokens(ANA).id_token))


def of_foreign_kid(pool: UserPool) -> str:
    return signed(FOREIGN, {"alg": "RS256", "kid": "foreign"}, payload(pool.issue_tokens(ANA).id_token))


def without_kid(pool: UserPool) -> str:
    return signed(pool.keys.active()[1], {"alg": "RS256"}, payload(pool.issue_tokens(ANA).id_token))


def with_other_claims(pool: UserPool) -> str:
    header, body, signature = pool.issue_tokens(ANA).id_token.split(".")
    claims = {**payload(f".{body}."), "cognito:groups": ["staff"]}
    return f"{header}.{text(claims)}.{signature}"


def with_a_bit_flipped_at(position: int) -> Forgery:
    def forge(pool: UserPool) -> str:
        token = pool.issue_tokens(ANA).id_token
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        other = alphabet[alphabet.index(token[position]) ^ 1]
        return token[:position] + other + (token[position + 1 :] if position != -1 else "")

    return forge


def part_of_token(change: Callable[[list[str]], list[str]]) -> Forgery:
    return lambda pool: ".".join(change(pool.issue_tokens(ANA).id_token.split(".")))


FORGERIES: dict[str, tuple[Forgery, Reason]] = {
    "alg none": (unsigned, Reason.ALGORITHM),
    "alg none without signature": (
        lambda pool: unsigned(pool).rpartition(".")[0] + ".",
        Reason.MALFORMED,
    ),
    "HS256 with the public key": (keyed_with_the_public_key, Reason.ALGORITHM),
    "alg in other case": (
        lambda pool: f"{text({'alg': 'rs256', 'kid': 'x'})}.{text({})}.AA",
        Reason.ALGORITHM,
    ),
    "embedded jwk": (with_embedded_key, Reason.SIGNATURE),
    "jku": (with_key_address, Reason.SIGNATURE),
    "x5c": (with_certificate, Reason.SIGNATURE),
    "foreign kid": (of_foreign_kid, Reason.UNKNOWN_KEY),
    "no kid": (without_kid, Reason.UNKNOWN_KEY),
    "kid of another type": (
        lambda pool: f"{text({'alg': 'RS256', 'kid': 1})}.{text({})}.AA",
        Reason.UNKNOWN_KEY,
    ),
    "crit": (
        lambda pool: f"{text({'alg': 'RS256', 'kid': 'x', 'crit': ['b64'], 'b64': False})}.e30.AA",
        Reason.MALFORMED,
    ),
    "other claims": (with_other_claims, Reason.SIGNATURE),
    "last character of the signature changed": (with_a_bit_flipped_at(-1), Reason.SIGNATURE),
    "signature changed": (with_a_bit_flipped_at(-40), Reason.SIGNATURE),
    "signature of another token": (
        lambda pool: (
            pool.issue_tokens(ANA).id_token.rpartition(".")[0]
            + "."
            + pool.issue_tokens(ANA).id_token.rpartition(".")[2]
        ),
        Reason.SIGNATURE,
    ),
    "truncated": (lambda pool: pool.issue_tokens(ANA).id_token[:-6], Reason.SIGNATURE),
    "signature missing": (part_of_token(lambda parts: parts[:2]), Reason.MALFORMED),
    "signature empty": (part_of_token(lambda parts: [*parts[:2], ""]), Reason.MALFORMED),
    "parts doubled": (part_of_token(lambda parts: parts + parts), Reason.MALFORMED),
    "payload doubled": (
        part_of_token(lambda parts: [parts[0], parts[1] * 2, parts[2]]),
        Reason.SIGNATURE,
    ),
    "padding added": (part_of_token(lambda parts: [*parts[:2], parts[2] + "=="]), Reason.MALFORMED),
    "huge": (lambda pool: pool_token(pool, {"padding": "x" * MAX_TOKEN}), Reason.MALFORMED),
    "header too deep": (lambda pool: f"{text(b'[' * 4_000)}.e30.AA", Reason.MALFORMED),
    "header is no object": (lambda pool: f"{text('alg')}.e30.AA", Reason.MALFORMED),
    "header is no JSON": (lambda pool: f"{text(b'xx')}.e30.AA", Reason.MALFORMED),
    "claims are no object": (
        lambda pool: joserfc_jws.serialize_compact(
            {"alg": "RS256", "kid": pool.keys.active()[0]}, b"[]", pool.keys.active()[1]
        ),
        Reason.MALFORMED,
    ),
    "expired": (lambda pool: pool_token(pool, {"exp": pool.clock()}), Reason.EXPIRED),
    "no expiry": (lambda pool: pool_token(pool, {"exp": None}), Reason.MALFORMED),
    "expiry as text": (lambda pool: pool_token(pool, {"exp": "9999999999"}), Reason.MALFORMED),
    "expiry true": (lambda pool: pool_token(pool, {"exp": True}), Reason.MALFORMED),
    "expiry beyond every calendar": (lambda pool: pool_token(pool, {"exp": 1e17}), Reason.MALFORMED),
    "expiry of 400 digits": (lambda pool: pool_token(pool, {"exp": 10**400}), Reason.MALFORMED),
    "key id that is no Unicode": (
        lambda pool: f"{text({'alg': 'RS256', 'kid': chr(0xD800)})}.{text({})}.AA",
        Reason.UNKNOWN_KEY,
    ),
    "subject null": (lambda pool: pool_token(pool, {"sub": [None]}), Reason.SUBJECT),
    "no subject": (lambda pool: pool_token(pool, {"sub": None}), Reason.SUBJECT),
    "subject empty": (lambda pool: pool_token(pool, {"sub": ""}), Reason.SUBJECT),
    "expiry infinite": (lambda pool: pool_token(pool, {"exp": float("inf")}), Reason.MALFORMED),
    "issued tomorrow": (
        lambda pool: pool_token(pool, {"iat": pool.clock() + 11}),
        Reason.NOT_YET_VALID,
    ),
    "not before tomorrow": (
        lambda pool: pool_token(pool, {"nbf": pool.clock() + 11}),
        Reason.NOT_YET_VALID,
    ),
    "wrong issuer": (
        lambda pool: pool_token(pool, {"iss": "https://issuer.test/pool"}),
        Reason.ISSUER,
    ),
    "no issuer": (lambda pool: pool_token(pool, {"iss": None}), Reason.ISSUER),
    "wrong audience": (lambda pool: pool_token(pool, {"aud": "another"}), Reason.AUDIENCE),
    "no audience": (lambda pool: pool_token(pool, {"aud": None}), Reason.AUDIENCE),
    "access token": (lambda pool: pool.issue_tokens(ANA).access_token, Reason.TOKEN_USE),
    "refresh token": (lambda pool: pool.issue_tokens(ANA).refresh_token or "", Reason.MALFORMED),
}


@pytest.mark.parametrize(("forge", "reason"), FORGERIES.values(), ids=FORGERIES)
def test_a_forged_token_is_refused(
    authorizer: Authorizer, pool: UserPool, forge: Forgery, reason: Reason
) -> None:
    token = forge(pool)
    assert refusal(authorizer, f"Bearer {token}") is reason
    assert refusal(authorizer, token) is reason


def test_an_access_token_is_told_from_an_id_token(authorizer: Authorizer, pool: UserPool) -> None:
    with pytest.raises(Unauthorized) as refused:
        claims_of(authorizer, pool.issue_tokens(ANA).access_token)
    assert "Send the ID token" in refused.value.detail


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.text(), st.from_regex(r"\A[\w-]+\.[\w-]+\.[\w-]+\Z"), st.binary().map(text)))
@example("eyJhbGciOiJSUzI1NiJ9.e30.AA")
def test_any_text_is_refused_with_a_reason(authorizer: Authorizer, text: str) -> None:
    assert refusal(authorizer, text) in Reason


def test_a_verified_token_still_expires_on_the_second(
    authorizer: Authorizer, pool: UserPool, clock: Clock
) -> None:
    token = pool.issue_tokens(ANA).id_token
    clock.advance(3_599)
    for _ in range(2):
        assert claims_of(authorizer, token)["email"] == ANA
    clock.advance(1)
    for _ in range(2):
        assert refusal(authorizer, token) is Reason.EXPIRED


def test_verified_tokens_are_forgotten_when_the_keys_change(
    authorizer: Authorizer, pool: UserPool, clock: Clock
) -> None:
    token = pool.issue_tokens(ANA).id_token
    assert claims_of(authorizer, token)
    pool.keys.rotate()
    clock.advance(3_599)
    assert claims_of(authorizer, token), "a replaced key is published until its tokens have expired"
    assert claims_of(authorizer, pool.issue_tokens(ANA).id_token)


def test_a_token_of_a_withdrawn_key_is_refused_within_a_second(pool: UserPool, clock: Clock) -> None:
    class Keys:
        published = True

        async def kids(self) -> frozenset[str]:
            return await pool.keys.kids() if self.published else frozenset()

        async def find(self, kid: str) -> Key | None:
            return await pool.keys.find(kid) if self.published else None

    keys = Keys()
    authorizer = Authorizer(keys, pool.issuer, pool.client_id, clock=clock)
    token = pool.issue_tokens(ANA).id_token
    assert claims_of(authorizer, token)
    keys.published = False
    clock.advance(1)
    assert refusal(authorizer, token) is Reason.UNKNOWN_KEY


# Users who lost their rights


@pytest.fixture
def attentive(pool: UserPool, clock: Clock) -> Authorizer:
    """An authorizer that knows the pool's sessions."""
    return Authorizer(pool.keys, pool.issuer, pool.client_id, clock=clock, sessions=pool.tokens)


def test_a_disabled_user_loses_access_at_once(attentive: Authorizer, pool: UserPool) -> None:
    token = pool.issue_tokens(ANA).id_token
    assert claims_of(attentive, token)["email"] == ANA
    pool.users.set_enabled(pool.user(ANA).sub, False)
    assert refusal(attentive, token) is Reason.SIGNED_OUT


def test_a_session_that_was_revoked_ends_at_once(attentive: Authorizer, pool: UserPool) -> None:
    revoked, other = pool.issue_tokens(ANA), pool.issue_tokens(ANA)
    assert claims_of(attentive, revoked.id_token)
    pool.tokens.revoke(revoked.refresh_token or "")
    assert refusal(attentive, revoked.id_token) is Reason.SIGNED_OUT
    assert claims_of(attentive, other.id_token)


def test_a_group_is_lost_at_once_and_gained_with_the_next_token(
    attentive: Authorizer, pool: UserPool
) -> None:
    pool.add_to_group(ANA, "staff")
    token = pool.issue_tokens(ANA).id_token
    pool.add_to_group(ANA, "beta")
    assert claims_of(attentive, token)["cognito:groups"] == "staff"
    pool.remove_from_group(ANA, "staff")
    assert claims_of(attentive, token)["cognito:groups"] == ""


def test_only_so_many_verified_tokens_are_remembered(
    authorizer: Authorizer, pool: UserPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authorizer_module, "MAX_REMEMBERED", 2)
    tokens = [pool.issue_tokens(ANA).id_token for _ in range(4)]
    for token in tokens + tokens:
        assert claims_of(authorizer, token)["email"] == ANA


# Any other OIDC issuer


@dataclass
class Issuer:
    """An OpenID provider on this machine; `documents` is what it serves."""

    url: str = ""
    away: bool = False
    requests: int = 0
    documents: dict[str, object] = field(default_factory=dict)

    def publish(self, *keys: Key) -> None:
        self.documents = {
            "/.well-known/openid-configuration": {"issuer": self.url, "jwks_uri": f"{self.url}/keys"},
            "/keys": {"keys": [key.as_dict(private=False) for key in keys]},
        }

    def token(self, key: Key, algorithm: str = "RS256", **changes: object) -> str:
        claims: Claims = {"iss": self.url, "aud": "orders", "sub": "u1", "exp": 4_000_000_000, **changes}
        return signed(key, {"alg": algorithm, "kid": key.kid or ""}, claims)


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    made = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.requests += 1
            document = None if made.away else made.documents.get(self.path)
            self.send_response(200 if document else 503)
            self.end_headers()
            self.wfile.write(json.dumps(document).encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


RSA = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})
EC = ECKey.generate_key("P-256", {"kid": "ec"})


def remote(issuer: Issuer, clock: Clock) -> Authorizer:
    return Authorizer(
        OidcKeys(issuer.url, clock), issuer.url, "orders", ("RS256", "ES256"), id_token_only=False
    )


def outcomes(authorizer: Authorizer, *tokens: str) -> list[str]:
    """For each token, asked side by side, its subject or why it is refused."""

    async def outcome(token: str) -> str:
        try:
            return (await authorizer.authorize(token))["sub"]
        except Unauthorized as refused:
            return refused.reason

    async def all_of_them() -> list[str]:
        waiting: list[Awaitable[str]] = [outcome(token) for token in tokens]
        return await asyncio.gather(*waiting)

    return asyncio.run(all_of_them())


def test_an_issuers_keys_are_found_by_discovery_and_read_once(issuer: Issuer, clock: Clock) -> None:
    issuer.publish(RSA, EC)
    tokens = [issuer.token(RSA), issuer.token(EC, "ES256"), issuer.token(RSA, aud=["other", "orders"])]
    assert outcomes(remote(issuer, clock), *tokens * 3) == ["u1"] * 9
    assert issuer.requests == 2


def test_an_issuers_tokens_are_checked_like_the_pools(issuer: Issuer, clock: Clock) -> None:
    issuer.publish(RSA, EC)
    forged = [
        issuer.token(RSA, iss="https://elsewhere.test"),
        issuer.token(RSA, aud="other"),
        issuer.token(RSA, exp=1),
        signed(RSA, {"alg": "RS256", "kid": "ec"}, {"iss": issuer.url}),
        signed(EC, {"alg": "ES256", "kid": "rsa"}, {"iss": issuer.url}),
    ]
    assert outcomes(remote(issuer, clock), *forged) == [
        "issuer", "audience", "expired", "signature", "signature",
    ]  # fmt: skip


def test_a_new_key_is_picked_up_but_unknown_ones_are_asked_for_once_a_minute(
    issuer: Issuer, clock: Clock
) -> None:
    issuer.publish(RSA)
    authorizer = remote(issuer, clock)
    assert outcomes(authorizer, issuer.token(RSA)) == ["u1"]
    clock.advance(MIN_INTERVAL)
    issuer.publish(RSA, EC)
    assert outcomes(authorizer, issuer.token(EC, "ES256")) == ["u1"]
    asked = issuer.requests
    unknown = RSAKey.import_key(RSA.as_dict(private=True) | {"kid": "unknown"})
    assert outcomes(authorizer, *[issuer.token(unknown)] * 5) == ["unknown-key"] * 5
    assert issuer.requests == asked


def test_keys_are_kept_while_the_issuer_is_away(issuer: Issuer, clock: Clock) -> None:
    issuer.publish(RSA)
    authorizer = remote(issuer, clock)
    assert outcomes(authorizer, issuer.token(RSA)) == ["u1"]
    issuer.away = True
    clock.advance(2 * MAX_AGE)
    assert outcomes(authorizer, issuer.token(RSA, sub="u2"), issuer.token(RSA, sub="u3")) == ["u2", "u3"]


def test_a_withdrawn_key_is_dropped_within_the_hour(issuer: Issuer, clock: Clock) -> None:
    issuer.publish(RSA, EC)
    authorizer = remote(issuer, clock)
    assert outcomes(authorizer, issuer.token(EC, "ES256")) == ["u1"]
    issuer.publish(RSA)
    clock.advance(MAX_AGE + 1)
    assert outcomes(authorizer, issuer.token(RSA)) == ["u1"]
    assert outcomes(authorizer, issuer.token(EC, "ES256", sub="u2")) == ["unknown-key"]


def test_a_withdrawn_keys_remembered_token_is_refused_within_the_hour(issuer: Issuer, clock: Clock) -> None:
    issuer.publish(RSA, EC)
    authorizer = Authorizer(
        OidcKeys(issuer.url, clock),
        issuer.url,
        "orders",
        ("RS256", "ES256"),
        id_token_only=False,
        clock=clock,
    )
    token = issuer.token(EC, "ES256")
    assert outcomes(authorizer, token) == ["u1"]
    issuer.publish(RSA)
    clock.advance(MAX_AGE + 1)
    assert outcomes(authorizer, token) == ["unknown-key"]


@pytest.mark.parametrize(
    ("claim", "groups"),
    [
        (["staff", "beta"], "staff,beta"),
        (["not staff", "a,staff", "[staff]", "\u00a0staff"], ""),
        (["beta", ["staff"], None, {"staff": 1}], "beta"),
        ("staff", "staff"),
        ("not staff", ""),
        (None, ""),
    ],
)
def test_an_issuers_groups_are_never_split(issuer: Issuer, clock: Clock, claim: object, groups: str) -> None:
    issuer.publish(RSA)
    changes: Claims = {"cognito:groups": claim}
    token = issuer.token(RSA, "RS256", **changes)
    assert claims_of(remote(issuer, clock), token)["cognito:groups"] == groups


@pytest.mark.parametrize("subject", [None, 5, "", ["u1"]])
def test_an_issuers_token_must_name_a_user(issuer: Issuer, clock: Clock, subject: object) -> None:
    issuer.publish(RSA)
    assert refusal(remote(issuer, clock), issuer.token(RSA, sub=subject)) is Reason.SUBJECT


@pytest.mark.parametrize(
    "url", ["http://issuer.test/x", "http://169.254.169.254/x", "http://10.0.0.1/x", "file:///etc/passwd"]
)
def test_keys_come_over_https_or_from_this_machine(url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        oidc_keys._fetch(url, object)


def test_a_document_that_drips_is_given_up_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oidc_keys, "DEADLINE_SECONDS", 0.3)
    given_up = Event()

    class Drip(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Filler: ")
            try:
                while not given_up.wait(0.05):
                    self.wfile.write(b"x")
            except OSError:
                given_up.set()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Drip)
    Thread(target=server.serve_forever).start()
    try:
        with pytest.raises((OSError, http.client.HTTPException, ValueError)):
            oidc_keys._fetch(f"http://127.0.0.1:{server.server_port}/keys", object)
    finally:
        given_up.set()
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    "documents",
    [
        {},
        {"/.well-known/openid-configuration": {"issuer": "https://other.test", "jwks_uri": "x"}},
        {"/.well-known/openid-configuration": []},
        {"/.well-known/openid-configuration": {"issuer": "ISSUER", "jwks_uri": "file:///etc/passwd"}},
        {
            "/.well-known/openid-configuration": {"issuer": "ISSUER", "jwks_uri": "ISSUER/keys"},
            "/keys": {"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "rsa"}, {"kty": "RSA", "kid": "rsa"}]},
        },
        {
            "/.well-known/openid-configuration": {"issuer": "ISSUER", "jwks_uri": "ISSUER/keys"},
            "/keys": {"keys": [RSA.as_dict(private=False) | {"use": "enc"}]},
        },
    ],
)
def test_an_issuer_without_usable_keys_lets_nobody_through(
    issuer: Issuer, clock: Clock, documents: dict[str, object]
) -> None:
    issuer.documents = json.loads(json.dumps(documents).replace("ISSUER", issuer.url))
    authorizer = remote(issuer, clock)
    assert outcomes(authorizer, issuer.token(RSA)) == ["keys-unavailable"]
    issuer.publish(RSA)
    clock.advance(MIN_INTERVAL)
    assert outcomes(authorizer, issuer.token(RSA)) == ["u1"]
