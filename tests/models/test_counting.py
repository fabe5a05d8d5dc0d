"""What exchanges cost: never more than the worst case that was reserved, never less than what came can be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selftaught.ledger import NOTHING, Spending
from selftaught.models import Finish, Sample
from selftaught.models.counting import OVERHEAD_TOKENS, fewest_tokens, spent_on, spent_on_fault, worst_case
from selftaught.models.prices import Price
from selftaught.models.provider import Completion, Fault, Prompt, ProviderFault

PRICE = Price(sent=2.0, cached=0.5, received=8.0)
COUNTS = st.integers(0, 5000)


def prompt_of(message="one two three four", n=1, **more):
    return Prompt(
        expertise="",
        message=message,
        n_samples=n,
        temperature=0.7,
        max_output_tokens=100,
        rng_seed=0,
        seconds=1.0,
        **more,
    )


def completion_of(*texts, **counted):
    return Completion(samples=tuple(Sample(text=text) for text in texts), spending=Spending(**counted))


def test_the_worst_case_is_a_token_for_each_byte_and_all_tokens_for_each_sample():
    worst = worst_case(prompt_of("zwölf", n=3), PRICE)
    assert (worst.tokens_in, worst.tokens_out) == (6 + OVERHEAD_TOKENS, 300)
    assert worst.cost_usd == pytest.approx((2.0 * (6 + OVERHEAD_TOKENS) + 8.0 * 300) / 1e6)
    assert worst_case(prompt_of(), None).cost_usd == 0


@given(st.integers(0, 4), COUNTS, COUNTS, st.floats(0, 1))
def test_what_fits_into_the_worst_case_costs_no_more(n, tokens_in, tokens_out, part_cached):
    prompt = prompt_of("m" * 5000, n=n)
    worst = worst_case(prompt, PRICE)
    counted = Spending(
        tokens_in=min(tokens_in, worst.tokens_in),
        tokens_out=min(tokens_out, worst.tokens_out),
        tokens_cached=int(part_cached * min(tokens_in, worst.tokens_in)),
    )
    assert spent_on(Completion(samples=(), spending=counted), prompt, PRICE).cost_usd <= worst.cost_usd + 1e-12


def test_what_the_provider_counts_is_entered():
    counted = {"tokens_in": 40, "tokens_cached": 10, "tokens_out": 30, "tokens_reasoning": 20}
    spent = spent_on(completion_of("some words", **counted), prompt_of(), PRICE)
    assert spent == Spending(**counted, cost_usd=(2.0 * 30 + 0.5 * 10 + 8.0 * 30) / 1e6)


def test_without_a_price_the_cost_is_unknown():
    spent = spent_on(completion_of("some words", tokens_in=40, tokens_out=30), prompt_of(), None)
    assert spent == Spending(tokens_in=40, tokens_out=30, n_unpriced=1)


@pytest.mark.parametrize(
    ("text", "fewest"),
    [
        ("", 0),
        (" \n", 0),
        ("42", 1),
        ("word", 1),
        ("one two three four five six", 3),
        ("def f(x):\n    return x", 3),
        ("-" * 500, 1),
        (" " * 500 + "x", 1),
        ("einfältig naïve Straße öde", 2),
        ("日本語の長い文章には空白がない", 1),
        ("नमस्ते दुनिया", 1),
    ],
)
def test_the_fewest_tokens_of_a_text_are_half_its_words(text, fewest):
    assert fewest_tokens(text) == fewest


def test_a_provider_that_counts_one_of_six_samples_is_noticed():
    """As llama.cpp does for n > 1: here 10 words, 12 tokens for each sample, and only 12 are told."""
    sample = "the first of them is a sentence of ten words"
    spent = spent_on(completion_of(*[sample] * 6, tokens_in=20, tokens_out=12), prompt_of(n=6), PRICE)
    assert (spent.n_miscounted, spent.tokens_out) == (1, 30)


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"tokens_in": 9},
        {"tokens_in": -5, "tokens_out": 20},
        {"tokens_in": 10**30, "tokens_out": 20},
        {"tokens_in": 9, "tokens_out": 20, "tokens_cached": 10},
        {"tokens_in": 9, "tokens_out": 20, "tokens_reasoning": 21},
    ],
    ids=["none", "no tokens received", "negative", "too large", "more cached than sent", "more thought than received"],
)
def test_a_count_that_cannot_be_is_marked_and_replaced(told):
    spent = spent_on(completion_of("six words are in this text", **told), prompt_of(), PRICE)
    assert spent.n_miscounted == 1
    assert 2 <= spent.tokens_in <= 9
    assert 3 <= spent.tokens_out <= 20
    assert 0 <= spent.tokens_cached <= spent.tokens_in
    assert 0 <= spent.tokens_reasoning <= spent.tokens_out
    assert spent.cost_usd >= 0


@given(*[st.integers(-(10**12), 10**12)] * 4, st.text(max_size=50))
def test_whatever_a_provider_counts_what_is_entered_makes_sense(tokens_in, cached, tokens_out, reasoning, text):
    counted = {"tokens_in": tokens_in, "tokens_cached": cached, "tokens_out": tokens_out, "tokens_reasoning": reasoning}
    spent = spent_on(completion_of(text, **counted), prompt_of(text), PRICE)
    assert 0 <= spent.tokens_cached <= spent.tokens_in
    assert 0 <= spent.tokens_reasoning <= spent.tokens_out
    assert spent.tokens_out >= fewest_tokens(text)
    assert 0 <= spent.cost_usd < 1e6
    if not spent.n_miscounted:
        assert {name: getattr(spent, name) for name in counted} == counted


# ---------------------------------------------------------------- faults


def test_a_fault_before_any_work_costs_nothing():
    for fault in (Fault.BUSY, Fault.DOWN, Fault.REJECTED, Fault.KEY, Fault.UNKNOWN_MODEL):
        assert spent_on_fault(ProviderFault(fault, "x"), PRICE) == NOTHING


def test_what_a_fault_cost_is_entered():
    fault = ProviderFault(Fault.BROKEN, "x", spending=Spending(tokens_in=100, tokens_out=50))
    assert spent_on_fault(fault, PRICE) == Spending(tokens_in=100, tokens_out=50, cost_usd=600 / 1e6)


@pytest.mark.parametrize("fault", [Fault.SLOW, Fault.BROKEN])
def test_the_cost_of_work_that_nobody_counted_is_unknown_unless_tokens_are_free(fault):
    assert spent_on_fault(ProviderFault(fault, "x"), PRICE) == Spending(n_unpriced=1)
    assert spent_on_fault(ProviderFault(fault, "x"), Price(sent=0, cached=0, received=0)) == NOTHING


def test_only_answers_are_counted_at_the_least():
    completion = Completion(samples=(Sample(text="", finish=Finish.REFUSED),), spending=Spending(tokens_in=9))
    assert spent_on(completion, prompt_of(), PRICE).n_miscounted == 0
