"""Models of Google Gemini by its own client (the extra `gemini`): candidates, safety blocks, a budget for thinking."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Any

from google import genai
from google.genai import types

from selftaught.ledger import Spending
from selftaught.models.complaint import Complaint
from selftaught.models.endpoint import endpoint_of, http_client, warn_untold
from selftaught.models.foreign_json import at, count_at, list_at, text_at
from selftaught.models.language_model import ModelInfo, Sample
from selftaught.models.learning import Body, Learner, named_part
from selftaught.models.presets import Address, Preset
from selftaught.models.provider import Completion, Fault, Prompt
from selftaught.models.samples import REFUSED, sample_of
from selftaught.models.served_list import find_served, unknown_model
from selftaught.redaction import Redactor
from selftaught.settings import ModelSettings

_CUT_OFF = ("MAX_TOKENS",)
_REFUSED = (
    *("SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "ESCALATION", "MODEL_ARMOR"),
    "PUP_LIMITED_DISABLED",
)
_SPOKEN = {
    "candidate_count": re.compile(r"candidate_?count|multiple candidates|one candidate", re.IGNORECASE),
    "max_output_tokens": re.compile(r"max_?output_?tokens", re.IGNORECASE),
    "system_instruction": re.compile(r"(system|developer)[ _]?instruction", re.IGNORECASE),
    "thinking_config": re.compile(r"thinking|\bbudget\b", re.IGNORECASE),
}
_LEVELS = {"minimal": "MINIMAL", "low": "LOW", "medium": "MEDIUM", "high": "HIGH"}


@dataclass(frozen=True, kw_only=True)
class GeminiDialect:
    """How a model is asked.

    Attributes:
        most_temperature: The highest temperature that it takes.
        thinking: What it is told of thinking, in the client's words; empty says nothing.
        without: The parts of a request that are left out. A system instruction then goes into the message.
    """

    most_temperature: float = 2.0
    thinking: tuple[tuple[str, Any], ...] = ()
    without: frozenset[str] = frozenset()

    def body(self, prompt: Prompt) -> Body:
        """The request for a prompt: the message, and the parts of the configuration by the client's names."""
        parts = {
            "temperature": min(prompt.temperature, self.most_temperature),
            "max_output_tokens": prompt.max_output_tokens,
            **({"candidate_count": prompt.n_samples} if prompt.n_samples > 1 else {}),
            **({"system_instruction": prompt.expertise} if prompt.expertise.strip() else {}),
            **({"thinking_config": dict(self.thinking)} if self.thinking else {}),
        }
        kept = {name: value for name, value in parts.items() if name not in self.without}
        merges = "system_instruction" in parts and "system_instruction" not in kept
        return {"message": f"{prompt.expertise}\n\n{prompt.message}" if merges else prompt.message, **kept}

    def after(self, body: Body, complaint: Complaint) -> GeminiDialect | None:
        """The dialect in which to ask again after a complaint; None where it names no part of the request."""
        parts = {name: value for name, value in body.items() if name != "message"}
        name = named_part(parts, complaint, _SPOKEN)
        return None if name is None else replace(self, without=self.without | {name})

    def and_also(self, other: GeminiDialect) -> GeminiDialect:
        """What both have learned."""
        return replace(other, without=self.without | other.without)


class GeminiProvider:
    """A model that is asked over Gemini's protocol."""

    def __init__(self, preset: Preset, address: Address, settings: ModelSettings, info: ModelInfo) -> None:
        self.info = info
        self.model = address.model
        self.price_provider = address.price_provider
        self.where = address.where
        self._redactor = Redactor(address.secrets)
        self._endpoint = endpoint_of(preset, self._redactor)
        self._http = http_client(address.url)
        options = types.HttpOptions(
            base_url=address.url,
            httpx_async_client=self._http,
            retry_options=types.HttpRetryOptions(attempts=1),
        )
        self._client = genai.Client(vertexai=False, api_key=address.key, http_options=options)
        self._has_warned = False
        dialect = GeminiDialect(most_temperature=preset.most_temperature, thinking=_thinking_of(settings))
        self._learner = Learner(dialect)

    async def open(self) -> None:
        """Nothing; asks whether the model is known.

        Raises:
            ProviderFault: Nobody answers, the key does not serve, or there is no such model.
        """
        if await self._endpoint.page(self._page_of_model) is None:
            served = find_served(await self._endpoint.page(self._list), self.model)
            if served.entry is None and served.names:
                raise unknown_model(self.model, served.names, self._redactor)

    async def _page_of_model(self) -> bytes:
        model = await self._client.aio.models.get(model=self.model)
        return json.dumps({"name": model.name}).encode()

    async def _list(self) -> bytes:
        page = await self._client.aio.models.list(config=types.ListModelsConfig(page_size=1000))
        names = [(model.name or "").removeprefix("models/") for model in page.page]
        return json.dumps({"models": [{"name": name} for name in names]}).encode()

    async def complete(self, prompt: Prompt) -> Completion:
        """What comes back for a prompt; asks anew, in another way, where a part of the request is not taken.

        Raises:
            ProviderFault: It failed.
        """
        completion = await self._learner.complete(prompt, self._ask)
        if "thinking_config" in self._learner.dialect.without and not self._has_warned:
            self._has_warned = True
            warn_untold(self.info.name, "--thinking-tokens or --reasoning-effort")
        return completion

    async def close(self) -> None:
        """Nothing; lets go of connections."""
        await self._client.aio.aclose()
        await self._http.aclose()

    async def _ask(self, body: Body, seconds: float) -> Completion:
        parts = {name: value for name, value in body.items() if name != "message"}
        async with self._endpoint.exchange(seconds):
            config = types.GenerateContentConfig(
                **parts,
                should_return_http_response=True,  # it is read here, where nothing in it is believed
                http_options=types.HttpOptions(timeout=max(1, int(seconds * 1000))),
                automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
            )
            message = types.Content(role="user", parts=[types.Part(text=body["message"])])
            answer = await self._client.aio.models.generate_content(model=self.model, contents=[message], config=config)
            raw = answer.sdk_http_response
            content = (raw.body or "").encode() if raw is not None else b""
        document = self._endpoint.json_of(content)
        return Completion(samples=self._samples(document), spending=spending_of(document))

    def _samples(self, document: Any) -> tuple[Sample, ...]:
        if text_at(document, "promptFeedback", "blockReason"):
            return (REFUSED,)
        if not isinstance(document, dict) or not isinstance(document.get("candidates", []), list):
            raise self._endpoint.fault(Fault.BROKEN, "it sent JSON that is no answer")
        if "candidates" not in document and "usageMetadata" not in document:
            raise self._endpoint.fault(Fault.BROKEN, "it sent JSON that is no answer")
        candidates = list_at(document, "candidates")
        return tuple(self._sample(candidate) for candidate in candidates if isinstance(candidate, dict))

    def _sample(self, candidate: dict[str, Any]) -> Sample:
        """The sample in one candidate. What a model thought is no part of it."""
        parts = list_at(candidate, "content", "parts")
        text = "".join(text_at(part, "text") for part in parts if at(part, "thought") is not True)
        reason = text_at(candidate, "finishReason")
        if reason in _REFUSED:
            return REFUSED
        return sample_of(self._redactor.text(text), is_cut_off=reason in _CUT_OFF)


def spending_of(document: Any) -> Spending:
    """What a server counted; what a model thought is no part of its `candidatesTokenCount`."""
    usage = at(document, "usageMetadata")
    thought = count_at(usage, "thoughtsTokenCount")
    return Spending(
        tokens_in=count_at(usage, "promptTokenCount"),
        tokens_cached=count_at(usage, "cachedContentTokenCount"),
        tokens_out=count_at(usage, "candidatesTokenCount") + thought,
        tokens_reasoning=thought,
    )


def _thinking_of(settings: ModelSettings) -> tuple[tuple[str, Any], ...]:
    """What a model is told of thinking: a number of tokens if one is given, else a level."""
    if settings.thinking_tokens is not None:
        return (("thinking_budget", settings.thinking_tokens),)
    if settings.reasoning_effort == "none":
        return (("thinking_budget", 0),)
    level = _LEVELS.get(settings.reasoning_effort or "")
    return (("thinking_level", level),) if level else ()
