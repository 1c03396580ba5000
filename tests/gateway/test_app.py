"""The embedded host over HTTP: its pages, its log, its limits, its keys, and how it starts and stops."""

import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.conformance import check_problem
from tests.gateway.test_authorizer import RSA, Issuer, issuer
from tests.hosts.own import MUGS, ORDERS, UNLIMITED, OwnHost, add_user, orders, own_host
from tests.real_parts.certificate import certificate
from tests.real_parts.process import free_port, log_with
from tests.real_parts.tables import REGION, create_orders_table

import orders_contract as contract
from orders_host.access_log import MAX_FIELD_CHARACTERS
from orders_host.contract_text import as_yaml
from orders_host.host import listen
from orders_host.options import Options

__all__ = ["issuer"]

ROOT = Path(__file__).parents[2]
ANA, BOSS = "ana@example.com", "boss@example.com"


@pytest.fixture(scope="module")
def users(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with a customer and a member of staff."""
    data_dir = tmp_path_factory.mktemp("host") / "data"
    add_user(data_dir, ANA)
    add_user(data_dir, BOSS, "staff")
    return data_dir


@pytest.fixture(scope="module")
def host(users: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnHost]:
    """A host that limits nobody, on a copy of the directory: one directory is for one host."""
    data_dir = tmp_path_factory.mktemp("unlimited") / "data"
    shutil.copytree(users, data_dir)
    with own_host(data_dir, *UNLIMITED) as running:
        yield running


@pytest.fixture(scope="module")
def ana(host: OwnHost) -> Iterator[httpx.Client]:
    with host.client(ANA) as client:
        yield client


@pytest.fixture(scope="module")
def nobody(host: OwnHost) -> Iterator[httpx.Client]:
    with host.client() as client:
        yield client


def is_problem(answer: httpx.Response, status: int, slug: str) -> None:
    assert answer.status_code == status, answer.text
    check_problem(status, answer.headers, answer.json())
    assert answer.json()["type"].endswith(f"/{slug}")


class TestPages:
    @pytest.mark.parametrize(
        ("path", "media_type"),
        [
            ("/healthz", "application/json"),
            ("/metrics", "text/plain"),
            ("/openapi.yaml", "application/yaml"),
            ("/openapi.json", "application/json"),
            ("/config.json", "application/json"),
            ("/docs", "text/html"),
            ("/console/", "text/html"),
        ],
    )
    def test_a_page_is_there_for_everybody_to_read(
        self, nobody: httpx.Client, path: str, media_type: str
    ) -> None:
        page = nobody.get(path)
        assert page.status_code == 200
        assert page.headers["content-type"].split(";")[0] == media_type
        assert nobody.head(path).status_code == 200
        refused = nobody.post(path)
        is_problem(refused, 405, "method-not-allowed")
        assert "GET" in refused.headers["allow"]

    def test_the_contract_is_the_codes(self, nobody: httpx.Client) -> None:
        assert nobody.get("/openapi.yaml").text == as_yaml(contract.build())
        assert nobody.get("/openapi.json").json() == contract.build()

    def test_the_configuration_says_where_everything_is(self, host: OwnHost, nobody: httpx.Client) -> None:
        config = nobody.get("/config.json").json()
        assert config.keys() == {
            "environment",
            "region",
            "store",
            "mail",
            "api_url",
            "cognito_url",
            "user_pool_id",
            "client_id",
        }
        assert (config["api_url"], config["cognito_url"]) == (host.url, f"{host.url}/cognito")
        assert (config["store"], config["mail"]) == ("sqlite", "folder")
        keys = nobody.get(f"{config['cognito_url']}/{config['user_pool_id']}/.well-known/jwks.json").json()
        assert {key["alg"] for key in keys["keys"]} == {"RS256"}

    def test_the_root_leads_to_the_console(self, nobody: httpx.Client) -> None:
        answer = nobody.get("/")
        assert (answer.status_code, answer.headers["location"]) == (302, "/console/")

    @pytest.mark.parametrize(
        "path",
        [
            "/console/../pyproject.toml",
            "/console/..%2fpyproject.toml",
            "/console/%2e%2e/%2e%2e/etc/passwd",
            "/console//etc/passwd",
            "/console/%00",
            "/console/" + "x" * 5_000,
            "/console/js/",
            "/healthz/",
            "/nothing",
            "/%ff%fe",
            "//",
        ],
        ids=lambda path: path[:40],
    )
    def test_whatever_else_is_asked_for_is_not_there(self, host: OwnHost, path: str) -> None:
        """As it goes over the wire: a client would tidy the path first."""
        answer = raw(host, f"GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 404 ")
        assert b"root:" not in answer
        assert b"application/problem+json" in answer

    def test_metrics_are_for_this_machine(self, nobody: httpx.Client) -> None:
        """A proxy says for whom it asks."""
        for name in ("X-Forwarded-For", "Forwarded", "Via"):
            is_problem(nobody.get("/metrics", headers={name: "192.0.2.1"}), 403, "forbidden")

    def test_metrics_are_for_who_has_their_token_if_there_is_one(self, users: Path) -> None:
        with own_host(users, "--metrics-token", "s3cret") as host, host.client() as client:
            is_problem(client.get("/metrics"), 403, "forbidden")
            is_problem(client.get("/metrics", headers={b"Authorization": b"Bearer \xe9"}), 403, "forbidden")
            theirs = {"Authorization": "Bearer s3cret", "X-Forwarded-For": "192.0.2.1"}
            assert client.get("/metrics", headers=theirs).status_code == 200

    def test_metrics_count_orders_and_requests(self, ana: httpx.Client) -> None:
        before = metrics(ana)
        ana.post("/v1/orders", json=MUGS).raise_for_status()
        ana.post("/v1/orders", json={})
        after = metrics(ana)

        def grown(name: str, **labels: str) -> float:
            key = (name, frozenset(labels.items()))
            return after.get(key, 0) - before.get(key, 0)

        assert grown("orders_created_total", currency="EUR") == 1
        assert grown("order_value_total", currency="EUR") == 19
        assert grown("orders_faults_total", operation="create_order", kind="invalid-input") == 1
        for status in ("201", "400"):
            labels = {"method": "POST", "resource": "/v1/orders", "status": status}
            assert grown("http_request_seconds_count", **labels) == 1


Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def metrics(client: httpx.Client) -> Samples:
    families = text_string_to_metric_families(client.get("/metrics").text)
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


class TestFigures:
    """Of a host of its own: they count everybody's orders."""

    def test_an_order_counts_on_its_day_by_its_present_status(self, tmp_path: Path) -> None:
        add_user(tmp_path / "data", BOSS, "staff")
        with own_host(tmp_path / "data") as host, host.client(BOSS) as boss:
            placed = [boss.post("/v1/orders", json=MUGS).json() for _ in range(3)]
            boss.post("/v1/orders", json=MUGS | {"currency": "KWD"})
            for order, status in zip(placed, ("CONFIRMED", "CANCELLED"), strict=False):
                boss.put(f"/v1/orders/{order['order_id']}", json=MUGS | {"status": status})
            (day,) = boss.get("/v1/orders/stats").json()["days"]
            assert day == {
                "date": placed[0]["created_at"][:10],
                "orders": 4,
                "by_status": {"CANCELLED": 1, "CONFIRMED": 1, "PENDING": 2},
                "revenue": {"EUR": "38.00", "KWD": "19.000"},
            }
            boss.delete(f"/v1/orders/{placed[1]['order_id']}")
            (day,) = boss.get("/v1/orders/stats").json()["days"]
            assert (day["orders"], "CANCELLED" in day["by_status"]) == (3, False)


class TestAccessLog:
    def test_its_fields_are_those_of_api_gateways(self, host: OwnHost, ana: httpx.Client) -> None:
        terraform = (ROOT / "infra/modules/api/main.tf").read_text()
        (block,) = re.findall(r"access_log = {\n(.*?)\n  }", terraform, re.DOTALL)
        on_aws = set(re.findall(r"^ *(\w+) *=", block, re.MULTILINE))
        answer = ana.get("/v1/orders")
        assert logged(host, answer).keys() == on_aws

    def test_a_line_says_who_asked_what_and_how_it_went(self, host: OwnHost, ana: httpx.Client) -> None:
        order = ana.post("/v1/orders", json=MUGS | {"notes": "ñandú"}).json()
        answer = ana.get(f"/v1/orders/{order['order_id']}?", headers={"User-Agent": "tests/1"})
        line = logged(host, answer)
        assert line["method"] == "GET"
        assert line["path"] == f"/v1/orders/{order['order_id']}"
        assert line["resourcePath"] == "/v1/orders/{order_id}"
        assert (line["status"], line["ip"], line["userAgent"]) == (200, "127.0.0.1", "tests/1")
        assert line["sub"] == order["customer_id"]
        assert line["responseLength"] == len(answer.content)
        assert 0 < line["integrationLatency"] <= line["latency"]
        assert abs(line["time"] / 1000 - time.time()) < 60

    def test_a_refusal_says_why(self, host: OwnHost, nobody: httpx.Client) -> None:
        forged = {"Authorization": "Bearer e30.e30.AAAA"}
        line = logged(host, nobody.get("/v1/orders", headers=forged))
        assert (line["status"], line["sub"]) == (401, None)
        assert line["errorMessage"]
        assert line["authorizerError"]
        unknown = logged(host, nobody.get("/nothing"))
        assert (unknown["status"], unknown["resourcePath"]) == (404, None)

    def test_an_address_that_the_client_made_up_is_not_believed(
        self, host: OwnHost, nobody: httpx.Client
    ) -> None:
        answer = nobody.get("/healthz", headers={"X-Forwarded-For": "203.0.113.7"})
        assert logged(host, answer)["ip"] == "127.0.0.1"

    def test_nothing_confidential_is_in_it(self, host: OwnHost, ana: httpx.Client) -> None:
        sent = MUGS | {"notes": "a-word-of-the-body"}
        logged(host, ana.post("/v1/orders", json=sent, headers={"x-api-key": "some-secret-key"}))
        logged(host, ana.post("/v1/orders?secret=a-word-of-the-query", json=sent))
        for words in ("a-word-of-the-search", "a-word-of-the-search" * 10):
            logged(host, ana.get("/v1/orders", params={"q": words}))
        text = Path(host.server.log).read_text()
        for secret in (ana.headers["Authorization"], "some-secret-key", "a-word-of"):
            assert secret not in text

    def test_a_text_of_the_clients_is_cut_off(self, host: OwnHost, nobody: httpx.Client) -> None:
        answer = nobody.get("/" + "x" * 5_000, headers={"User-Agent": "y" * 5_000})
        line = logged(host, answer)
        assert len(line["path"]) == len(line["userAgent"]) == MAX_FIELD_CHARACTERS + 1

    def test_an_ipv4_client_of_an_ipv6_listener_is_known_by_its_ipv4_address(self, users: Path) -> None:
        with own_host(users, "--host", "::ffff:127.0.0.1") as host, host.client() as client:
            assert logged(host, client.get("/healthz"))["ip"] == "127.0.0.1"

    def test_messages_that_are_not_read_stop_nothing(self, users: Path) -> None:
        port = free_port()
        command = [str(ORDERS), "serve", "--port", str(port), "--data-dir", str(users), *UNLIMITED]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline().startswith(b"Serving ")
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
                # Each refusal of the user pool is a line of a kilobyte.
                target = {"X-Amz-Target": "x" * 1_000}
                for _ in range(300):
                    assert client.post("/cognito/", headers=target).status_code == 400
            process.terminate()
            assert process.wait(timeout=20) == 0

    def test_a_log_that_is_not_read_stops_nothing(self, users: Path) -> None:
        port = free_port()
        command = [str(ORDERS), "serve", "--port", str(port), "--data-dir", str(users), *UNLIMITED]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            assert process.stdout is not None
            assert process.stdout.readline().startswith(b"Serving ")
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
                # Three times what a pipe holds.
                agent = {"User-Agent": "x" * MAX_FIELD_CHARACTERS}
                for _ in range(300):
                    assert client.get("/healthz", headers=agent).status_code == 200
            process.terminate()
            assert process.wait(timeout=20) == 0


def logged(host: OwnHost, answer: httpx.Response) -> dict[str, Any]:
    """The access log's line for an answer; it is written just after the answer."""
    request_id = answer.headers["x-amzn-requestid"]
    return host.logged(lambda line: line.get("requestId") == request_id)


class TestRequests:
    def test_a_body_without_a_length_is_bounded_too(self, ana: httpx.Client) -> None:
        def chunks() -> Iterator[bytes]:
            yield b'{"items": ['
            for _ in range(300):
                yield b" " * 1024

        headers = {"Content-Type": "application/json"}
        is_problem(ana.post("/v1/orders", content=chunks(), headers=headers), 413, "payload-too-large")
        assert ana.get("/v1/orders").status_code == 200

    def test_bytes_that_are_no_text_are_malformed(self, ana: httpx.Client) -> None:
        headers = {"Content-Type": "application/json"}
        is_problem(ana.post("/v1/orders", content=b"\xff\xfe{}", headers=headers), 400, "bad-request")

    @pytest.mark.parametrize(
        "request_",
        [
            b"GET /v1/orders/\xff\xfe HTTP/1.1\r\nHost: h\r\n\r\n",
            b"GET /v1/orders?\xff=\xfe HTTP/1.1\r\nHost: h\r\n\r\n",
            b"GET /v1/orders?%ff=%00&&;==& HTTP/1.1\r\nHost: h\r\n\r\n",
            b"GET /v1/orders HTTP/1.1\r\nHost: h\r\nAuthorization: \xe9\xff\r\n\r\n",
            b"GET /v1/orders HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer\r\n\r\n",
            b"GET /v1/orders HTTP/1.1\r\nHost: h\r\nx-api-key: \xff\r\n\r\n",
            b"POST /v1/orders HTTP/1.1\r\nHost: h\r\nContent-Length: \xb2\r\n\r\n",
            b"POST /v1/orders HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
            b"POST /v1/orders HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
            b"POST /v1/orders HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"BREW /v1/orders HTTP/1.1\r\nHost: h\r\n\r\n",
            b"GET http://elsewhere/v1/orders HTTP/1.1\r\nHost: h\r\n\r\n",
            b"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"\0" * 64,
            b"GET / HTTP/9.9\r\n\r\n",
        ],
        ids=lambda request: repr(request[:50]),
    )
    def test_no_bytes_are_the_hosts_fault(self, host: OwnHost, nobody: httpx.Client, request_: bytes) -> None:
        answer = raw(host, request_)
        assert answer == b"" or re.match(rb"HTTP/1.1 [234]\d\d ", answer), answer
        assert nobody.get("/healthz").status_code == 200

    def test_no_header_of_an_answer_can_be_written_by_who_asks(
        self, host: OwnHost, ana: httpx.Client
    ) -> None:
        order = ana.post("/v1/orders", json=MUGS).json()
        for order_id in (f"{order['order_id']}%0d%0aX-Made-Up:%201", "0" * 31 + "%0A", "%D9%A1" * 32):
            path = f"/v1/orders/{order_id}/returns"
            answer = ana.post(path, json={"lines": [{"line": 1, "quantity": 1}], "reason": "x"})
            is_problem(answer, 404, "not-found")

    def test_another_origin_is_named_where_only_one_is_allowed(self, users: Path) -> None:
        with own_host(users, "--cors-allow-origin", "https://shop.example") as host, host.client() as client:
            for answer in (client.get("/v1/orders"), client.options("/v1/orders")):
                assert answer.headers["access-control-allow-origin"] == "https://shop.example"
                assert answer.headers["vary"] == "Origin"


class TestLimits:
    def test_who_asks_faster_than_the_limit_is_told_what_it_is_and_when_to_come_back(
        self, users: Path
    ) -> None:
        with own_host(users, "--rate-limit", "1", "--burst", "3") as host, host.client(ANA) as client:
            answers = [client.get("/v1/orders") for _ in range(5)]
        assert [answer.status_code for answer in answers[:3]] == [200] * 3
        is_problem(answers[4], 429, "too-many-requests")
        for answer in answers:
            assert answer.headers["ratelimit-policy"] == '"default";q=3;w=3'
            assert re.fullmatch(r'"default";r=\d+;t=\d+', answer.headers["ratelimit"])
        assert [answer.headers["ratelimit"][:13] for answer in answers[:2]] == [
            '"default";r=2',
            '"default";r=1',
        ]

    def test_a_limit_comes_before_everything_else(self, users: Path) -> None:
        with own_host(users, "--rate-limit", "1", "--burst", "2") as host, host.client() as client:
            is_problem(client.get("/v1/orders"), 401, "unauthorized")
            is_problem(client.get("/v1/nothing"), 404, "not-found")
            is_problem(client.get("/v1/orders"), 429, "too-many-requests")
            # What is beside the API has a limit of its own, that no option lowers.
            beside = ("/healthz", "/metrics", "/openapi.json", "/console/", "/nothing", "/docs")
            answers = [client.get(path) for path in beside]
            for answer in (*answers, client.options("/v1/orders")):
                assert answer.status_code != 429
                assert answer.headers["ratelimit-policy"] == '"pages";q=1000;w=2'

    def test_a_request_that_was_not_authorized_uses_up_no_ones_day(self, users: Path) -> None:
        made = key(users, "basic")
        known = {"x-api-key": made["secret"]}
        with own_host(users, "--daily-quota", "basic=2") as host, host.client(ANA) as client:
            for _ in range(5):
                forged = known | {"Authorization": "Bearer e30.e30.AAAA"}
                is_problem(client.get("/v1/orders", headers=forged), 401, "unauthorized")
            statuses = [client.get("/v1/orders", headers=known).status_code for _ in range(3)]
        assert statuses == [200, 200, 429]

    def test_a_key_has_its_plan_and_its_daily_quota(self, users: Path) -> None:
        basic, premium = (key(users, plan) for plan in ("basic", "premium"))
        quota = ["--daily-quota", "basic=2"]
        with own_host(users, *quota) as host, host.client(ANA) as client:
            for _ in range(2):
                answer = client.get("/v1/orders", headers={"x-api-key": basic["secret"]})
                assert answer.status_code == 200
            assert '"basic";q=100;w=2' in answer.headers["ratelimit-policy"]
            assert '"daily";q=2;w=86400' in answer.headers["ratelimit-policy"]
            refused = client.get("/v1/orders", headers={"x-api-key": basic["secret"]})
            is_problem(refused, 429, "too-many-requests")
            assert "quota" in refused.json()["detail"]
            assert 1 <= int(refused.headers["retry-after"]) <= 86_400
            other = client.get("/v1/orders", headers={"x-api-key": premium["secret"]})
            assert other.status_code == 200
            assert '"premium";q=500;w=2' in other.headers["ratelimit-policy"]
            assert logged(host, other)["apiKeyId"] == premium["id"]
        # Stopping keeps what was counted.
        with own_host(users, *quota) as host, host.client(ANA) as client:
            is_problem(
                client.get("/v1/orders", headers={"x-api-key": basic["secret"]}), 429, "too-many-requests"
            )

    def test_a_key_that_is_required_must_be_known_and_may_end_at_once(self, users: Path) -> None:
        made = key(users, "premium")
        with own_host(users, "--require-api-key") as host, host.client(ANA) as client:
            is_problem(client.get("/v1/orders"), 403, "invalid-api-key")
            is_problem(client.get("/v1/orders", headers={"x-api-key": "unknown"}), 403, "invalid-api-key")
            assert client.get("/v1/orders", headers={"x-api-key": made["secret"]}).status_code == 200
            orders("key", "revoke", made["id"], data_dir=users)
            is_problem(
                client.get("/v1/orders", headers={"x-api-key": made["secret"]}), 403, "invalid-api-key"
            )


def key(data_dir: Path, plan: str) -> dict[str, str]:
    """A new API key: its id and its secret."""
    made: dict[str, str] = json.loads(
        orders("key", "create", f"tests {plan}", "--plan", plan, "--json", data_dir=data_dir)
    )
    return made


class TestStartAndStop:
    def test_a_directory_is_served_by_one_host(self, host: OwnHost) -> None:
        command = [str(ORDERS), "serve", "--port", "0", "--data-dir", str(host.data_dir)]
        refused = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert refused.returncode == 2
        assert refused.stderr.count("\n") == 1
        assert f"another host serves from it (process {host.server.pid})" in refused.stderr

    def test_an_answer_does_not_wait_for_an_acknowledgement(self) -> None:
        with listen(Options(port=0)) as listener:
            assert listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            assert listener.proto == socket.IPPROTO_TCP

    def test_tokens_of_another_issuer_are_taken_instead_of_the_pools(
        self, users: Path, issuer: Issuer
    ) -> None:
        issuer.publish(RSA)
        options = ["--jwt-issuer", issuer.url, "--jwt-audience", "orders"]
        with own_host(users, *options) as host, host.client() as client:
            theirs = {"Authorization": f"Bearer {issuer.token(RSA, sub='u1')}"}
            placed = client.post("/v1/orders", json=MUGS, headers=theirs)
            assert (placed.status_code, placed.json()["customer_id"]) == (201, "u1")
            ours = {"Authorization": f"Bearer {host.token(ANA)}"}
            is_problem(client.get("/v1/orders", headers=ours), 401, "unauthorized")
            elsewhere = {"Authorization": f"Bearer {issuer.token(RSA, aud='another')}"}
            is_problem(client.get("/v1/orders", headers=elsewhere), 401, "unauthorized")

    def test_an_issuer_that_is_away_is_the_services_fault_not_the_callers(
        self, users: Path, issuer: Issuer
    ) -> None:
        issuer.away = True
        options = ["--jwt-issuer", issuer.url, "--jwt-audience", "orders"]
        with own_host(users, *options) as host, host.client() as client:
            headers = {"Authorization": f"Bearer {issuer.token(RSA)}"}
            is_problem(client.get("/v1/orders", headers=headers), 503, "service-unavailable")

    def test_tls_is_served_with_a_certificate(self, users: Path, tmp_path: Path) -> None:
        certfile, keyfile = certificate(tmp_path)
        options = ["--certfile", str(certfile), "--keyfile", str(keyfile)]
        with own_host(users, *options) as host:
            url = host.url.replace("http:", "https:")
            with httpx.Client(verify=ssl.create_default_context(cafile=certfile)) as client:
                assert client.get(f"{url}/healthz").json() == {"status": "ok"}
                assert client.get(f"{url}/config.json").json()["api_url"] == url

    def test_a_request_whose_body_is_still_on_its_way_is_answered_before_the_host_stops(
        self, users: Path
    ) -> None:
        body = json.dumps(MUGS).encode()
        with own_host(users) as host:
            head = (
                f"POST /v1/orders HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {host.token(ANA)}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
                # The host says when it waits for the body.
                "Expect: 100-continue\r\n\r\n"
            )
            with socket.create_connection(("127.0.0.1", host.server.port), timeout=20) as connection:
                connection.sendall(head.encode())
                assert connection.recv(65_536).startswith(b"HTTP/1.1 100 ")
                connection.sendall(body[:10])
                os.kill(host.server.pid, signal.SIGTERM)
                wait_until_refused(host)
                connection.sendall(body[10:])
                assert connection.recv(65_536).startswith(b"HTTP/1.1 201 ")

    def test_orders_may_be_kept_in_dynamodb(self, users: Path, dynamodb_endpoint: str) -> None:
        table = create_orders_table(dynamodb_endpoint)
        store = f"dynamodb://{table}?region={REGION}&endpoint_url={dynamodb_endpoint}"
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        with own_host(users, "--store", store, env=keys) as host, host.client(ANA) as client:
            order = client.post("/v1/orders", json=MUGS).json()
            assert client.get(f"/v1/orders/{order['order_id']}").json() == order
            assert client.get("/v1/orders").json()["orders"] == [order]
            assert client.get("/healthz").json() == {"status": "ok"}

    def test_the_demo_starts_with_users_and_orders_and_says_how_to_go_on(self, tmp_path: Path) -> None:
        with own_host(tmp_path / "data", "--demo") as host, host.client("staff@example.com") as client:
            page = client.get("/v1/orders", params={"limit": "100"}).json()
            assert page["count"] == 100
            said = log_with(host.server.log, "TOKEN=")
            assert "ana@example.com" in said
            assert said.count("\ncurl ") == 3


def wait_until_refused(host: OwnHost) -> None:
    """Returns when the host takes no more connections: it has begun to stop."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", host.server.port), timeout=1).close()
        except OSError:
            return
    raise AssertionError("the host goes on")


def raw(host: OwnHost, request: bytes) -> bytes:
    """All that the host says to these bytes before it closes the connection."""
    with socket.create_connection(("127.0.0.1", host.server.port), timeout=10) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        try:
            while received := connection.recv(65_536):
                answer += received
        except ConnectionResetError:
            pass
        return answer
