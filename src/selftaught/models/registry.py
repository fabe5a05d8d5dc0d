"""Which models there are, and how a name becomes one."""

from __future__ import annotations

from collections.abc import Callable

from selftaught.errors import ConfigError
from selftaught.models.gp import EXPRESSIONS_INFO, GP_INFO, ExpressionProposer, GeneticProposer
from selftaught.models.language_model import LanguageModel, ModelInfo
from selftaught.sandbox import Sandbox
from selftaught.source import nearest

ModelMaker = Callable[[Sandbox, int], LanguageModel]

_MODELS: dict[str, tuple[ModelInfo, ModelMaker]] = {
    "gp": (GP_INFO, GeneticProposer),
    "gp-expressions": (EXPRESSIONS_INFO, ExpressionProposer),
}


def model_infos() -> list[ModelInfo]:
    """What may be named after `--model`."""
    return [info for info, _ in _MODELS.values()]


def find_model(name: str) -> ModelMaker:
    """How to make the model that a person means, from a sandbox and an `rng_seed`.

    Raises:
        ConfigError: There is no such model; the nearest names are in the message.
    """
    if name not in _MODELS:
        raise ConfigError(f"there is no model {name!r}{nearest(name, list(_MODELS))}")
    return _MODELS[name][1]
