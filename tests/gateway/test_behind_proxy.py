"""The host as clients see it through a proxy: its URLs, their addresses, and tokens that stay valid."""

import re
import subprocess
from pathlib import Path

import httpx
import pytest
from tests.hosts.own import MUGS, ORDERS, OwnHost, add_user, claims_of, own_host, sign_in

ANA = "ana@example.com"
PUBLIC = "https://shop.example/api"
TRUSTING = ("--trusted-proxies", "127.0.0.1")
CLIENT = "192.0.2.7"


@pytest.fixture(scope="module")
def users(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with a user."""
    data_dir = tmp_path_factory.mktemp("proxied") / "data"
    add_user(data_dir, ANA)
    return data_dir


class TestPublicUrl:
    @pytest.mark.parametrize("path", ["", "/api"], ids=["removed", "passed on"])
    def test_clients_are_told_the_public_url(self, users: Path, path: str) -> None:
        """Whether the proxy removes the path or passes it on."""
        with own_host(users, "--public-url", PUBLIC) as host, host.client(ANA) as client:
            config = client.get(f"{path}/config.json").json()
            assert (config["api_url"], config["cognito_url"]) == (PUBLIC, f"{PUBLIC}/cognito")
            issuer = f"{PUBLIC}/cognito/{config['user_pool_id']}"
            key_set = f"{path}/cognito/{config['user_pool_id']}/.well-known"
            discovery = client.get(f"{key_set}/openid-configuration").json()
            assert (discovery["issuer"], discovery["jwks_uri"]) == (
                issuer,
                f"{issuer}/.well-known/jwks.json",
            )
            assert client.get(f"{key_set}/jwks.json").json()["keys"]
            here = config | {"cognito_url": f"{path}/cognito"}
            token = sign_in(client, here, ANA)
            assert claims_of(token)["iss"] == claims_of(host.token(ANA))["iss"] == issuer
            placed = client.post(f"{path}/v1/orders", json=MUGS)
            assert placed.headers["location"] == f"/api/v1/orders/{placed.json()['order_id']}"
            assert client.get(placed.headers["location"]).json() == placed.json()
            assert client.get(f"{path}/").headers["location"] == "/api/console/"
            assert client.get(f"{path}/openapi.json").json()["servers"][0]["url"] == PUBLIC
            assert client.get(f"{path}/nothing").status_code == 404

    def test_pages_find_their_parts_below_any_path(self, users: Path) -> None:
        with own_host(users, "--public-url", PUBLIC) as host, host.client() as client:
            docs = client.get("/api/docs").text
            parts = re.findall(r'(?:href|src)="([^"]+)"', docs)
            assert parts
            for part in parts:
                assert client.get(httpx.URL(f"{host.url}/api/docs").join(part)).status_code == 200, part
            for name in ("config.json", "openapi.json"):
                assert client.get(f"/api/console/{name}").json() == client.get(f"/{name}").json()

    @pytest.mark.parametrize("path", ["/v1", "/console", "/docs", "/cognito"])
    def test_a_path_of_the_host_s_own_is_refused(self, tmp_path: Path, path: str) -> None:
        refused = serve(tmp_path / "data", "--public-url", f"https://shop.example{path}")
        assert refused.returncode == 2
        assert refused.stderr.splitlines() == [
            f"orders: --public-url https://shop.example{path} ends with a path that the host uses itself:"
            " choose another."
        ]


def serve(data_dir: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    command = [str(ORDERS), "serve", "--port", "0", "--data-dir", str(data_dir), *options]
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60
    )


class TestIssuer:
    def test_tokens_outlive_a_change_of_port_and_of_url(self, tmp_path: Path) -> None:
        data_dir = tmp_path / "data"
        add_user(data_dir, ANA)
        tokens = {}
        with own_host(data_dir) as host:
            tokens["first"] = host.token(ANA)
        with own_host(data_dir) as host:
            tokens["another port"] = host.token(ANA)
        with own_host(data_dir, "--public-url", PUBLIC) as host:
            tokens["public"] = host.token(ANA)
            for token in tokens.values():
                assert orders_of(host, token).status_code == 200
        issuers = {name: claims_of(token)["iss"] for name, token in tokens.items()}
        assert issuers["first"] == issuers["another port"]
        assert issuers["public"].startswith(f"{PUBLIC}/cognito/")

    def test_a_token_of_another_issuer_is_told_as_one(self, users: Path, tmp_path: Path) -> None:
        elsewhere = tmp_path / "data"
        add_user(elsewhere, ANA)
        printed = subprocess.run(
            [str(ORDERS), "token", ANA, "--data-dir", str(elsewhere)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
        )
        token = printed.stdout.strip()
        with own_host(users) as host:
            answer = orders_of(host, token)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == (
                'Bearer error="invalid_token", error_description="The token comes from another issuer."'
            )
            line = host.logged(lambda line: line.get("requestId") == answer.json()["request_id"])
            assert line["authorizerError"] == f"issuer: {claims_of(token)['iss']}"

    def test_without_a_token_nothing_is_said_of_one(self, users: Path) -> None:
        with own_host(users) as host:
            answer = httpx.get(f"{host.url}/v1/orders")
            assert answer.headers["www-authenticate"] == "Bearer"


def orders_of(host: OwnHost, token: str) -> httpx.Response:
    return httpx.get(f"{host.url}/v1/orders", headers={"Authorization": f"Bearer {token}"})


class TestTrustedProxies:
    @pytest.mark.parametrize(
        "headers",
        [
            {"X-Forwarded-For": CLIENT, "X-Forwarded-Proto": "https", "X-Forwarded-Host": "shop.example"},
            {"Forwarded": f"for={CLIENT};proto=https;host=shop.example"},
        ],
    )
    def test_a_trusted_proxy_says_who_asks(self, users: Path, headers: dict[str, str]) -> None:
        with own_host(users, *TRUSTING) as host, host.client() as client:
            answer = client.get("/config.json", headers=headers)
            assert answer.json()["api_url"] == "https://shop.example"
            assert address_of(host, answer) == CLIENT

    def test_anybody_else_is_not_believed(self, users: Path) -> None:
        with own_host(users, "--trusted-proxies", "192.0.2.0/24") as host, host.client() as client:
            answer = client.get("/config.json", headers={"Forwarded": f"for={CLIENT};host=shop.example"})
            assert answer.json()["api_url"] == host.url
            assert address_of(host, answer) == "127.0.0.1"

    def test_who_asks_must_be_clear(self, users: Path) -> None:
        with own_host(users, *TRUSTING) as host, host.client() as client:
            answer = client.get(
                "/config.json", headers={"Forwarded": "for=198.51.100.1", "X-Forwarded-For": CLIENT}
            )
            assert answer.status_code == 400
            assert "name different clients" in answer.json()["detail"]

    def test_limits_are_those_of_the_client(self, users: Path) -> None:
        limits = ("--rate-limit", "1", "--burst", "500")
        with own_host(users, *TRUSTING, *limits) as host, host.client() as client:

            def remaining(address: str) -> int:
                answer = client.get("/v1/orders", headers={"X-Forwarded-For": address})
                (left,) = re.findall(r"r=(\d+)", answer.headers["ratelimit"])
                return int(left)

            for _ in range(50):
                busy = remaining("192.0.2.8")
            assert busy < remaining("192.0.2.9") == 499

    def test_metrics_are_not_for_a_proxy_s_clients(self, users: Path) -> None:
        with own_host(users, *TRUSTING) as host, host.client() as client:
            assert client.get("/metrics", headers={"X-Forwarded-For": CLIENT}).status_code == 403


def address_of(host: OwnHost, answer: httpx.Response) -> str:
    request_id = answer.headers["x-amzn-RequestId"]
    address: str = host.logged(lambda line: line.get("requestId") == request_id)["ip"]
    return address
