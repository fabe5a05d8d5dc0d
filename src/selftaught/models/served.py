"""Models that somebody serves: how a name becomes a provider, and a provider a model.

Everything that can be found out without the network is found out from the name alone, before anything is opened.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping

from selftaught.errors import ConfigError
from selftaught.models.context import ModelContext, ModelMaker
from selftaught.models.language_model import LanguageModel, ModelInfo
from selftaught.models.presets import BY_URL, PRESETS, Address, Preset, address_of, missing_of, split_url_name
from selftaught.models.prices import price_of, why_unbounded
from selftaught.models.provider import Provider
from selftaught.models.remote import RemoteModel
from selftaught.models.unasked import UnaskedModel
from selftaught.settings import ModelSettings

URL_INFO = ModelInfo(
    name="http://HOST:PORT/v1#NAME",
    summary="any server that speaks chat completions, https too; SELFTAUGHT_API_KEY may hold its key",
    is_language_model=True,
    version="1",
)

_PACKAGES = {"anthropic": "anthropic", "gemini": "google.genai"}
"""What an extra installs, by the extra's name."""


def served_infos() -> list[ModelInfo]:
    """What may be named after `--model` of those whom somebody serves."""
    presets = (preset_info(f"{preset.prefix}:NAME", preset) for preset in PRESETS.values())
    return [*presets, URL_INFO]


def preset_info(name: str, preset: Preset) -> ModelInfo:
    """What a person should know of a model of a preset, before it was asked."""
    return ModelInfo(name=name, summary=f"a model of {preset.title}", is_language_model=True, version="1")


def served_info(name: str) -> ModelInfo | None:
    """What a person should know of the model of that name; None if it is not one that somebody serves."""
    preset = _preset_of(name)
    return None if preset is None else preset_info(name, preset)


def served_maker(name: str) -> ModelMaker | None:
    """How to make the model of that name; None if it is not one that somebody serves.

    Raises:
        ConfigError: A part of the name, a key, an address or an extra is missing.
    """
    preset = _preset_of(name)
    if preset is None:
        return None
    _address(name, preset, os.environ)
    missing = _missing_package(preset)
    if missing:
        raise ConfigError(f"{preset.prefix}: {missing}")

    def make(context: ModelContext) -> LanguageModel:
        address = _address(name, preset, os.environ)  # the key is read only here, and kept only by the provider
        info = preset_info(name, preset)
        return RemoteModel(_make_provider(preset, address, context.settings, info), context)

    return make


def unasked_maker(name: str) -> ModelMaker | None:
    """How to make what is known of the model of that name without asking it; None if it is not one somebody serves.

    Raises:
        ConfigError: A part of the name is missing, or a key or an address cannot be one.
    """
    preset = _preset_of(name)
    if preset is None:
        return None
    address = _address(name, preset, os.environ, is_asked=False)
    missing = None if preset is BY_URL else missing_of(preset, os.environ) or _missing_package(preset)

    def make(context: ModelContext) -> LanguageModel:
        info = preset_info(name, preset)
        price = price_of(address.price_provider, address.model, context.settings)
        unbounded = why_unbounded(info.name, price, context.settings)
        clauses = [f"{preset.prefix}: {missing}" if missing else None, unbounded]
        return UnaskedModel(info, price, "; and ".join(filter(None, clauses)) or None)

    return make


def _missing_package(preset: Preset) -> str | None:
    missing = missing_extra(preset)
    return f"needs a package that is not installed: {missing}" if missing else None


def missing_extra(preset: Preset) -> str | None:
    """The command that installs what a preset needs; None if it is there."""
    if not preset.extra:
        return None
    try:
        found = importlib.util.find_spec(_PACKAGES[preset.extra])
    except ModuleNotFoundError:  # not even the package above it
        found = None
    return None if found else f"pip install 'selftaught[{preset.extra}]'"


def _preset_of(name: str) -> Preset | None:
    prefix, colon, _ = name.partition(":")
    if not colon:
        return None
    return BY_URL if prefix in ("http", "https") else PRESETS.get(prefix)


def _address(name: str, preset: Preset, environment: Mapping[str, str], *, is_asked: bool = True) -> Address:
    if preset is BY_URL:
        url, model = split_url_name(name)
        return address_of(preset, model, environment, url=url)
    return address_of(preset, name.partition(":")[2], environment, is_asked=is_asked)


def _make_provider(preset: Preset, address: Address, settings: ModelSettings, info: ModelInfo) -> Provider:
    """The provider; the one place where its client is loaded, which takes long, and may not be installed."""
    if preset.dialect == "anthropic":
        from selftaught.models.anthropic_provider import AnthropicProvider

        return AnthropicProvider(preset, address, settings, info)
    if preset.dialect == "gemini":
        from selftaught.models.gemini_provider import GeminiProvider

        return GeminiProvider(preset, address, settings, info)
    from selftaught.models.openai_provider import OpenAIProvider

    return OpenAIProvider(preset, address, settings, info)
