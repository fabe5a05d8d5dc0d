"""Models of Anthropic, and of servers that speak as it does, by its own client (the extra `anthropic`).

One exchange gives one sample: there is no `n`. What a model thinks counts among the tokens of its answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import anthropic

from selftaught.ledger import Spending
from selftaught.models.complaint import Complaint
from selftaught.models.endpoint import OPEN_SECONDS, endpoint_of, http_client, timeout, warn_untold
from selftaught.models.foreign_json import at, count_at, list_at, text_at
from selftaught.models.language_model import ModelInfo, Sample
from selftaught.models.learning import Body, Learner, named_part
from selftaught.models.presets import Address, Preset
from selftaught.models.provider import Completion, Fault, Prompt
from selftaught.models.samples import REFUSED, sample_of
from selftaught.models.served_list import find_served, unknown_model
from selftaught.redaction import Redactor
from selftaught.settings import ModelSettings

FEWEST_THINKING_TOKENS = 1024
"""It takes no smaller budget."""

_CUT_OFF = ("max_tokens", "model_context_window_exceeded")
_SPOKEN = {
    "thinking": re.compile(r"\bthinking\b|budget_tokens|\badaptive\b", re.IGNORECASE),
    "output_config": re.compile(r"output_config|\beffort\b", re.IGNORECASE),
}
_EFFORTS = {"minimal": "low", "low": "low", "medium": "medium", "high": "high"}
_ADAPTIVE = {"type": "adaptive"}


@dataclass(frozen=True, kw_only=True)
class MessagesDialect:
    """How a model is asked.

    Attributes:
        model: Its own name.
        most_temperature: The highest temperature that it takes.
        thinking_tokens: How many tokens it may think; None says nothing, 0 is not at all.
        effort: How much effort it should make; None says nothing.
        budget_is_known: Whether it takes a number of tokens for thinking; newer ones decide that themselves.
        without: The parts of a request that are left out.
    """

    model: str
    most_temperature: float = 1.0
    thinking_tokens: int | None = None
    effort: str | None = None
    budget_is_known: bool = True
    without: frozenset[str] = frozenset()

    def body(self, prompt: Prompt) -> Body:
        """The request for a prompt."""
        thinking = self._thinking(prompt.max_output_tokens)
        thinks = thinking is not None and thinking["type"] != "disabled"
        parts = {
            # One that thinks takes no temperature but 1.
            **({} if thinks else {"temperature": min(prompt.temperature, self.most_temperature)}),
            **({"system": prompt.expertise} if prompt.expertise.strip() else {}),
            **({"thinking": thinking} if thinking else {}),
            **({"output_config": {"effort": self.effort}} if self.effort else {}),
        }
        kept = {name: value for name, value in parts.items() if name not in self.without}
        message = {"role": "user", "content": prompt.message}
        return {"model": self.model, "max_tokens": prompt.max_output_tokens, "messages": [message], **kept}

    def _thinking(self, max_output_tokens: int) -> dict[str, Any] | None:
        """How it should think, within what an answer may have; None says nothing."""
        if "thinking" in self.without:
            return None
        if self.thinking_tokens == 0:
            return {"type": "disabled"}
        if self.thinking_tokens is None or not self.budget_is_known:
            return _ADAPTIVE if self.effort or self.thinking_tokens else None
        if max_output_tokens <= FEWEST_THINKING_TOKENS:
            return None
        budget = min(max(self.thinking_tokens, FEWEST_THINKING_TOKENS), max_output_tokens - 1)
        return {"type": "enabled", "budget_tokens": budget}

    def after(self, body: Body, complaint: Complaint) -> MessagesDialect | None:
        """The dialect in which to ask again after a complaint; None where it names no part of the request."""
        parts = {name: value for name, value in body.items() if name not in ("model", "max_tokens", "messages")}
        name = named_part(parts, complaint, _SPOKEN)
        if name == "thinking" and parts["thinking"]["type"] == "enabled":
            return replace(self, budget_is_known=False)
        return None if name is None else replace(self, without=self.without | {name})

    def and_also(self, other: MessagesDialect) -> MessagesDialect:
        """What both have learned."""
        known = self.budget_is_known and other.budget_is_known
        return replace(other, without=self.without | other.without, budget_is_known=known)


class AnthropicProvider:
    """A model that is asked over Anthropic's protocol."""

    def __init__(self, preset: Preset, address: Address, settings: ModelSettings, info: ModelInfo) -> None:
        self.info = info
        self.model = address.model
        self.price_provider = address.price_provider
        self.where = address.where
        self._redactor = Redactor(address.secrets)
        self._endpoint = endpoint_of(preset, self._redactor)
        self._client = anthropic.AsyncAnthropic(
            api_key=address.key,
            base_url=address.url,
            max_retries=0,
            http_client=http_client(address.url),
            open_telemetry=False,
        )
        self._has_warned = bool(settings.thinking_tokens) and settings.max_output_tokens <= FEWEST_THINKING_TOKENS
        if self._has_warned:
            warn_untold(info.name, "--thinking-tokens: an answer may have too few (--max-output-tokens)")
        self._learner = Learner(_dialect_of(preset, address.model, settings))

    async def open(self) -> None:
        """Nothing; asks whether the model is known, if the server can be asked that.

        Raises:
            ProviderFault: Nobody answers, the key does not serve, or there is no such model.
        """
        if await self._endpoint.page(self._page_of_model) is None:  # not known, or by another name than in the list
            served = find_served(await self._endpoint.page(self._list), self.model)
            if served.entry is None and served.names:
                raise unknown_model(self.model, served.names, self._redactor)

    async def _page_of_model(self) -> bytes:
        raw = await self._client.models.with_raw_response.retrieve(self.model, timeout=timeout(OPEN_SECONDS))
        return raw.http_response.content

    async def _list(self) -> bytes:
        raw = await self._client.models.with_raw_response.list(limit=1000, timeout=timeout(OPEN_SECONDS))
        return raw.http_response.content

    async def complete(self, prompt: Prompt) -> Completion:
        """One sample for a prompt; asks anew, in another way, where a part of the request is not taken.

        Raises:
            ProviderFault: It failed.
        """
        completion = await self._learner.complete(prompt, self._ask)
        dialect = self._learner.dialect
        untold = not dialect.budget_is_known or bool(dialect.without & {"thinking", "output_config"})
        if untold and not self._has_warned:
            self._has_warned = True
            warn_untold(self.info.name, "--thinking-tokens or --reasoning-effort")
        return completion

    async def close(self) -> None:
        """Nothing; lets go of connections."""
        await self._client.close()

    async def _ask(self, body: Body, seconds: float) -> Completion:
        rest = {name: value for name, value in body.items() if name not in ("model", "max_tokens", "messages")}
        async with self._endpoint.exchange(seconds):
            raw = await self._client.messages.with_raw_response.create(
                model=body["model"],
                max_tokens=body["max_tokens"],
                messages=body["messages"],
                extra_body=rest,
                timeout=timeout(seconds),
            )
            content, headers = raw.http_response.content, raw.http_response.headers
        document = self._endpoint.json_of(content)
        if at(document, "type") == "error":
            raise self._endpoint.refusal(_status_in(document), headers, content)
        if not isinstance(at(document, "content"), list):
            raise self._endpoint.fault(Fault.BROKEN, "it sent JSON that is no answer")
        return Completion(samples=(self._sample(document),), spending=spending_of(document))

    def _sample(self, document: Any) -> Sample:
        """The sample in an answer. What a model thought is no part of it."""
        blocks = list_at(document, "content")
        text = "".join(text_at(block, "text") for block in blocks if at(block, "type") == "text")
        reason = text_at(document, "stop_reason")
        if reason == "refusal":
            return REFUSED
        return sample_of(self._redactor.text(text), is_cut_off=reason in _CUT_OFF)


def spending_of(document: Any) -> Spending:
    """What a server counted; what it found in its cache, or put there, is no part of its `input_tokens`."""
    usage = at(document, "usage")
    cached = count_at(usage, "cache_read_input_tokens")
    kept = count_at(usage, "cache_creation_input_tokens")
    return Spending(
        tokens_in=count_at(usage, "input_tokens") + cached + kept,
        tokens_cached=cached,
        tokens_out=count_at(usage, "output_tokens"),
        tokens_reasoning=count_at(usage, "output_tokens_details", "thinking_tokens"),
    )


def _dialect_of(preset: Preset, model: str, settings: ModelSettings) -> MessagesDialect:
    effort = settings.reasoning_effort
    thinking_tokens = settings.thinking_tokens
    if thinking_tokens is None and effort == "none":
        thinking_tokens = 0
    return MessagesDialect(
        model=model,
        most_temperature=preset.most_temperature,
        thinking_tokens=thinking_tokens,
        effort=_EFFORTS.get(effort or ""),
    )


def _status_in(document: Any) -> int:
    """The status that an error in a successful answer is meant to have."""
    return 529 if text_at(document, "error", "type") == "overloaded_error" else 500
