"""What a validator found wrong, as one sentence for a person. Loads no validator itself."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class ValidationError(Protocol):
    """The part of `pydantic.ValidationError` that is used here."""

    def errors(self) -> list[Any]:
        """What is wrong, one dictionary for each fault."""
        ...


def first_complaint(error: ValidationError, *, as_flag: bool) -> str:
    """The first fault: the name of the setting, what is wrong, and what was given.

    Args:
        error: What the validator raised.
        as_flag: Whether the setting is named as a command-line flag or as a key of a file.
    """
    first = error.errors()[0]
    name = ".".join(map(str, first["loc"]))
    if as_flag:
        name = "--" + name.replace("_", "-")
    message = (first["msg"][0].lower() + first["msg"][1:]).partition(", unable to parse")[0]
    given = "" if first["type"] in ("missing", "extra_forbidden") else f", not {first['input']!r:.100}"
    return f"{name}: {message}{given}"
