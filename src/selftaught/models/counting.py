"""What an exchange may cost at the most, and what it did cost: the provider's counts, as far as they can be true."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from selftaught.ledger import NOTHING, Spending
from selftaught.models.prices import Price
from selftaught.models.provider import Completion, Fault, Prompt, ProviderFault

OVERHEAD_TOKENS = 1000
"""What a provider adds to a prompt: roles, a template, its own instructions. Otherwise a token is a byte at least."""

MOST_TOKENS = 1_000_000_000
"""No exchange has more; a count beyond is no count."""

_WORD = re.compile(r"[A-Za-z\u0080-\U0010ffff]+")

_ONE_TOKEN_EACH = Spending(tokens_in=1, tokens_out=1)

_MAYBE_BILLED = (Fault.SLOW, Fault.BROKEN)
"""The provider got the request, and may have worked on it; what it counted did not arrive."""


def worst_case(prompt: Prompt, price: Price | None) -> Spending:
    """The most that an exchange may take: each byte is a token, and every sample is as long as may be."""
    n_bytes = sum(len(text.encode("utf-8", "surrogatepass")) for text in (prompt.expertise, prompt.message))
    worst = Spending(tokens_in=n_bytes + OVERHEAD_TOKENS, tokens_out=prompt.n_samples * prompt.max_output_tokens)
    return replace(worst, cost_usd=price.cost_usd(worst)) if price else worst


def fewest_tokens(text: str) -> int:
    """A number of tokens that a text cannot be less than: half of its words, and one if there is anything in it.

    Tokens do not reach beyond a word, a few of two words apart; digits, signs and spaces come on top. All that is not
    ASCII is taken for letters, so a language without spaces has few words here, never too many.
    """
    return max((len(_WORD.findall(text)) + 1) // 2, int(bool(text.strip())))


def spent_on(completion: Completion, prompt: Prompt, price: Price | None) -> Spending:
    """What an exchange took, by the provider's counts; where these are too low to be true, by the least that is."""
    counted, is_wrong = _plausible(completion.spending)
    tokens_in = max(counted.tokens_in, _fewest([prompt.expertise, prompt.message]))
    tokens_out = max(counted.tokens_out, _fewest(sample.text for sample in completion.samples))
    is_wrong = is_wrong or (tokens_in, tokens_out) != (counted.tokens_in, counted.tokens_out)
    spent = replace(counted, tokens_in=tokens_in, tokens_out=tokens_out, n_miscounted=int(is_wrong))
    return _priced(spent, price)


def spent_on_fault(fault: ProviderFault, price: Price | None) -> Spending:
    """What an exchange took that failed. Where the provider may have worked and told no count, the cost is unknown."""
    counted, is_wrong = _plausible(fault.spending)
    if counted.tokens == 0 and is_unbilled(fault):
        return NOTHING
    return _priced(replace(counted, n_miscounted=int(is_wrong)), price)


def is_unbilled(came: Completion | ProviderFault) -> bool:
    """Whether a provider did no work for what came, as far as can be told."""
    return isinstance(came, ProviderFault) and came.fault not in _MAYBE_BILLED


def _fewest(texts: Iterable[str]) -> int:
    return sum(map(fewest_tokens, texts))


def _plausible(counted: Spending) -> tuple[Spending, bool]:
    """The counts of a provider without those that cannot be, and whether there were any."""
    tokens_in, tokens_out = _possible(counted.tokens_in), _possible(counted.tokens_out)
    plausible = Spending(
        tokens_in=tokens_in,
        tokens_cached=min(_possible(counted.tokens_cached), tokens_in),
        tokens_out=tokens_out,
        tokens_reasoning=min(_possible(counted.tokens_reasoning), tokens_out),
    )
    told = Spending(
        tokens_in=counted.tokens_in,
        tokens_cached=counted.tokens_cached,
        tokens_out=counted.tokens_out,
        tokens_reasoning=counted.tokens_reasoning,
    )
    return plausible, plausible != told


def _possible(count: int) -> int:
    return count if 0 <= count <= MOST_TOKENS else 0


def _priced(spent: Spending, price: Price | None) -> Spending:
    if price is None or (spent.tokens == 0 and price.cost_usd(_ONE_TOKEN_EACH) > 0):
        return replace(spent, n_unpriced=1)
    return replace(spent, cost_usd=price.cost_usd(spent))
