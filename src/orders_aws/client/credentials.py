"""Finds the credentials to sign with."""

import os
from collections.abc import Callable
from typing import Final

from orders_aws.client.signature import Credentials

_HOW: Final = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"


class NoCredentials(Exception):
    """Nothing to sign with; the message says how to change that."""


def find() -> Callable[[], Credentials]:
    """Gives the credentials for each request: a function, because they may be renewed behind it.

    Lambda puts them into the environment. All other places (profiles, containers, instances, a function
    restored by SnapStart) are left to botocore, which Lambda's runtime has and the extra `aws` installs.

    Raises:
        NoCredentials
    """
    environ = os.environ
    if "AWS_ACCESS_KEY_ID" in environ and "AWS_SECRET_ACCESS_KEY" in environ:
        fixed = Credentials(
            environ["AWS_ACCESS_KEY_ID"], environ["AWS_SECRET_ACCESS_KEY"], environ.get("AWS_SESSION_TOKEN")
        )
        return lambda: fixed
    return _of_botocore()


def _of_botocore() -> Callable[[], Credentials]:
    try:
        from botocore.session import get_session
    except ModuleNotFoundError:
        raise NoCredentials(f"no AWS credentials: {_HOW}, or install orders-api[aws] for profiles") from None
    found = get_session().get_credentials()
    if found is None:
        raise NoCredentials(f"no AWS credentials: {_HOW}, or AWS_PROFILE")

    def current() -> Credentials:
        frozen = found.get_frozen_credentials()
        return Credentials(frozen.access_key or "", frozen.secret_key or "", frozen.token)

    return current
