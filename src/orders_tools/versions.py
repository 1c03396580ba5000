"""The published versions of an environment's functions, and the aliases that point at them.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html
"""

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from orders_tools.release import CannotDeploy, Client, function_name

_UNPUBLISHED: Final = "$LATEST"


class Versions:
    """The versions of one environment's functions."""

    def __init__(self, environment: str, functions: Client) -> None:
        self._environment = environment
        self._functions = functions

    def at(self, function: str, alias: str) -> str:
        """The version that the alias points at.

        Raises:
            CannotDeploy: the function has no such alias.
        """
        version: str = self._alias(function, alias)["FunctionVersion"]
        return version

    def note_at(self, function: str, alias: str) -> str:
        """The description of the alias.

        Raises:
            CannotDeploy: the function has no such alias.
        """
        note: str = self._alias(function, alias)["Description"]
        return note

    def move(self, function: str, alias: str, version: str) -> None:
        """Point the alias at the version."""
        self._functions.update_alias(FunctionName=self._name(function), Name=alias, FunctionVersion=version)

    def record(self, function: str, alias: str, version: str, note: str) -> None:
        """Point the alias at the version and describe it; make it if it is not there."""
        alias_of_version = {
            "FunctionName": self._name(function),
            "Name": alias,
            "FunctionVersion": version,
            "Description": note,
        }
        try:
            self._functions.update_alias(**alias_of_version)
        except self._functions.exceptions.ResourceNotFoundException:
            self._functions.create_alias(**alias_of_version)

    def running_zip(self, function: str, zip_file: Path) -> str:
        """The newest version that runs this very zip.

        Raises:
            CannotDeploy: no version does.
        """
        digest = base64.b64encode(hashlib.sha256(zip_file.read_bytes()).digest()).decode()
        return self._running(function, digest, str(zip_file))

    def running_same_zip(self, function: str, other: str, version: str) -> str:
        """The newest version of the function that runs the zip of another function's version.

        Raises:
            CannotDeploy: the other has no such version, or no version of the function runs its zip.
        """
        for published in self._published(other):
            if published["Version"] == version:
                digest: str = published["CodeSha256"]
                return self._running(function, digest, f"the zip of version {version} of {self._name(other)}")
        raise CannotDeploy(f"{self._name(other)} has no version {version}.")

    def delete_old(self, function: str, kept: int) -> list[str]:
        """Delete all versions but the newest and those that an alias points at; return the deleted ones."""
        needed = set(self._aliased(function))
        numbers = sorted((int(published["Version"]) for published in self._published(function)), reverse=True)
        deleted = [str(number) for number in numbers[kept:] if str(number) not in needed]
        for version in deleted:
            self._functions.delete_function(FunctionName=self._name(function), Qualifier=version)
        return deleted

    def _name(self, function: str) -> str:
        return function_name(self._environment, function)

    def _alias(self, function: str, alias: str) -> dict[str, Any]:
        try:
            found: dict[str, Any] = self._functions.get_alias(FunctionName=self._name(function), Name=alias)
        except self._functions.exceptions.ResourceNotFoundException:
            raise CannotDeploy(f"{self._name(function)} has no alias {alias}.") from None
        return found

    def _running(self, function: str, digest: str, what: str) -> str:
        numbers = [
            int(published["Version"])
            for published in self._published(function)
            if published["CodeSha256"] == digest
        ]
        if not numbers:
            raise CannotDeploy(
                f"No version of {self._name(function)} runs {what}: publish it first, with `terraform apply`."
            )
        return str(max(numbers))

    def _published(self, function: str) -> Iterator[dict[str, Any]]:
        pages = self._functions.get_paginator("list_versions_by_function").paginate(
            FunctionName=self._name(function)
        )
        for page in pages:
            yield from (version for version in page["Versions"] if version["Version"] != _UNPUBLISHED)

    def _aliased(self, function: str) -> Iterator[str]:
        pages = self._functions.get_paginator("list_aliases").paginate(FunctionName=self._name(function))
        for page in pages:
            for alias in page["Aliases"]:
                yield alias["FunctionVersion"]
                yield from alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
