"""Which models there are, and how a name becomes one: a plain name, or a prefix and an argument (`mailbox:DIR`)."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import replace

from selftaught.errors import ConfigError
from selftaught.models.context import ModelContext, ModelMaker
from selftaught.models.gp import EXPRESSIONS_INFO, GP_INFO, ExpressionProposer, GeneticProposer
from selftaught.models.language_model import ModelInfo
from selftaught.models.mailbox import MAILBOX_INFO, mailbox_maker
from selftaught.models.replay_file import REPLAY_INFO, replay_maker
from selftaught.models.served import served_info, served_infos, served_maker, unasked_maker
from selftaught.models.third_party import registered_info, registered_infos, registered_maker
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
    "replay": (REPLAY_INFO, replay_maker),
}
"""What stands before the first colon of a name; the makers are found by the whole name and what follows the colon."""


def model_infos() -> list[ModelInfo]:
    """What may be named after `--model`; where an argument belongs to the name, a word in capitals stands for it."""
    own = [info for info, _ in (*_MODELS.values(), *_PREFIXES.values())]
    ours = [*own, *served_infos()]
    taken = {info.name.partition(":")[0] for info in ours}
    return [*ours, *(info for info in registered_infos() if info.name.partition(":")[0] not in taken)]


def model_info(name: str) -> ModelInfo | None:
    """What a person should know of the model of that name, or None where there is none; nothing is looked up outside.

    A recorded run may name a model that cannot be had any more, or one of a later version.
    """
    if name in _MODELS:
        return _MODELS[name][0]
    prefix, colon, _ = name.partition(":")
    if colon and prefix in _PREFIXES:
        return replace(_PREFIXES[prefix][0], name=name)
    return served_info(name) or registered_info(name)


def find_model(name: str) -> ModelMaker:
    """How to make the model that a person means; the network is not used.

    Raises:
        ConfigError: There is no such model, and the nearest names are in the message; or its argument cannot be used,
            or a key, an address or a package is missing.
    """
    if name in _MODELS:
        return _MODELS[name][1]
    prefix, colon, argument = name.partition(":")
    if colon and prefix in _PREFIXES:
        return _PREFIXES[prefix][1](name, argument)
    maker = served_maker(name) or registered_maker(name)
    if maker is None:
        raise ConfigError(f"there is no model {name!r:.200}{_near(name)}")
    return maker


def find_unasked(name: str) -> ModelMaker:
    """How to make the model that a person means, where it is only to be known and not to be asked.

    A model that somebody serves needs neither key nor package then, and makes no connection.

    Raises:
        ConfigError: There is no such model, and the nearest names are in the message; or its argument cannot be used.
    """
    is_ours = name in _MODELS or name.partition(":")[0] in _PREFIXES
    return (None if is_ours else unasked_maker(name)) or find_model(name)


def _near(name: str) -> str:
    """What may have been meant: with a colon another prefix, without one a plain name or one with a prefix."""
    names = [info.name for info in model_infos()]
    prefix, colon, argument = name.partition(":")
    prefixes = {known.partition(":")[0] for known in names if ":" in known}
    if colon:
        close = difflib.get_close_matches(prefix, sorted(prefixes), n=1, cutoff=0.6)
        if close and argument:
            return f"; did you mean {close[0]}:{argument:.200}?"
    elif name not in prefixes and not difflib.get_close_matches(name, names, n=1, cutoff=0.8):
        meant = nearest(name, names)
        joint = " A" if meant.endswith("?") else "; a"
        return f"{meant}{joint} provider's model is named with its prefix, as in openai:{name or 'NAME':.200}"
    return nearest(name, names)
