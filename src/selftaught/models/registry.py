"""Which models there are, and how a name becomes one: a plain name, or a prefix and an argument (`mailbox:DIR`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from selftaught.errors import ConfigError
from selftaught.models.context import ModelContext, ModelMaker
from selftaught.models.gp import EXPRESSIONS_INFO, GP_INFO, ExpressionProposer, GeneticProposer
from selftaught.models.language_model import ModelInfo
from selftaught.models.mailbox import MAILBOX_INFO, mailbox_maker
from selftaught.source import nearest


def _embedded(kind: type[GeneticProposer]) -> ModelMaker:
    def make(context: ModelContext) -> GeneticProposer:
        return kind(context.sandbox, context.rng_seed)

    return make


_MODELS: dict[str, tuple[ModelInfo, ModelMaker]] = {
    "gp": (GP_INFO, _embedded(GeneticProposer)),
    "gp-expressions": (EXPRESSIONS_INFO, _embedded(ExpressionProposer)),
}

_PREFIXES: dict[str, tuple[ModelInfo, Callable[[str, str], ModelMaker]]] = {
    "mailbox": (MAILBOX_INFO, mailbox_maker),
}
"""What stands before the first colon of a name; the makers are found by the whole name and what follows the colon."""


def model_infos() -> list[ModelInfo]:
    """What may be named after `--model`; where an argument belongs to the name, a word in capitals stands for it."""
    return [info for info, _ in (*_MODELS.values(), *_PREFIXES.values())]


def model_info(name: str) -> ModelInfo | None:
    """What a person should know of the model of that name, or None where there is none; nothing is looked up outside.

    A recorded run may name a model that cannot be had any more, or one of a later version.
    """
    if name in _MODELS:
        return _MODELS[name][0]
    prefix, colon, _ = name.partition(":")
    return replace(_PREFIXES[prefix][0], name=name) if colon and prefix in _PREFIXES else None


def find_model(name: str) -> ModelMaker:
    """How to make the model that a person means.

    Raises:
        ConfigError: There is no such model, and the nearest names are in the message; or its argument cannot be used.
    """
    if name in _MODELS:
        return _MODELS[name][1]
    prefix, colon, argument = name.partition(":")
    if colon and prefix in _PREFIXES:
        return _PREFIXES[prefix][1](name, argument)
    raise ConfigError(f"there is no model {name!r}{nearest(name, [info.name for info in model_infos()])}")
