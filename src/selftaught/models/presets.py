"""Who serves language models: one table of addresses, keys and habits, and how a name in it becomes an address.

Nothing here uses the network. Keys come from the environment alone, and only `Address` holds one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from selftaught.errors import ConfigError

URL_KEY = "SELFTAUGHT_API_KEY"
"""The variable with the key for a model that is named by its URL."""

API_VERSION = "OPENAI_API_VERSION"
DEFAULT_API_VERSION = "2024-10-21"

Dialects = Literal["openai", "azure", "anthropic", "gemini"]


@dataclass(frozen=True, kw_only=True)
class Preset:
    """One who serves language models.

    Attributes:
        prefix: What stands before the colon of a name.
        title: Its name, for people.
        dialect: How it is spoken to.
        base_url: Its address; empty where each customer has another.
        url_variable: The variable that replaces the address.
        key_variables: The variables that may hold the key; the first that is set holds it.
        needs_key: Whether nothing can be asked without a key.
        price_provider: The name under which prices are known; empty where there are none.
        is_local: Whether it runs on the user's machine, and so may be looked for there.
        start: How a local one is started, for a message.
        extra: The extra of this package that it needs; empty if none.
        most_temperature: The highest temperature that it takes.
        max_tokens_name: What the largest number of tokens is called.
        lists_models: Whether its list of models has every name that may be asked for.
    """

    prefix: str
    title: str
    dialect: Dialects = "openai"
    base_url: str = ""
    url_variable: str
    key_variables: tuple[str, ...]
    needs_key: bool = True
    price_provider: str = ""
    is_local: bool = False
    start: str = ""
    extra: str = ""
    most_temperature: float = 2.0
    max_tokens_name: str = "max_tokens"
    lists_models: bool = True

    @property
    def key_names(self) -> str:
        """The variables that may hold the key, for a message."""
        return " or ".join(self.key_variables)


def _local(prefix: str, title: str, port: int, url_variable: str, key_variable: str, start: str) -> Preset:
    return Preset(
        prefix=prefix,
        title=title,
        base_url=f"http://127.0.0.1:{port}/v1",
        url_variable=url_variable,
        key_variables=(key_variable,),
        needs_key=False,
        is_local=True,
        start=start,
    )


def _hosted(prefix: str, title: str, base_url: str, *, most_temperature: float = 2.0) -> Preset:
    return Preset(
        prefix=prefix,
        title=title,
        base_url=base_url,
        url_variable=f"{prefix.upper()}_BASE_URL",
        key_variables=(f"{prefix.upper()}_API_KEY",),
        price_provider=prefix,
        most_temperature=most_temperature,
    )


_TABLE = (
    Preset(
        prefix="openai",
        title="OpenAI",
        base_url="https://api.openai.com/v1",
        url_variable="OPENAI_BASE_URL",
        key_variables=("OPENAI_API_KEY",),
        price_provider="openai",
        max_tokens_name="max_completion_tokens",
    ),
    Preset(
        prefix="azure",
        title="Azure OpenAI",
        dialect="azure",
        url_variable="AZURE_OPENAI_ENDPOINT",
        key_variables=("AZURE_OPENAI_API_KEY",),
        price_provider="azure",
        max_tokens_name="max_completion_tokens",
        lists_models=False,  # it lists models, and is asked for deployments
    ),
    Preset(
        prefix="anthropic",
        title="Anthropic",
        dialect="anthropic",
        base_url="https://api.anthropic.com",
        url_variable="ANTHROPIC_BASE_URL",
        key_variables=("ANTHROPIC_API_KEY",),
        price_provider="anthropic",
        extra="anthropic",
        most_temperature=1.0,
    ),
    Preset(
        prefix="gemini",
        title="Google Gemini",
        dialect="gemini",
        base_url="https://generativelanguage.googleapis.com",
        url_variable="GOOGLE_GEMINI_BASE_URL",
        key_variables=("GOOGLE_API_KEY", "GEMINI_API_KEY"),  # in the order of its client
        price_provider="google",
        extra="gemini",
    ),
    _hosted("openrouter", "OpenRouter", "https://openrouter.ai/api/v1"),
    _hosted("groq", "Groq", "https://api.groq.com/openai/v1"),
    _hosted("deepseek", "DeepSeek", "https://api.deepseek.com/v1"),
    _hosted("mistral", "Mistral", "https://api.mistral.ai/v1", most_temperature=1.5),
    _hosted("together", "Together", "https://api.together.xyz/v1"),
    _local("ollama", "Ollama", 11434, "OLLAMA_HOST", "OLLAMA_API_KEY", "ollama serve"),
    _local("vllm", "vLLM", 8000, "VLLM_BASE_URL", "VLLM_API_KEY", "vllm serve MODEL"),
    _local("llamacpp", "llama.cpp", 8080, "LLAMACPP_BASE_URL", "LLAMA_API_KEY", "llama-server -m FILE.gguf"),
    _local("lmstudio", "LM Studio", 1234, "LMSTUDIO_BASE_URL", "LMSTUDIO_API_KEY", "lms server start"),
)

PRESETS: dict[str, Preset] = {preset.prefix: preset for preset in _TABLE}

BY_URL = Preset(prefix="URL", title="a server", url_variable="", key_variables=(URL_KEY,), needs_key=False)
"""Whoever is named by `http://host:port/v1#name`."""


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where a model is asked, and with which key. It is made when the model is made, and goes no further.

    Attributes:
        url: The address that is asked.
        where: The address for messages: without user and password.
        model: The model's own name.
        price_provider: The name under which its prices are known; empty where somebody else serves it.
        key: The key, or None.
        secrets: All that no message may have in it.
    """

    url: str
    where: str
    model: str
    price_provider: str
    key: str | None = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)


def address_of(
    preset: Preset, model: str, environment: Mapping[str, str], *, url: str = "", is_asked: bool = True
) -> Address:
    """Where a model of a preset is asked, and with which key.

    Args:
        preset: Who serves it.
        model: The model's own name.
        environment: The variables.
        url: The address, where the model is named by it.
        is_asked: Whether it will be; if not, what `missing_of` tells may be missing.

    Raises:
        ConfigError: A name, an address or a key is missing, or cannot be one.
    """
    if not model.strip() or not model.isprintable() or len(model) > 300:
        example = "URL#NAME" if preset is BY_URL else f"{preset.prefix}:NAME"
        raise ConfigError(f"a model of {preset.title} needs its own name, as in {example}")
    variable = "" if url else preset.url_variable
    missing = None if url else missing_of(preset, environment)
    if missing and is_asked:
        raise ConfigError(f"{preset.prefix}: {missing}")
    where = url or (base_url_of(preset, environment) if _has_address(preset, environment) else _example(preset))
    parts = _parts(where, variable, _example(preset))
    key = key_of(preset, environment)
    secrets = tuple(filter(None, (key, parts.password, parts.username)))
    return Address(
        url=parts.geturl(),
        where=without_user(parts.geturl()),
        model=model,
        price_provider=preset.price_provider if _is_its_own(parts, preset) else "",
        key=key,
        secrets=secrets,
    )


def missing_of(preset: Preset, environment: Mapping[str, str]) -> str | None:
    """What must be set in the environment before a model of a preset can be asked; None if nothing is missing."""
    if not _has_address(preset, environment):
        return f"no address: set {preset.url_variable} in the environment"
    if preset.needs_key and key_of(preset, environment) is None:
        return f"needs a key of {preset.title}: set {preset.key_names} in the environment"
    return None


def _has_address(preset: Preset, environment: Mapping[str, str]) -> bool:
    return bool(preset.base_url or environment.get(preset.url_variable, "").strip())


def without_user(url: str) -> str:
    """An address without user and password, as it may be shown."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _is_its_own(parts: SplitResult, preset: Preset) -> bool:
    """Whether an address is the provider's, or another of its addresses; nobody knows what others charge."""
    if preset.dialect == "azure":
        return True
    domain = ".".join((urlsplit(preset.base_url).hostname or "").split(".")[-2:])
    return f".{parts.hostname}".endswith(f".{domain}")


def base_url_of(preset: Preset, environment: Mapping[str, str]) -> str:
    """The address of a preset: what its variable says, made whole, or the usual one.

    Raises:
        ConfigError: It has none, and the variable is not set.
    """
    given = environment.get(preset.url_variable, "").strip()
    if not given:
        if not preset.base_url:
            raise ConfigError(f"{preset.prefix}: no address: set {preset.url_variable} in the environment")
        return preset.base_url
    usual = urlsplit(preset.base_url)
    if "://" not in given:  # OLLAMA_HOST is often a host and a port, or one of them
        given = f"{usual.scheme or 'https'}://{given}"
    try:
        parts = urlsplit(given)
        host, port = parts.hostname or "127.0.0.1", parts.port or (usual.port if preset.is_local else None)
    except ValueError:
        raise ConfigError(f"{preset.url_variable} is no address; it should be like {_example(preset)}") from None
    if host in ("0.0.0.0", "::"):
        host = "127.0.0.1"  # where a server listens, not where it is asked
    user = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
    netloc = f"{user}{f'[{host}]' if ':' in host else host}{f':{port}' if port else ''}"
    path = parts.path if parts.path.strip("/") else usual.path
    return parts._replace(netloc=netloc, path=path).geturl()


def _example(preset: Preset) -> str:
    return preset.base_url or "https://NAME.openai.azure.com"


def key_of(preset: Preset, environment: Mapping[str, str]) -> str | None:
    """The key of a preset, or None where no variable holds one.

    Raises:
        ConfigError: What a variable holds cannot be a key.
    """
    for name in preset.key_variables:
        key = environment.get(name, "").strip()
        if key:
            if not (key.isascii() and key.isprintable()):
                raise ConfigError(f"{name} holds characters that no key has; set it anew")
            return key
    return None


def _parts(url: str, variable: str, example: str) -> SplitResult:
    """The parts of an address that a variable of the environment has, or if it is no variable the name of a model."""
    by_name, what = not variable, f"the address in {variable}" if variable else "the address of a model"
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable or not url.isascii() or not url.isprintable() or " " in url:
        raise ConfigError(f"{what} should be like {example if variable else 'http://127.0.0.1:8000/v1'}")
    if parts.query or parts.fragment or (by_name and "@" in parts.netloc):
        mend = f"names are recorded, so put the key into {URL_KEY}" if by_name else "set it anew"
        raise ConfigError(f"{what} may have no ?, no #{' and no password' if by_name else ''} in it; {mend}")
    path = parts.path.rstrip("/")
    return parts._replace(path=path or ("/v1" if by_name else ""))


def split_url_name(name: str) -> tuple[str, str]:
    """The address and the model's own name of `http://host:port/v1#name`.

    Raises:
        ConfigError: One of them is missing.
    """
    url, _, model = name.partition("#")
    if not model.strip():
        raise ConfigError("the URL names no model: write URL#NAME, as in http://127.0.0.1:8000/v1#qwen3")
    return url, model
