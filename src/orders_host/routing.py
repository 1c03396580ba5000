"""Finds the resource of a path, and the methods it has, in the contract."""

import re
from typing import Any, Final, NamedTuple

_METHODS: Final = ("get", "post", "put", "patch", "delete")


class Resource(NamedTuple):
    """A path template such as `/v1/orders/{order_id}`, and the methods the contract gives it."""

    template: str
    methods: tuple[str, ...]


class Match(NamedTuple):
    """The resource that a path belongs to, and the values of its parameters."""

    resource: Resource
    parameters: dict[str, str]


class Router:
    """Resources without parameters are looked up; those with some are tried in the contract's order."""

    def __init__(self, contract: dict[str, Any]) -> None:
        resources = [_resource(template, path) for template, path in contract["paths"].items()]
        self._fixed = {resource.template: resource for resource in resources if "{" not in resource.template}
        self._templates = [
            (_pattern(resource.template), resource) for resource in resources if "{" in resource.template
        ]

    def match(self, path: str) -> Match | None:
        """The resource that a decoded path names, with the values of its parameters."""
        fixed = self._fixed.get(path)
        if fixed is not None:
            return Match(fixed, {})
        for pattern, resource in self._templates:
            if found := pattern.fullmatch(path):
                return Match(resource, found.groupdict())
        return None


def _resource(template: str, path: dict[str, Any]) -> Resource:
    methods = sorted(method.upper() for method in _METHODS if method in path)
    return Resource(template, (*methods, "OPTIONS"))


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(template)))
