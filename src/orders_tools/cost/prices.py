"""AWS's list prices in USD, as of a date, each with where it comes from and whether that was seen.

Prices change: before you rely on one, open its page, correct it here and move the date.
"""

from typing import Final, NamedTuple

AS_OF: Final = "2026-11-24"

_MILLION: Final = 1_000_000


class Price(NamedTuple):
    """USD for one `unit`; `free` units a month cost an account nothing, for as long as it lives.

    `confirmed` says that the figure was seen in a public source for this region; the others are quoted from
    memory and still have to be compared with the page.
    """

    usd: float
    unit: str
    source: str
    confirmed: bool = False
    free: float = 0.0


_EVERYWHERE: Final = {
    "api-request": Price(3.50 / _MILLION, "request", "https://aws.amazon.com/api-gateway/pricing/", True),
    "lambda-request": Price(
        0.20 / _MILLION, "request", "https://aws.amazon.com/lambda/pricing/", True, free=1_000_000
    ),
    "lambda-gb-second": Price(
        0.0000133334, "GB-s on arm64", "https://aws.amazon.com/lambda/pricing/", free=400_000
    ),
    "lambda-provisioned-gb-second": Price(
        0.0000033334, "GB-s on arm64", "https://aws.amazon.com/lambda/pricing/"
    ),
    "cognito-user": Price(
        0.015, "monthly active user", "https://aws.amazon.com/cognito/pricing/", True, free=10_000
    ),
    "event": Price(1.00 / _MILLION, "event of 64 KB", "https://aws.amazon.com/eventbridge/pricing/"),
    "queue-request": Price(0.40 / _MILLION, "request", "https://aws.amazon.com/sqs/pricing/", free=1_000_000),
    "notification": Price(0.50 / _MILLION, "publish", "https://aws.amazon.com/sns/pricing/", free=1_000_000),
    "trace": Price(5.00 / _MILLION, "trace", "https://aws.amazon.com/xray/pricing/", free=100_000),
    "log-storage-gb": Price(0.03, "GB-month", "https://aws.amazon.com/cloudwatch/pricing/"),
    "metric": Price(0.30, "metric", "https://aws.amazon.com/cloudwatch/pricing/", free=10),
    "alarm": Price(0.10, "alarm", "https://aws.amazon.com/cloudwatch/pricing/", free=10),
    "dashboard": Price(3.00, "dashboard", "https://aws.amazon.com/cloudwatch/pricing/", free=3),
    "transfer-gb": Price(0.09, "GB out", "https://aws.amazon.com/ec2/pricing/on-demand/", free=100),
    "firewall": Price(5.00, "web ACL", "https://aws.amazon.com/waf/pricing/"),
    "firewall-rule": Price(1.00, "rule", "https://aws.amazon.com/waf/pricing/"),
    "firewall-request": Price(0.60 / _MILLION, "request", "https://aws.amazon.com/waf/pricing/"),
    "key": Price(1.00, "KMS key", "https://aws.amazon.com/kms/pricing/"),
}

_DYNAMODB: Final = "https://aws.amazon.com/dynamodb/pricing/on-demand/"
_CLOUDWATCH: Final = "https://aws.amazon.com/cloudwatch/pricing/"
_ELASTICACHE: Final = "https://aws.amazon.com/elasticache/pricing/"

PRICES: Final[dict[str, dict[str, Price]]] = {
    "us-east-1": _EVERYWHERE
    | {
        "write-unit": Price(0.625 / _MILLION, "WRU", _DYNAMODB, True),
        "read-unit": Price(0.125 / _MILLION, "RRU", _DYNAMODB, True),
        "table-gb": Price(0.25, "GB-month", _DYNAMODB, free=25),
        "backup-gb": Price(0.20, "GB-month", _DYNAMODB),
        "log-gb": Price(0.50, "GB", _CLOUDWATCH, free=5),
        "cache-gb-hour": Price(0.084, "GB-hour", _ELASTICACHE),
        "cache-unit": Price(0.0023 / _MILLION, "ECPU", _ELASTICACHE),
    },
    "eu-west-1": _EVERYWHERE
    | {
        "write-unit": Price(0.705 / _MILLION, "WRU", _DYNAMODB),
        "read-unit": Price(0.141 / _MILLION, "RRU", _DYNAMODB),
        "table-gb": Price(0.283, "GB-month", _DYNAMODB, free=25),
        "backup-gb": Price(0.226, "GB-month", _DYNAMODB),
        "log-gb": Price(0.57, "GB", _CLOUDWATCH, free=5),
        "cache-gb-hour": Price(0.094, "GB-hour", _ELASTICACHE),
        "cache-unit": Price(0.0026 / _MILLION, "ECPU", _ELASTICACHE),
    },
}
"""By region, then by what is paid for."""
