"""The function app's routes, matched as the Functions host matches them."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import unquote

from shared.service.http.answers import Answer, problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shared.cli.loopback import HttpRequest

    Params = dict[str, str]  # the values of a route's parameters


ROOT = "{root:maxlength(0)?}"  #: matches an empty path only, as ASP.NET reads it


@dataclass(frozen=True, slots=True)
class HttpRoute:
    """A route such as ``reports/{tenant_id}/{ending}``, and the function that answers it."""

    route: str
    methods: tuple[str, ...]
    answer: Callable[[HttpRequest, Params], Answer]

    @property
    def segments(self) -> list[str]:
        """The route's parts between slashes; none in the route of the root."""
        return [] if self.route == ROOT else self.route.strip("/").split("/")

    def match(self, path: Sequence[str]) -> Params | None:
        """
        The parameters if the route matches a path, else `None`.

        As in ASP.NET: ``{name}`` is one whole segment and not empty; literals match in any case.
        """
        if len(path) != len(self.segments):
            return None
        params: Params = {}
        for pattern, given in zip(self.segments, path, strict=True):
            if _is_parameter(pattern):
                params[pattern[1:-1]] = given
            elif pattern.lower() != given.lower():
                return None
        return params if all(path) else None

    @property
    def precedence(self) -> list[bool]:
        """Sorts routes that match the same path: where they first differ, the literal wins."""
        return [_is_parameter(pattern) for pattern in self.segments]


class Router:
    """Passes a request to its route."""

    def __init__(self, routes: Sequence[HttpRoute], prefix: str) -> None:
        self._routes = sorted(routes, key=lambda route: route.precedence)
        self._prefix = [part.lower() for part in prefix.split("/") if part]

    def answer(self, request: HttpRequest) -> Answer:
        """The answer of the route that matches, or why none does."""
        matches = self._matches(request.path)
        for route, params in matches:
            if request.method in route.methods:
                return route.answer(request, params)
        if not matches:
            return problem(HTTPStatus.NOT_FOUND, "There is nothing at this address.")
        allowed = ", ".join(sorted({name for route, _ in matches for name in route.methods}))
        sentence = f"This address accepts {allowed} only."
        return problem(HTTPStatus.METHOD_NOT_ALLOWED, sentence, {"Allow": allowed})

    def _matches(self, path: str) -> list[tuple[HttpRoute, Params]]:
        given = [unquote(part) for part in path.removeprefix("/").removesuffix("/").split("/")]
        prefix, inside = given[: len(self._prefix)], given[len(self._prefix) :]
        if [part.lower() for part in prefix] != self._prefix:
            return []
        matches = [(route, route.match(inside)) for route in self._routes]
        return [(route, params) for route, params in matches if params is not None]


def _is_parameter(pattern: str) -> bool:
    return pattern.startswith("{") and pattern.endswith("}")
