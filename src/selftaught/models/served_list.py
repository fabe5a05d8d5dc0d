"""The list of models that a server has: whether one is in it, and what our own servers say of theirs."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass, replace
from typing import Any

from selftaught.models.foreign_json import at, list_at, text_at
from selftaught.models.language_model import ModelInfo
from selftaught.models.provider import Fault, ProviderFault
from selftaught.redaction import Redactor
from selftaught.source import nearest

_MAX_NAMES = 10_000
_MAX_NAME = 300
_FEW = 8
"""So many names are all said; of more only the near ones."""


@dataclass(frozen=True, kw_only=True)
class Served:
    """What a server's list says.

    Attributes:
        names: All names in it.
        entry: What it says of the model that was looked for, or None.
    """

    names: tuple[str, ...]
    entry: dict[str, Any] | None


def served_entries(listed: Any) -> dict[str, dict[str, Any]]:
    """What a list of models says, by name, in the shape of OpenAI, Ollama, Gemini or Together."""
    whole = listed if isinstance(listed, list) else list_at(listed, "data") or list_at(listed, "models")
    entries = [entry for entry in whole if isinstance(entry, dict)]
    by_name: dict[str, dict[str, Any]] = {}
    for entry in entries[:_MAX_NAMES]:
        name = text_at(entry, "id") or text_at(entry, "name")
        if 0 < len(name) <= _MAX_NAME:
            by_name.setdefault(name, entry)
    return by_name


def find_served(listed: Any, model: str) -> Served:
    """What a list of models says about one of them."""
    by_name = served_entries(listed)
    found = (entry for name, entry in by_name.items() if _is(model, name) or model in list_at(entry, "aliases"))
    return Served(names=tuple(by_name), entry=next(found, None))


def short_name(name: str) -> str:
    """What a person may call a listed model: llama.cpp lists the path of its file, and takes any name for it."""
    return name.rpartition("/")[2].removesuffix(".gguf") if name.endswith(".gguf") else name


def _is(model: str, name: str) -> bool:
    """Whether a listed name is meant: itself, without its usual tag or folder, by a wider name, or with a variant."""
    if model in (name, name.removesuffix(":latest"), name.removeprefix("models/")):
        return True
    if "*" in name and fnmatch.fnmatchcase(model, name):
        return True
    if model == short_name(name) or (name.endswith(".gguf") and model == name.rpartition("/")[2]):
        return True
    return "/" in name and model.partition(":")[0] == name  # OpenRouter's `author/model:variant`


def info_as_served(info: ModelInfo, entry: dict[str, Any], redactor: Redactor) -> ModelInfo:
    """What a person should know of a model, with what a server of ours says of it; its text is made safe."""
    if text_at(entry, "owned_by") != "selftaught" and at(entry, "is_language_model") is not False:
        return info
    notice = redactor.message(text_at(entry, "notice")) or None
    version = redactor.message(text_at(entry, "version"), 40) or info.version
    if at(entry, "is_language_model") is not False:
        return replace(info, notice=notice, version=version)
    claim = f"{info.name} is not a language model"
    if notice is None or "not a language model" not in notice:
        notice = f"{claim}: {notice}" if notice else f"{claim}."
    return replace(info, is_language_model=False, notice=notice, version=version)


def unknown_model(model: str, names: tuple[str, ...], redactor: Redactor) -> ProviderFault:
    """The fault of asking for a model that a server does not have, with what it has."""
    known = [redactor.message(short_name(name), 80) for name in names]
    near = nearest(model, known)
    if len(known) > _FEW and not near.startswith("; did you mean"):
        near = f"; it has {len(known)} others, such as {', '.join(sorted(known)[:_FEW])}"
    return ProviderFault(Fault.UNKNOWN_MODEL, f"it has no {model!r:.100}{near}")
