"""What of an environment is versioned together, and the names that infra/ gives it."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

API: Final = "api"
CONSUMERS: Final = ("stream", "fulfilment", "notifications", "webhooks")
FUNCTIONS: Final = (API, *CONSUMERS)

# Aliases of each function: what runs, and what a rollback returns to.
LIVE: Final = "live"
PREVIOUS: Final = "previous"

# boto3 makes its clients' classes as it runs.
Client = Any


class CannotDeploy(ValueError):
    """There is nothing to deploy, or nothing to go back to."""


class Release(NamedTuple):
    """The version of each function, and the API Gateway deployment that has the contract."""

    versions: Mapping[str, str]
    contract: str


def function_name(environment: str, function: str) -> str:
    """The full name of a function of the environment."""
    return f"orders-api-{environment}-{function}"
