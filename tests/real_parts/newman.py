"""Newman, Postman's own runner for the command line, fetched once from npm's registry."""

from pathlib import Path

from tests.real_parts.cache import prepared
from tests.real_parts.missing import fetch, program

VERSION = "6.2.2"
PART = f"newman {VERSION}"
HOW = "apt-get install npm; the first run needs the npm registry, later ones do not"


def newman() -> list[str]:
    """The command that runs a collection.

    Raises:
        MissingPartError: there is no Node.js, or newman could not be fetched.
    """
    node = program("node", PART, HOW)
    folder = prepared(f"newman-{VERSION}", _install)
    return [str(node), str(folder / "node_modules" / "newman" / "bin" / "newman.js")]


def _install(folder: Path) -> None:
    npm = program("npm", PART, HOW)
    options = ["--prefix", str(folder), "--no-audit", "--no-fund", "--ignore-scripts"]
    fetch([str(npm), "install", *options, f"newman@{VERSION}"], PART, HOW, cwd=folder)
