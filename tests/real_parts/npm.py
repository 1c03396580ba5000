"""Packages of Node.js, each fetched once from npm's registry."""

from functools import partial
from pathlib import Path

from tests.real_parts.cache import prepared
from tests.real_parts.missing import fetch, program

HOW = "apt-get install npm; the first run needs the npm registry, later ones do not"


def installed(*packages: str) -> Path:
    """The folder `node_modules` of a folder with these packages, such as `newman@6.2.2`.

    Raises:
        MissingPartError: there is no npm, or they could not be fetched.
    """
    name = "-".join(package.strip("@").replace("/", "-") for package in packages)
    return prepared(name, partial(_install, packages)) / "node_modules"


def node() -> Path:
    """The program that runs them.

    Raises:
        MissingPartError: it is not here.
    """
    return program("node", "Node.js", HOW)


def _install(packages: tuple[str, ...], folder: Path) -> None:
    part = " and ".join(packages)
    options = ["--prefix", str(folder), "--no-audit", "--no-fund", "--ignore-scripts"]
    fetch([str(program("npm", part, HOW)), "install", *options, *packages], part, HOW, cwd=folder)
