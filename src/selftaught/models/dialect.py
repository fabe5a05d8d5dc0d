"""How one model wants to be asked over the chat-completions protocol, learned from what it refuses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from selftaught.models.complaint import Complaint
from selftaught.models.learning import Body, named_part
from selftaught.models.provider import Prompt

_TOKEN_NAMES = ("max_tokens", "max_completion_tokens")
_FEWEST_TOKENS = 256
_NO_SYSTEM = re.compile(
    r"system[ _-]?(role|message|prompt|instruction)s?\b|developer[ _](instruction|role|message)"
    r"|\brole\b.{0,40}system|system.{0,40}\brole\b|messages\[0\]\.role|roles must alternate",
    re.IGNORECASE,
)
_TOO_MANY = re.compile(
    r"too (?:large|big|high|long|many)|exceed|maximum|at most|less than or equal|context length|\brange\b",
    re.IGNORECASE,
)
_TOO_LONG_TOGETHER = re.compile(r"context.{0,200}\bcompletion|context_length_exceeded", re.IGNORECASE)
_MOST = re.compile(
    r"(?:at most|up to|maximum[a-z ]*|<=|less than or equal to|not? (?:more|greater|larger) than|limit[a-z ]*|range)"
    r"[^0-9\[]{0,40}(?:\[\s*\d+\s*,\s*)?(\d{1,8})",
    re.IGNORECASE,
)
_SPOKEN = {
    "n": re.compile(
        r"""["'`]n["'`]|\bn\s*(?:>|=|<|must|should|is|has|to be)|\bparam(?:eter)?:?\s+n\b"""
        r"""|\bonly (?:one|1) (?:completion )?choice|multiple (?:completions|choices|candidates)""",
        re.IGNORECASE,
    )
}


@dataclass(frozen=True, kw_only=True)
class ChatDialect:
    """How a model is asked.

    Attributes:
        model: Its own name.
        max_tokens_name: What the largest number of tokens is called; one of two names.
        most_tokens: The largest such number that it takes; None is any.
        most_temperature: The highest temperature that it takes.
        without: The parts of a request that are left out.
        merges_system: Whether the system message goes into the user message, because it takes none.
        takes_rng_seed: Whether it is to be told what samples are drawn from.
        extra: Parts of every request, beside these.
    """

    model: str
    max_tokens_name: str = "max_tokens"
    most_tokens: int | None = None
    most_temperature: float = 2.0
    without: frozenset[str] = frozenset()
    merges_system: bool = False
    takes_rng_seed: bool = False
    extra: tuple[tuple[str, Any], ...] = ()

    def body(self, prompt: Prompt) -> Body:
        """The request for a prompt."""
        most_tokens = min(prompt.max_output_tokens, self.most_tokens or prompt.max_output_tokens)
        parts = {
            "temperature": min(prompt.temperature, self.most_temperature),
            self.max_tokens_name: most_tokens,
            **({"n": prompt.n_samples} if prompt.n_samples > 1 else {}),
            **({"seed": prompt.rng_seed} if self.takes_rng_seed else {}),
            **dict(self.extra),
        }
        kept = {name: value for name, value in parts.items() if name not in self.without}
        return {"model": self.model, "messages": self._messages(prompt), **kept}

    def _messages(self, prompt: Prompt) -> list[dict[str, str]]:
        expertise, message = prompt.expertise, prompt.message
        if expertise.strip() and self.merges_system:
            message = f"{expertise}\n\n{message}"
        user = {"role": "user", "content": message}
        if not expertise.strip() or self.merges_system:
            return [user]
        return [{"role": "system", "content": expertise}, user]

    def after(self, body: Body, complaint: Complaint) -> ChatDialect | None:
        """The dialect in which to ask again after a complaint; None where it names no part of the request."""
        parts = {name: value for name, value in body.items() if name not in ("model", "messages")}
        name = named_part(parts, complaint, _SPOKEN)
        if name is None and _TOO_LONG_TOGETHER.search(complaint.searchable):
            name = next((name for name in parts if name in _TOKEN_NAMES), None)
        if name in _TOKEN_NAMES:
            return self._with_other_tokens(parts, complaint)
        if name == "temperature" and parts["temperature"] > 1.0:
            return replace(self, most_temperature=1.0)
        if name is not None:
            return replace(self, without=self.without | {name})
        has_system = body["messages"][0]["role"] == "system"
        if has_system and _NO_SYSTEM.search(complaint.searchable):
            return replace(self, merges_system=True)
        return None

    def _with_other_tokens(self, parts: Mapping[str, Any], complaint: Complaint) -> ChatDialect:
        name, asked = self.max_tokens_name, int(parts[self.max_tokens_name])
        [other] = (other for other in _TOKEN_NAMES if other != name)
        if _TOO_MANY.search(complaint.message) and asked >= 2 * _FEWEST_TOKENS:
            lower = [most for most in map(int, _MOST.findall(complaint.message)) if _FEWEST_TOKENS <= most < asked]
            return replace(self, most_tokens=max(lower, default=asked // 2))
        if other not in self.without:
            return replace(self, max_tokens_name=other, without=self.without | {name})
        return replace(self, without=self.without | {name})

    def and_also(self, other: ChatDialect) -> ChatDialect:
        """What both have learned; in doubt what `other` has."""
        bounds = [most for most in (self.most_tokens, other.most_tokens) if most is not None]
        return replace(
            other,
            most_tokens=min(bounds, default=None),
            most_temperature=min(self.most_temperature, other.most_temperature),
            without=self.without | other.without,
            merges_system=self.merges_system or other.merges_system,
            takes_rng_seed=self.takes_rng_seed or other.takes_rng_seed,
        )
