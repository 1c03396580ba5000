"""The Lambda's settings: environment variables, read once and checked at start."""

import os
import re
from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Struct

LOG_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class InvalidSettings(Exception):
    """One or more environment variables are missing or wrong; the message names all of them."""


class Settings(Struct, frozen=True):
    """The function's environment variables, checked."""

    table: str
    environment: str
    region: str
    log_level: str
    cors_allow_origin: str
    dynamodb_endpoint_url: str
    cache_url: str
    user_pool_id: str


class _Variable(Struct, frozen=True):
    name: str
    pattern: str
    wanted: str
    default: str | None = None


_VARIABLES: Final = {
    "table": _Variable("DYNAMODB_TABLE", r"[a-zA-Z0-9_.-]{3,255}", "the name of the orders table"),
    "environment": _Variable("ENVIRONMENT", r"[a-z][a-z0-9-]{0,31}", "such as dev, preprod or prod"),
    "region": _Variable("AWS_REGION", r"[a-z0-9-]+", "a region such as eu-west-1"),
    "log_level": _Variable("LOG_LEVEL", "|".join(LOG_LEVELS), "one of " + ", ".join(LOG_LEVELS), "INFO"),
    "cors_allow_origin": _Variable("CORS_ALLOW_ORIGIN", r"\*|https?://[^\s/]+", "* or an origin", "*"),
    "dynamodb_endpoint_url": _Variable("DYNAMODB_ENDPOINT_URL", r"https?://\S+|", "a URL, for tests", ""),
    "cache_url": _Variable("CACHE_URL", r"rediss?://\S+|", "redis://… or rediss://…, or leave it out", ""),
    "user_pool_id": _Variable("USER_POOL_ID", r"[\w-]+_[0-9a-zA-Z]+|", "a user pool, or leave it out", ""),
}


def read(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of this process.

    Raises:
        InvalidSettings: naming every variable that is missing or wrong, and what it should be.
    """
    values: dict[str, str] = {}
    faults: list[str] = []
    for field, variable in _VARIABLES.items():
        value = environ.get(variable.name, variable.default)
        if value is None:
            faults.append(f"{variable.name} is missing: set it to {variable.wanted}")
        elif not re.fullmatch(variable.pattern, value):
            faults.append(f"{variable.name} is {value!r}: set it to {variable.wanted}")
        else:
            values[field] = value
    if faults:
        raise InvalidSettings("; ".join(faults))
    return msgspec.convert(values, Settings)
