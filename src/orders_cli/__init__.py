"""The entry point of the command line, `orders`: says which extra is missing where a package is not there."""

import sys
from typing import Final

# The module that is missing → the extra of orders-api that installs it. The names of modules are not those
# of the packages in pyproject.toml, so they can't be read from the package's metadata.
EXTRA_OF: Final = {
    "click": "host",
    "uvicorn": "host",
    "httptools": "host",
    "uvloop": "host",
    "joserfc": "host",
    "cryptography": "host",
    "argon2": "host",
    "prometheus_client": "host",
    "yaml": "host",
    "httpx": "client",
    "botocore": "aws",
    "opentelemetry": "otlp",
    "boto3": "deploy",
}

_MISUSE: Final = 2


def main() -> None:
    """Run the command line; without the packages that a command needs, name the extra that installs them."""
    try:
        # Imported here, because without the extra `host` there is no click to import.
        from orders_cli.commands import run

        run()
    except ModuleNotFoundError as error:
        extra = EXTRA_OF.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        remedy = f"pip install 'orders-api[{extra}]'"
        sys.stderr.write(f"orders: {error.name} is missing. Install it with: {remedy}\n")
        sys.exit(_MISUSE)
