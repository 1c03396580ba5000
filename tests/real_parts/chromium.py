"""Debian's Chromium, for the tests that look at pages."""

from pathlib import Path

from tests.real_parts.missing import program

HEADLESS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")


def chromium() -> Path:
    """The browser's path.

    Raises:
        MissingPartError: it is not installed.
    """
    return program("chromium", "Chromium", "apt-get install chromium")
