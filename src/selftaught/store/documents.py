"""Plain data to text and back, exactly, whatever a hostile program put into it. Pure functions.

Two layers. `escape` makes any Python string storable: a NUL character (PostgreSQL refuses it, SQL functions of SQLite
stop at it) or a lone surrogate (not encodable) becomes U+F7FF, a private-use character, and four hex digits; so does
U+F7FF itself. `encode` writes JSON, with four tags for what JSON has not: `{"$float": "nan"}`, `{"$bytes": base64}`,
`{"$dict": [[key, value], …]}` for keys that are not text or begin with a dollar, and `{"$text": sha256}` for a long
text kept elsewhere.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

ESCAPE = "\uf7ff"
_UNSAFE = re.compile("[\x00\ud800-\udfff\uf7ff]")
_ESCAPED = re.compile("\uf7ff([0-9a-f]{4})")

LONG_TEXT_CHARACTERS = 256
"""From this length on, a text is worth keeping apart and once."""

KeepText = Callable[[str], str]


def escape(text: str) -> str:
    """`text` without NUL characters and lone surrogates; `unescape` undoes it."""
    return _UNSAFE.sub(lambda match: f"{ESCAPE}{ord(match[0]):04x}", text)


def unescape(text: str) -> str:
    """What `escape` was given."""
    if ESCAPE not in text:
        return text
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)


def encode(value: object, keep_text: KeepText | None = None) -> str:
    """`value` as one line of JSON; `decode` gives it back, tuples as lists.

    Args:
        keep_text: Stores a long text elsewhere and returns its sha256.

    Raises:
        TypeError: Something in it is not plain data.
        ValueError: It is nested too deeply.
    """
    try:
        return json.dumps(tagged(value, keep_text), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except RecursionError:
        raise ValueError("the data is nested too deeply to be stored") from None


def tagged(value: object, keep_text: KeepText | None = None) -> Any:
    """`value` as strict JSON can write it: plain data with tags for the rest."""
    if isinstance(value, str):
        return _tagged_text(value, keep_text)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"$float": str(value)}
    if isinstance(value, list | tuple):
        return [tagged(item, keep_text) for item in value]
    if isinstance(value, Mapping):
        return _tagged_mapping(value, keep_text)
    if isinstance(value, bytes | bytearray | memoryview):
        return {"$bytes": base64.b64encode(value).decode("ascii")}
    raise TypeError(f"the store keeps plain data, not {type(value).__name__}")


def _tagged_text(text: str, keep_text: KeepText | None) -> Any:
    if keep_text is not None and len(text) >= LONG_TEXT_CHARACTERS:
        return {"$text": keep_text(text)}
    return str(text)


def _tagged_mapping(mapping: Mapping[Any, Any], keep_text: KeepText | None) -> Any:
    if all(isinstance(key, str) and not key.startswith("$") for key in mapping):
        return {key: tagged(item, keep_text) for key, item in mapping.items()}
    return {"$dict": [[tagged(key), tagged(item, keep_text)] for key, item in mapping.items()]}


def decode(text: str, texts: Mapping[str, str] | None = None) -> Any:
    """What `encode` was given.

    Args:
        texts: The texts kept elsewhere, by sha256: at least those that `references` names.
    """
    return untagged(json.loads(text), texts or {})


def untagged(value: Any, texts: Mapping[str, str]) -> Any:
    """What `tagged` was given."""
    if isinstance(value, list):
        return [untagged(item, texts) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) != 1 or not next(iter(value)).startswith("$"):
        return {key: untagged(item, texts) for key, item in value.items()}
    [(tag, content)] = value.items()
    match tag:
        case "$text":
            return texts[content]
        case "$float":
            return float(content)
        case "$bytes":
            return base64.b64decode(content)
        case "$dict":
            return {_hashable(untagged(key, texts)): untagged(item, texts) for key, item in content}
        case _:
            raise ValueError(f"unknown tag {tag!r} in a stored document")


def _hashable(key: Any) -> Any:
    return tuple(_hashable(item) for item in key) if isinstance(key, list) else key


def references(text: str) -> Iterator[str]:
    """The sha256 of each text that the encoded document `text` points to."""
    if '"$text"' in text:
        yield from _references(json.loads(text))


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$text" in value:
            yield value["$text"]
            return
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _references(item)
