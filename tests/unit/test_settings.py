"""The function's settings: checked at its start, all faults in one message."""

import pytest

from orders_aws import settings
from orders_aws.settings import InvalidSettings

GOOD = {"DYNAMODB_TABLE": "orders-api-dev-orders", "ENVIRONMENT": "dev", "AWS_REGION": "eu-west-1"}


def test_what_may_be_left_out_has_a_default() -> None:
    read = settings.read(GOOD)
    assert (read.table, read.environment, read.region) == ("orders-api-dev-orders", "dev", "eu-west-1")
    assert (read.log_level, read.cors_allow_origin, read.dynamodb_endpoint_url) == ("INFO", "*", "")


def test_everything_that_is_missing_or_wrong_is_named_with_what_it_should_be() -> None:
    with pytest.raises(InvalidSettings) as caught:
        settings.read({"ENVIRONMENT": "Dev!", "LOG_LEVEL": "loud", "CORS_ALLOW_ORIGIN": "shop.example"})
    message = str(caught.value)
    for name in ("DYNAMODB_TABLE is missing", "AWS_REGION is missing", "ENVIRONMENT is 'Dev!'"):
        assert name in message
    assert "LOG_LEVEL is 'loud': set it to one of DEBUG" in message
    assert "CORS_ALLOW_ORIGIN is 'shop.example': set it to * or an origin" in message


@pytest.mark.parametrize("origin", ["https://shop.example", "http://localhost:8080", "*"])
def test_an_origin_is_one(origin: str) -> None:
    assert settings.read(GOOD | {"CORS_ALLOW_ORIGIN": origin}).cors_allow_origin == origin


@pytest.mark.parametrize("origin", ["https://shop.example/", "https://a https://b", "null", "", "*\n"])
def test_an_origin_is_nothing_else(origin: str) -> None:
    with pytest.raises(InvalidSettings):
        settings.read(GOOD | {"CORS_ALLOW_ORIGIN": origin})
