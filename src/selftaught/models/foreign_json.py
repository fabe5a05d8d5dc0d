"""JSON of servers: nothing in it is believed to be there, or to have a shape, before it was looked at."""

from __future__ import annotations

import json
import re
from typing import Any

_SURROGATES = re.compile("[\ud800-\udfff]")


def parsed(body: bytes) -> Any:
    """What a body says.

    Raises:
        ValueError: It is no JSON, or nested deeper than anything that is meant.
    """
    try:
        return json.loads(body)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def at(value: Any, *path: str | int) -> Any:
    """What stands at a path of keys and indices, or None where there is no such place."""
    for step in path:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        else:
            value = value[step] if isinstance(value, list) and -len(value) <= step < len(value) else None
    return value


def text_at(value: Any, *path: str | int) -> str:
    """The text at a path, or an empty one; what no text can hold (half a surrogate pair) is replaced."""
    found = at(value, *path)
    return clean(found) if isinstance(found, str) else ""


def list_at(value: Any, *path: str | int) -> list[Any]:
    """The list at a path, or an empty one."""
    found = at(value, *path)
    return found if isinstance(found, list) else []


def count_at(value: Any, *path: str | int) -> int:
    """The whole number at a path, however absurd, or 0 where there is none; `remote` judges whether it can be true."""
    found = at(value, *path)
    if isinstance(found, float) and found.is_integer():
        return int(found)
    return found if isinstance(found, int) and not isinstance(found, bool) else 0


def clean(text: str) -> str:
    """A text that can be written anywhere: lone surrogates become U+FFFD."""
    return text if text.isascii() else _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text)
