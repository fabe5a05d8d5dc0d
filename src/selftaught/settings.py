"""What a person can set of a run: one model for flags, environment, file and Python, validated in one place."""

from __future__ import annotations

import secrets
from typing import Annotated, Literal, TypeVar

import pydantic

from selftaught.budget import Budget
from selftaught.errors import ConfigError
from selftaught.validation import first_complaint

RNG_SEED_BITS = 53
"""As many as every reader of JSON keeps exactly."""


def unguessable_rng_seed() -> int:
    """A number that no program can find by trying, within any budget."""
    return secrets.randbits(RNG_SEED_BITS)


Count = Annotated[int, pydantic.Field(ge=1, le=100_000)]
RngSeed = Annotated[
    int,
    pydantic.BeforeValidator(lambda given: unguessable_rng_seed() if given is None else given),
    pydantic.Field(ge=0),
]
Workers = Annotated[int, pydantic.Field(ge=1, le=256)]
AcceptRule = Literal["better", "always"]
Settings = TypeVar("Settings", bound=pydantic.BaseModel)
IsolationMode = Literal["auto", "full", "confined", "sealed"]

UNSANDBOXED = "UNSANDBOXED"
"""How a result is marked whose programs were not isolated."""

DEFAULT_STORE = "selftaught.db"
"""The store where nobody names one: a file in the working folder."""

PAPER_BUDGET = Budget(calls=4, responses=6, utility_calls=25)
PAPER_REPEATS = 5
DEFAULT_REPEATS = 3
DEFAULT_FRESH_REPEATS = 12


Rate = Annotated[float, pydantic.Field(gt=0, allow_inf_nan=False)]
Price = Annotated[float, pydantic.Field(ge=0, allow_inf_nan=False)]
ReasoningEffort = Literal["none", "minimal", "low", "medium", "high"]


class ModelSettings(pydantic.BaseModel):
    """How a language model over the network is used, and what may be spent on it. Embedded models are free.

    Attributes:
        max_cost: US dollars that all calls of the run may cost together.
        max_tokens: Tokens, sent and received, that all calls of the run may take together.
        max_seconds: Seconds after which the run ends.
        max_output_tokens: The most tokens of one answer, those of its reasoning included.
        reasoning_effort: How much a reasoning model should think, where its provider can be told.
        thinking_tokens: Tokens that a model may think for one answer, where its provider can be told.
        price_in: US dollars for a million tokens sent, where no price is known, or another holds.
        price_out: US dollars for a million tokens received.
        requests_per_minute: The most requests a minute that the provider allows.
        tokens_per_minute: The most tokens a minute that the provider allows.
        concurrency: The most requests in flight.
        call_seconds: How long one call may take, all attempts together, while the provider can be reached.
        outage_seconds: How long to wait for a provider that cannot be reached, or asks for patience.
        fresh_answers: Ask the model even for what the store has an answer to.
    """

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    max_cost: Price | None = None
    max_tokens: Annotated[int, pydantic.Field(ge=1)] | None = None
    max_seconds: Rate | None = None
    max_output_tokens: Annotated[int, pydantic.Field(ge=1, le=1_000_000)] = 8192
    reasoning_effort: ReasoningEffort | None = None
    thinking_tokens: Annotated[int, pydantic.Field(ge=0, le=1_000_000)] | None = None
    price_in: Price | None = None
    price_out: Price | None = None
    requests_per_minute: Rate | None = None
    tokens_per_minute: Rate | None = None
    concurrency: Annotated[int, pydantic.Field(ge=1, le=10_000)] = 16
    call_seconds: Rate = 600.0
    outage_seconds: Annotated[float, pydantic.Field(ge=0, allow_inf_nan=False)] = 3600.0
    fresh_answers: bool = False


class CommonSettings(ModelSettings):
    """What every command that runs programs can be told.

    Attributes:
        model: The model, by name; `selftaught models` lists them.
        rng_seed: What all random numbers are drawn from; by default one that no program can guess, shown and stored.
        budget_calls: Model calls in one improvement of a solution; by default what suits the model.
        budget_responses: Samples in one such call; by default what suits the model.
        budget_utility: Uses of the utility in one improvement of a solution; by default what suits the model.
        paper: Everything as in the paper's released configuration; other settings that are given still win.
        workers: Processes that run programs at the same time; by default one for each core.
        isolation: How untrusted programs are isolated: the strongest that works here, or one that you insist on.
        unsafe_no_isolation: Run untrusted programs with your own rights. Every result is marked UNSANDBOXED.
    """

    model: str = "gp"
    rng_seed: RngSeed = pydantic.Field(default=None, validate_default=True)
    budget_calls: Count | None = None
    budget_responses: Count | None = None
    budget_utility: Count | None = None
    paper: bool = False
    workers: Workers | None = None
    isolation: IsolationMode = "auto"
    unsafe_no_isolation: bool = False

    def budget(self, model_default: Budget) -> Budget:
        """What one improvement of a solution may use."""
        given = {"calls": self.budget_calls, "responses": self.budget_responses, "utility_calls": self.budget_utility}
        return _filled(given, PAPER_BUDGET if self.paper else model_default)


class ImproveSettings(CommonSettings):
    """The settings of one improvement of a solution.

    Attributes:
        improver: What improves: a bundled improver, a file, a run (its last round) or `RUN:round`.
    """

    improver: str = "seed"


class TransferSettings(CommonSettings):
    """The settings of a transfer.

    Attributes:
        fresh_repeats: Repeats for each task and improver.
    """

    fresh_repeats: Count = DEFAULT_FRESH_REPEATS


class CompareSettings(TransferSettings):
    """The settings of a comparison of improvers."""


class RunSettings(ImproveSettings):
    """The settings of one run of the recursion.

    Attributes:
        inner_model: What answers the improvements of solutions, while `model` improves improvers; by default `model`.
        rounds: T, the rounds of self-improvement.
        repeats: Downstream improvements for each task in one use of the meta-utility; 3, or 5 with --paper.
        accept: Take a proposal only if it is better on fresh draws (the default), or always, as the paper does.
        meta_budget_calls: Model calls in one improvement of an improver; by default what suits the model.
        meta_budget_responses: Samples in one such call.
        meta_budget_utility: Uses of the meta-utility in one round.
        gate_repeats: Repeats that decide whether a proposal is better.
        test_repeats: Repeats behind the test figure of each round.
        fresh_repeats: Repeats behind the comparison at the end.
    """

    inner_model: str | None = None
    rounds: Annotated[int, pydantic.Field(ge=0, le=1000)] = 2
    repeats: Count | None = None
    accept: AcceptRule | None = None
    meta_budget_calls: Count | None = None
    meta_budget_responses: Count | None = None
    meta_budget_utility: Count | None = None
    gate_repeats: Count = 4
    test_repeats: Count = 3
    fresh_repeats: Count = DEFAULT_FRESH_REPEATS

    def meta_budget(self, model_default: Budget) -> Budget:
        """What one improvement of an improver may use."""
        given = {
            "calls": self.meta_budget_calls,
            "responses": self.meta_budget_responses,
            "utility_calls": self.meta_budget_utility,
        }
        return _filled(given, PAPER_BUDGET if self.paper else model_default)

    @property
    def accept_rule(self) -> AcceptRule:
        """The acceptance rule that holds."""
        return self.accept or ("always" if self.paper else "better")

    @property
    def n_repeats(self) -> int:
        """The number of repeats that holds."""
        return self.repeats or (PAPER_REPEATS if self.paper else DEFAULT_REPEATS)


class AgainSettings(pydantic.BaseModel):
    """How a run on record is done again; what is not given is as it was then.

    Attributes:
        workers: Processes that run programs at the same time.
        unsafe_no_isolation: Run untrusted programs with your own rights; never taken from the record.
    """

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    workers: Workers | None = None
    unsafe_no_isolation: bool = False

    def given(self) -> dict[str, object]:
        """What is given, by the names of settings."""
        return self.model_dump(exclude_none=True)


class ReplaySettings(AgainSettings):
    """How a run is replayed.

    Attributes:
        isolation: How untrusted programs are isolated.
    """

    isolation: IsolationMode | None = None


class ResumeSettings(AgainSettings):
    """How a run is taken up again. What it may spend includes what it has spent.

    Attributes:
        max_cost: US dollars that all calls of the run may cost together.
        max_tokens: Tokens, sent and received, that all calls of the run may take together.
        max_seconds: Seconds of work after which the run ends.
        requests_per_minute: The most requests a minute that the provider allows.
        tokens_per_minute: The most tokens a minute that the provider allows.
        concurrency: The most requests in flight.
        call_seconds: How long one call may take, all attempts together, while the provider can be reached.
        outage_seconds: How long to wait for a provider that cannot be reached, or asks for patience.
        take_over: Also if the run's process cannot be seen from here (another machine or container): make sure that
            it has ended.
    """

    max_cost: Price | None = None
    max_tokens: Annotated[int, pydantic.Field(ge=1)] | None = None
    max_seconds: Rate | None = None
    requests_per_minute: Rate | None = None
    tokens_per_minute: Rate | None = None
    concurrency: Annotated[int, pydantic.Field(ge=1, le=10_000)] | None = None
    call_seconds: Rate | None = None
    outage_seconds: Annotated[float, pydantic.Field(ge=0, allow_inf_nan=False)] | None = None
    take_over: bool = False

    def given(self) -> dict[str, object]:
        """What is given, by the names of settings."""
        return self.model_dump(exclude_none=True, exclude={"take_over"})


SETTINGS_OF_KIND: dict[str, type[CommonSettings]] = {
    "run": RunSettings,
    "improve": ImproveSettings,
    "transfer": TransferSettings,
    "compare": CompareSettings,
}
"""The settings of each kind of run that can be done again."""


LIMITS = ("max_cost", "max_tokens", "max_seconds")
"""What a run may spend. What is told to `resume` holds from then on."""


def can_be_resumed(kind: str) -> bool:
    """Whether runs of a kind can be resumed; a series can, run by run."""
    return kind == "series" or kind in SETTINGS_OF_KIND


def checked_settings(kind: type[Settings], /, **given: object) -> Settings:
    """Settings of a kind, checked.

    Raises:
        ConfigError: A setting is out of range or not known.
    """
    try:
        return kind(**given)
    except pydantic.ValidationError as error:
        raise ConfigError(first_complaint(error, as_flag=True)) from None


def _filled(given: dict[str, int | None], default: Budget) -> Budget:
    values = {name: getattr(default, name) if value is None else value for name, value in given.items()}
    return Budget(**values)
