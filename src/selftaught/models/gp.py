"""The embedded models: a genetic-programming proposer that speaks the language-model protocol, and a weaker one.

Neither is a language model. They read the programs in a prompt and answer with edited ones. The prompts carry
programs that nobody vetted, so the work is done by a worker (`worker.gp`), isolated like all others.

`gp-expressions` edits a solution about as well as `gp`, but can neither loop nor keep, restart or branch a strategy: it
shows what a run looks like whose model cannot improve an improver.
"""

from __future__ import annotations

import asyncio

import msgspec

from selftaught.budget import Budget
from selftaught.errors import LanguageModelError
from selftaught.models.language_model import LanguageModel, ModelInfo, Reply, Request
from selftaught.sandbox import ChildEnded, Limits, Sandbox, despite_losses
from selftaught.worker.messages import Proposals, ProposerStart

GP_INFO = ModelInfo(
    name="gp",
    summary="embedded genetic-programming proposer: no key, no network, free; not a language model",
    is_language_model=False,
    version="1",
    notice="gp is not a language model: it edits programs at random, by general rules.",
)

EXPRESSIONS_INFO = ModelInfo(
    name="gp-expressions",
    summary="a weaker gp, which changes numbers and expressions only: no loops, no strategies; not a language model",
    is_language_model=False,
    version="1",
    notice="gp-expressions is not a language model: it edits programs at random, by general rules.",
)

PROPOSER_LIMITS = Limits(cpu_seconds=20.0, wall_seconds=300.0)


class GeneticProposer(LanguageModel):
    """The embedded model; its answers are a function of `rng_seed` and the request alone."""

    info = GP_INFO
    expressions_only = False
    # Its calls are free, and the choice of a strategy matters only where there is room for one.
    # A use of the utility for each response, for the result of each call, and for the solution that was given.
    improvement_budget = Budget(calls=16, responses=8, utility_calls=16 * (8 + 1) + 1)
    meta_budget = Budget(calls=2, responses=6, utility_calls=2 * (6 + 1) + 1)

    def __init__(self, sandbox: Sandbox, rng_seed: int) -> None:
        self._sandbox = sandbox
        self._rng_seed = rng_seed

    async def answer(self, request: Request) -> Reply:
        """`n_responses` edited programs for each message, in the order of the messages."""
        asked = (
            self.samples(
                message,
                n_responses=request.n_responses,
                temperature=request.temperature,
                rng_seed=request.rng_seed(self.info.name, self._rng_seed, index),
            )
            for index, message in enumerate(request.messages)
        )
        return Reply.of(answer for answers in await asyncio.gather(*asked) for answer in answers)

    async def samples(self, message: str, *, n_responses: int, temperature: float, rng_seed: int) -> list[str]:
        """`n_responses` edited programs for one message, a function of what is given here and of nothing else.

        Args:
            message: The prompt.
            n_responses: How many.
            temperature: How much is changed, >= 0.
            rng_seed: What the samples are drawn from, in `[0, 2**64)`.

        Raises:
            LanguageModelError: It did not answer, and would not if it were asked again.
        """
        start = ProposerStart(
            message=message,
            n_responses=n_responses,
            temperature=temperature,
            rng_seed=rng_seed,
            expressions_only=self.expressions_only,
        )
        return await despite_losses(lambda: self._propose(start))

    async def _propose(self, start: ProposerStart) -> list[str]:
        async with self._sandbox.slots, self._sandbox.child("proposer", start, PROPOSER_LIMITS) as child:
            try:
                return msgspec.convert(await child.receive(), Proposals).answers
            except (ChildEnded, msgspec.ValidationError) as error:
                raise LanguageModelError(f"{self.info.name} did not answer: {error}", retryable=False) from None


class ExpressionProposer(GeneticProposer):
    """The weaker embedded model, at the same budgets."""

    info = EXPRESSIONS_INFO
    expressions_only = True
