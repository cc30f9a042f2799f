"""Parts that are made once, when they are first needed."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    import threading

_T = TypeVar("_T")


class _Locked(Protocol):
    lock: threading.RLock  #: reentrant, because one part may need another


class once(cached_property[_T]):  # noqa: N801 (a decorator, named like one)
    """A property that is computed once, whichever thread asks first; its owner has a `lock`."""

    def __get__(self, instance: _Locked, owner: object = None) -> _T:  # type: ignore[override]
        with instance.lock:
            return super().__get__(instance)
