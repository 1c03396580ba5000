"""amazon-cognito-identity-js, the client that Amplify grew from, fetched once from npm's registry."""

from pathlib import Path

from tests.real_parts.cache import prepared
from tests.real_parts.missing import fetch, program

VERSION = "6.3.21"
PART = f"amazon-cognito-identity-js {VERSION}"
HOW = "apt-get install npm; the first run needs the npm registry, later ones do not"


def cognito_js() -> list[str]:
    """The program that runs a script with the client, and the client's folder.

    Raises:
        MissingPartError: there is no Node.js, or the client could not be fetched.
    """
    folder = prepared(f"cognito-js-{VERSION}", _install)
    return [
        str(program("node", PART, HOW)),
        str(folder / "node_modules" / "amazon-cognito-identity-js"),
    ]


def _install(folder: Path) -> None:
    npm = program("npm", PART, HOW)
    options = ["--prefix", str(folder), "--no-audit", "--no-fund", "--ignore-scripts"]
    fetch([str(npm), "install", *options, f"amazon-cognito-identity-js@{VERSION}"], PART, HOW, cwd=folder)
