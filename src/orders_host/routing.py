"""The table of what the host serves: each path with its methods, its flags and who answers it."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final, NamedTuple

from orders_core.proxy import ProxyResponse
from orders_host.proxy import HttpRequest
from orders_host.streaming import Streamed

Claims = Mapping[str, str]
Authorize = Callable[[], Awaitable[Claims]]


class Call(NamedTuple):
    """A request that has passed the gateway's checks, as the route's function gets it.

    `parameters` are those of the path. `claims` are empty where the route is not authorized, and `body` is
    where it is streamed. `authorize` looks at the token once more, or raises Unauthorized.
    """

    request: HttpRequest
    parameters: dict[str, str]
    claims: Claims
    body: bytes
    authorize: Authorize


Answer = Callable[[Call], Awaitable[ProxyResponse | Streamed]]


class Route(NamedTuple):
    """One row of the table.

    `template` is a path as API Gateway writes it: `{name}` is one segment, `{name+}` the rest of the path.
    `limited` routes count in the API's limits, others in those of pages. `authorized` ones need a token, and
    are what the access log and the metrics name. Of `streamed` ones no body is read. Those with a
    `preflight` let browsers ask for it.
    """

    template: str
    methods: tuple[str, ...]
    answer: Answer
    limited: bool = False
    authorized: bool = False
    streamed: bool = False
    preflight: dict[str, str] | None = None


class Match(NamedTuple):
    """The route that a path belongs to, and the values of its parameters."""

    route: Route
    parameters: dict[str, str]


class Router:
    """Routes without parameters are looked up; those with some are tried in the table's order."""

    def __init__(self, table: Iterable[Route]) -> None:
        routes = list(table)
        self._fixed = {route.template: Match(route, {}) for route in routes if "{" not in route.template}
        self._templates = [(_pattern(route.template), route) for route in routes if "{" in route.template]

    def match(self, path: str) -> Match | None:
        """The route of a decoded path, with the values of its parameters."""
        fixed = self._fixed.get(path)
        if fixed is not None:
            return fixed
        for pattern, route in self._templates:
            if found := pattern.fullmatch(path):
                return Match(route, found.groupdict())
        return None


# As re.escape leaves them.
_PARAMETER: Final = re.compile(r"\\{(\w+)(\\\+)?\\}")


def _pattern(template: str) -> re.Pattern[str]:
    pattern = _PARAMETER.sub(
        lambda found: f"(?P<{found[1]}>{'.+' if found[2] else '[^/]+'})", re.escape(template)
    )
    return re.compile(pattern, re.DOTALL)
