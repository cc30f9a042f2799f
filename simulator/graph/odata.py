"""
Graph's ``$filter`` on sign-ins, exactly as documented.

The table on the ``signIn`` resource pages says which operators each property allows; anything else
is refused as Graph refuses it: "Invalid filter clause".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulator.tenants.rows import to_instant

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulator.tenants.rows import Row

    Test = Callable[[Row], bool]

EVENT_TYPES = "signInEventTypes"
CREATED = "createdDateTime"

_EQUALS = frozenset({"eq"})
_BOUNDS = frozenset({"eq", "le", "ge"})
_STARTS = frozenset({"eq", "startswith"})

#: Property (path) to the operators documented for it.
OPERATORS = {
    CREATED: _BOUNDS,
    **dict.fromkeys(
        (
            "id",
            "userId",
            "appId",
            "correlationId",
            "originalRequestId",
            "resourceId",
            "resourceDisplayName",
            "clientAppUsed",
            "conditionalAccessStatus",
            "riskDetail",
            "riskLevelAggregated",
            "riskLevelDuringSignIn",
            "riskState",
            "status/errorCode",
            "tokenIssuerName",
            "tokenIssuerType",
        ),
        _EQUALS,
    ),
    **dict.fromkeys(
        (
            "userDisplayName",
            "userPrincipalName",
            "appDisplayName",
            "authenticationRequirement",
            "ipAddress",
            "location/city",
            "location/state",
            "location/countryOrRegion",
            "deviceDetail/browser",
            "deviceDetail/operatingSystem",
            "servicePrincipalId",
            "servicePrincipalName",
            "userAgent",
        ),
        _STARTS,
    ),
}
#: Those of the properties above that v1.0 does not have.
BETA_ONLY = frozenset(
    {
        EVENT_TYPES,
        "authenticationRequirement",
        "originalRequestId",
        "tokenIssuerName",
        "tokenIssuerType",
    }
)

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')"
    r"|(?P<time>\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d{1,7})?Z)?(?![\w-]))"
    r"|(?P<number>-?\d+(?![\w.]))"
    r"|(?P<word>[A-Za-z][\w/]*)"
    r"|(?P<sign>[(),:]))"
)


class FilterError(Exception):
    """Graph is not documented to accept the filter; the message says why."""


@dataclass(frozen=True, slots=True)
class ODataFilter:
    """A parsed filter: a test for rows, and what is known without testing each row."""

    test: Test
    names_events: bool  #: whether it selects event types
    newest: str = ""  #: if set, no row after this instant passes; seven fractional digits
    oldest: str = ""  #: if set, no row before this instant passes


def parse_filter(text: str, *, is_beta: bool) -> ODataFilter:
    """Parse a ``$filter``; raises `FilterError` if it is not a documented one."""
    parser = _Parser(text, is_beta=is_beta)
    test = parser.parse()
    return ODataFilter(test, parser.names_events, parser.newest, parser.oldest)


class _Parser:
    """Recursive descent: or, and, then one comparison, function, lambda or group."""

    def __init__(self, text: str, *, is_beta: bool) -> None:
        self._tokens = _split(text)
        self._next = 0
        self._depth = 0
        self._is_beta = is_beta
        self._is_conjunction = True
        self._bounds: list[tuple[str, str]] = []
        self.names_events = False

    @property
    def newest(self) -> str:
        return min(self._bound("le"), default="")

    @property
    def oldest(self) -> str:
        return max(self._bound("ge"), default="")

    def parse(self) -> Test:
        test = self._disjunction()
        if self._next < len(self._tokens):
            raise FilterError(f"unexpected {self._tokens[self._next][1]!r}")
        return test

    def _bound(self, operator: str) -> list[str]:
        """The bounds that every row must satisfy: those of a filter without ``or``."""
        if not self._is_conjunction:
            return []
        return [value for given, value in self._bounds if given == operator]

    def _disjunction(self) -> Test:
        tests = [self._conjunction()]
        while self._accept("or"):
            tests.append(self._conjunction())
            self._is_conjunction = self._is_conjunction and self._depth > 0
        return tests[0] if len(tests) == 1 else lambda row: any(test(row) for test in tests)

    def _conjunction(self) -> Test:
        tests = [self._term()]
        while self._accept("and"):
            tests.append(self._term())
        return tests[0] if len(tests) == 1 else lambda row: all(test(row) for test in tests)

    def _term(self) -> Test:
        if self._accept("("):
            self._depth += 1
            test = self._disjunction()
            self._depth -= 1
            self._expect(")")
            return test
        word = self._take("word")
        if word.lower() == "startswith":
            return self._starts_with()
        if word.lower() == f"{EVENT_TYPES}/any".lower():
            return self._any_event()
        return self._comparison(word)

    def _comparison(self, word: str) -> Test:
        path = self._path(word)
        operator = self._take("word").lower()
        if operator not in OPERATORS[path] or operator == "startswith":
            raise FilterError(f"operator {operator!r} is not supported for property {path!r}")
        wanted = self._literal(path)
        if path == CREATED and not self._depth:
            self._bounds.append((operator, wanted))
        return _compare(path, operator, wanted)

    def _starts_with(self) -> Test:
        self._expect("(")
        path = self._path(self._take("word"))
        if "startswith" not in OPERATORS[path]:
            raise FilterError(f"function 'startswith' is not supported for property {path!r}")
        self._expect(",")
        prefix = self._take("text").lower()
        self._expect(")")
        return lambda row: str(_value(row, path) or "").lower().startswith(prefix)

    def _any_event(self) -> Test:
        if not self._is_beta:
            raise FilterError(f"no property named {EVENT_TYPES!r} on type 'microsoft.graph.signIn'")
        self.names_events = True
        self._expect("(")
        variable = self._take("word")
        self._expect(":")
        self._expect(variable)
        operator = self._take("word").lower()
        wanted = self._take("text")
        self._expect(")")
        if operator == "eq":
            return lambda row: any(event == wanted for event in row[EVENT_TYPES])
        if operator == "ne":
            return lambda row: any(event != wanted for event in row[EVENT_TYPES])
        raise FilterError(f"operator {operator!r} is not supported in 'any'")

    def _path(self, word: str) -> str:
        path = _SPELLINGS.get(word.lower())
        if path is None or (path in BETA_ONLY and not self._is_beta):
            raise FilterError(f"no property named {word!r} on type 'microsoft.graph.signIn'")
        return path

    def _literal(self, path: str) -> Any:  # noqa: ANN401 (the type of the property)
        if path == CREATED:
            return to_instant(self._take("time"))
        return int(self._take("number")) if path == "status/errorCode" else self._take("text")

    def _accept(self, value: str) -> bool:
        if self._next >= len(self._tokens):
            return False
        kind, given = self._tokens[self._next]
        if kind == "text" or given.lower() != value.lower():
            return False
        self._next += 1
        return True

    def _expect(self, value: str) -> None:
        if not self._accept(value):
            raise FilterError(f"{value!r} expected")

    def _take(self, kind: str) -> str:
        if self._next >= len(self._tokens) or self._tokens[self._next][0] != kind:
            raise FilterError(f"a {kind} expected")
        self._next += 1
        value = self._tokens[self._next - 1][1]
        return value[1:-1].replace("''", "'") if kind == "text" else value


_SPELLINGS = {path.lower(): path for path in OPERATORS}  # Graph ignores case here


def _split(text: str) -> list[tuple[str, str]]:
    tokens = []
    at = 0
    stripped = text.rstrip()
    while at < len(stripped):
        match = _TOKEN.match(stripped, at)
        if match is None or match.lastgroup is None:
            raise FilterError(f"syntax error at position {at}")
        tokens.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return tokens


def _compare(path: str, operator: str, wanted: Any) -> Test:  # noqa: ANN401 (as above)
    if path == CREATED:
        return {
            "eq": lambda row: to_instant(row[CREATED]) == wanted,
            "le": lambda row: to_instant(row[CREATED]) <= wanted,
            "ge": lambda row: to_instant(row[CREATED]) >= wanted,
        }[operator]
    if isinstance(wanted, str):
        folded = wanted.lower()
        return lambda row: str(_value(row, path) or "").lower() == folded
    return lambda row: bool(_value(row, path) == wanted)


def _value(row: Row, path: str) -> Any:  # noqa: ANN401 (as above)
    value: Any = row
    for name in path.split("/"):
        value = value.get(name) if isinstance(value, dict) else None
    return value
