"""Whose turn is next, when many improvements ask one provider: levels in turn, then the scopes of a level in turn.

The improver that improves itself asks rarely, and everything waits for its answer; the improvements that value it ask
by the hundreds. So a prompt of the one level is never behind more than one of each other level.
"""

from __future__ import annotations

import re
from collections import OrderedDict, deque
from typing import Generic, TypeVar

Item = TypeVar("Item")

_REPEAT = re.compile(r"(?:^|/)repeat-\d+(?=/|$)")


def level_of(scope: str) -> int:
    """How deep a scope is: 0 for an improver that improves an improver, 1 for the repeats that value it."""
    return len(_REPEAT.findall(scope))


class FairQueue(Generic[Item]):
    """Items in turn; those of one scope stay in the order in which they came."""

    def __init__(self) -> None:
        self._levels: OrderedDict[int, OrderedDict[str, deque[Item]]] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._levels)

    def put(self, scope: str, item: Item) -> None:
        """Nothing; an item waits behind the others of its scope, and a new scope behind those of its level."""
        self._levels.setdefault(level_of(scope), OrderedDict()).setdefault(scope, deque()).append(item)

    def peek(self) -> Item:
        """Whose turn it is.

        Raises:
            LookupError: Nobody waits.
        """
        level = self._first_level()
        return self._levels[level][next(iter(self._levels[level]))][0]

    def pop(self) -> Item:
        """Whose turn it is; then it is the turn of another level and, within this one, of another scope.

        Raises:
            LookupError: Nobody waits.
        """
        level = self._first_level()
        scopes = self._levels[level]
        scope, items = next(iter(scopes.items()))
        item = items.popleft()
        scopes.move_to_end(scope)
        self._levels.move_to_end(level)
        self._tidy(level, scope)
        return item

    def remove(self, scope: str, item: Item) -> None:
        """Nothing; an item waits no longer. No turn changes by it.

        Raises:
            LookupError: It does not wait.
        """
        level = level_of(scope)
        try:
            self._levels[level][scope].remove(item)
        except ValueError:
            raise LookupError("it does not wait") from None
        self._tidy(level, scope)

    def _first_level(self) -> int:
        if not self._levels:
            raise LookupError("nobody waits")
        return next(iter(self._levels))

    def _tidy(self, level: int, scope: str) -> None:
        if not self._levels[level][scope]:
            del self._levels[level][scope]
        if not self._levels[level]:
            del self._levels[level]
