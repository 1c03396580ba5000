"""`orders serve --store dynamodb://… --cache-url …`, and what the options refuse."""

import re
from pathlib import Path

import boto3
import httpx
import pytest
from tests.hosts.embedded import ORDERS
from tests.real_parts.process import free_port, running
from tests.real_parts.tables import REGION, create_orders_table

from orders_host.options import InvalidOption, Options

MUG = {"product_id": "A-1", "quantity": 2, "unit_price": "9.50"}
DEMO_USER = {"USERNAME": "ana@example.com", "PASSWORD": "Demo-orders-2026!"}


def test_the_host_counts_hits_and_misses(dynamodb_endpoint: str, redis_url: str, tmp_path: Path) -> None:
    table = create_orders_table(dynamodb_endpoint)
    store = f"dynamodb://{table}?region={REGION}&endpoint_url={dynamodb_endpoint}"
    port = free_port()
    argv: list[str | Path] = [ORDERS, "serve", "--demo", "--port", str(port), "--data-dir", tmp_path / "data"]
    argv += ["--store", store, "--cache-url", redis_url]
    credentials = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    with (
        running(argv, port, tmp_path / "log", env=credentials) as server,
        httpx.Client(base_url=server.url, headers=sign_in(server.url)) as http,
    ):
        order = http.post("/v1/orders", json={"items": [MUG]}).raise_for_status()
        for _ in range(30):
            assert http.get(order.headers["location"].removeprefix(server.url)).json() == order.json()
        metrics = http.get("/metrics").text
    counts = re.findall(r'^orders_cache_seconds_count{result="(\w+)"} (\d+)', metrics, re.MULTILINE)
    assert sum(int(count) for _, count in counts) == 30
    assert {"hit", "miss"} <= {result for result, _ in counts}


def sign_in(url: str) -> dict[str, str]:
    config = httpx.get(f"{url}/config.json").json()
    cognito = boto3.client(
        "cognito-idp",
        region_name=REGION,
        endpoint_url=config["cognito_url"],
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    answer = cognito.initiate_auth(
        AuthFlow="USER_PASSWORD_AUTH", ClientId=config["client_id"], AuthParameters=DEMO_USER
    )
    cognito.close()
    return {"Authorization": f"Bearer {answer['AuthenticationResult']['IdToken']}"}


@pytest.mark.parametrize(
    ("store", "cache_url", "says"),
    [
        ("sqlite", "redis://127.0.0.1", "goes with a dynamodb://"),
        ("dynamodb://orders", "memcached://127.0.0.1", "write redis://"),
    ],
)
def test_options_that_make_no_sense_are_refused(store: str, cache_url: str, says: str) -> None:
    with pytest.raises(InvalidOption, match=says):
        Options(store=store, cache_url=cache_url).check()
