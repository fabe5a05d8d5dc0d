"""Models over the chat-completions protocol: OpenAI, Azure, and all the servers that speak as they do.

The registry imports this module when such a model is made, and nobody else: the client takes long to load.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import openai

from selftaught.ledger import Spending
from selftaught.models.dialect import ChatDialect
from selftaught.models.endpoint import OPEN_SECONDS, endpoint_of, http_client, timeout, warn_untold
from selftaught.models.foreign_json import at, clean, count_at, list_at, text_at
from selftaught.models.language_model import ModelInfo, Sample
from selftaught.models.learning import Body, Learner
from selftaught.models.presets import API_VERSION, DEFAULT_API_VERSION, Address, Preset
from selftaught.models.provider import Completion, Fault, Prompt
from selftaught.models.samples import REFUSED, sample_of
from selftaught.models.served_list import find_served, info_as_served, unknown_model
from selftaught.redaction import Redactor
from selftaught.settings import ModelSettings

_CUT_OFF = ("length", "max_tokens", "model_length")
_REFUSED = ("content_filter", "safety", "refusal")


class OpenAIProvider:
    """A model that is asked over the chat-completions protocol."""

    def __init__(self, preset: Preset, address: Address, settings: ModelSettings, info: ModelInfo) -> None:
        self.info = info
        self.model = address.model
        self.price_provider = address.price_provider
        self.where = address.where
        self._preset = preset
        self._redactor = Redactor(address.secrets)
        self._endpoint = endpoint_of(preset, self._redactor)
        self._client = _client_of(preset, address)
        # Else the client would send a key of the environment that is meant for somebody else.
        self._headers: dict[str, Any] = {} if address.key else {"Authorization": openai.Omit()}
        self._asked_for = _thinking_parts(preset, settings)
        self._has_warned = False
        dialect = ChatDialect(
            model=address.model,
            max_tokens_name=preset.max_tokens_name,
            most_temperature=preset.most_temperature,
            extra=tuple(self._asked_for.items()),
        )
        self._learner = Learner(dialect)
        if settings.thinking_tokens is not None and preset.prefix != "openrouter":
            warn_untold(self.info.name, "--thinking-tokens")

    async def open(self) -> None:
        """Nothing; looks for the model in the server's list, if it has one, and whether it is one of ours.

        Raises:
            ProviderFault: Nobody answers, the key does not serve, or the list does not have the model.
        """
        served = find_served(await self._endpoint.page(self._list), self.model)
        if served.entry is not None:
            self.info = info_as_served(self.info, served.entry, self._redactor)
            if text_at(served.entry, "owned_by") == "selftaught":
                self._learner.dialect = replace(self._learner.dialect, takes_rng_seed=True)
        elif served.names and self._preset.lists_models:
            raise unknown_model(self.model, served.names, self._redactor)

    async def _list(self) -> bytes:
        seconds = timeout(OPEN_SECONDS)
        raw = await self._client.models.with_raw_response.list(extra_headers=self._headers, timeout=seconds)
        return raw.content

    async def complete(self, prompt: Prompt) -> Completion:
        """What comes back for a prompt; asks anew, in another way, where a part of the request is not taken.

        Raises:
            ProviderFault: It failed.
        """
        completion = await self._learner.complete(prompt, lambda body, seconds: self._ask(body, prompt, seconds))
        if not self._has_warned and self._learner.dialect.without & self._asked_for.keys():
            self._has_warned = True
            warn_untold(self.info.name, "--reasoning-effort or --thinking-tokens")
        return completion

    async def close(self) -> None:
        """Nothing; lets go of connections."""
        await self._client.close()

    async def _ask(self, body: Body, prompt: Prompt, seconds: float) -> Completion:
        rest = {name: value for name, value in body.items() if name not in ("model", "messages")}
        async with self._endpoint.exchange(seconds):
            raw = await self._client.chat.completions.with_raw_response.create(
                model=body["model"],
                messages=body["messages"],
                extra_body=rest,
                extra_headers=self._headers,
                timeout=timeout(seconds),
            )
            content = raw.content
        document = self._endpoint.json_of(content)
        if isinstance(at(document, "error"), (dict, str)) and not list_at(document, "choices"):
            raise self._endpoint.refusal(_status_in(document), raw.headers, content)
        if not isinstance(document, dict) or not isinstance(document.get("choices"), list):
            raise self._endpoint.fault(Fault.BROKEN, "it sent JSON that is no answer")
        samples = [self._sample(choice) for choice in document["choices"] if isinstance(choice, dict)]
        return Completion(samples=tuple(samples[: prompt.n_samples]), spending=spending_of(document))

    def _sample(self, choice: dict[str, Any]) -> Sample:
        """The sample in one choice. What a model thought is no part of it."""
        refusal = text_at(choice, "message", "refusal")
        reason = text_at(choice, "finish_reason")
        text = without_thoughts(_content_of(at(choice, "message", "content")))
        if refusal.strip() or reason in _REFUSED:
            return REFUSED
        if reason == "error":  # what a provider behind OpenRouter broke off
            text = ""
        return sample_of(self._redactor.text(text), is_cut_off=reason in _CUT_OFF)


def spending_of(document: Any) -> Spending:
    """What a server counted, be it true or not."""
    usage = at(document, "usage")
    sent, received = count_at(usage, "prompt_tokens"), count_at(usage, "completion_tokens")
    cached = count_at(usage, "prompt_tokens_details", "cached_tokens") or count_at(usage, "prompt_cache_hit_tokens")
    reasoning = count_at(usage, "completion_tokens_details", "reasoning_tokens")
    return Spending(tokens_in=sent, tokens_cached=cached, tokens_out=received, tokens_reasoning=reasoning)


def without_thoughts(text: str) -> str:
    """A text without what a model thought before it, where a server leaves that in the answer as `<think>`."""
    if not text.lstrip().startswith("<think>"):
        return text
    return text.partition("</think>")[2].lstrip()


def _content_of(content: Any) -> str:
    """The text of a message: plain, or the parts of it that are text."""
    if isinstance(content, str):
        return clean(content)
    if isinstance(content, list):
        return "".join(text_at(part, "text") for part in content if at(part, "type") == "text")
    return ""


def _status_in(document: Any) -> int:
    """The status that an error in a successful answer is meant to have."""
    code = at(document, "error", "code")
    return code if isinstance(code, int) and 400 <= code <= 599 else 500


def _thinking_parts(preset: Preset, settings: ModelSettings) -> dict[str, Any]:
    """The parts of a request that say how much a model should think."""
    if preset.prefix == "openrouter":
        asked = {"effort": settings.reasoning_effort, "max_tokens": settings.thinking_tokens}
        given = {name: value for name, value in asked.items() if value is not None}
        return {"reasoning": given} if given else {}
    return {"reasoning_effort": settings.reasoning_effort} if settings.reasoning_effort is not None else {}


def _client_of(preset: Preset, address: Address) -> openai.AsyncOpenAI:
    http = http_client(address.url)
    key = address.key or "none"
    if preset.dialect == "azure":
        version = os.environ.get(API_VERSION, "").strip() or DEFAULT_API_VERSION
        return openai.AsyncAzureOpenAI(
            azure_endpoint=address.url, api_key=key, api_version=version, max_retries=0, http_client=http
        )
    return openai.AsyncOpenAI(
        api_key=key,
        base_url=address.url,
        max_retries=0,
        http_client=http,
        default_headers=None if preset.prefix == "openai" else _headers_for_openai_alone(),
    )


def _headers_for_openai_alone() -> dict[str, Any]:
    """What the client reads from the environment for OpenAI, left out: nobody else is to get it."""
    lines = os.environ.get("OPENAI_CUSTOM_HEADERS", "").split("\n")
    custom = [line.partition(":")[0].strip() for line in lines if ":" in line]
    return {name: openai.Omit() for name in ("OpenAI-Organization", "OpenAI-Project", *custom)}
