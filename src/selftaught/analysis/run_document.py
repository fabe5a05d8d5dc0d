"""What curves read of a recorded run, checked first: a store is a file that others may have altered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import pydantic

from selftaught.errors import ConfigError
from selftaught.store import RunRecord
from selftaught.validation import first_complaint

_Figure = Annotated[float, pydantic.Field(ge=-1e60, le=1e60, allow_inf_nan=False)]
_Count = Annotated[int, pydantic.Field(ge=0)]


class _Part(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="ignore", frozen=True, strict=True)


class _Interval(_Part):
    mean: _Figure
    low: _Figure
    high: _Figure
    n: Annotated[int, pydantic.Field(ge=1)]


class _Gain(_Interval):
    p_value: Annotated[float, pydantic.Field(ge=0, le=1)]


class _Measured(_Part):
    test: _Interval


class _Round(_Measured):
    round: _Count
    validation: _Figure
    accepted: bool
    proposal_validation: _Figure | None


class _Tried(_Part):
    count: _Count


class _Used(_Part):
    calls: _Count
    responses: _Count
    utility_calls: _Count
    seconds: _Figure


class _Spent(_Part):
    cost_usd: _Figure | None
    cost_usd_known: _Figure
    tokens_in: _Count
    tokens_cached: _Count
    tokens_out: _Count
    tokens_reasoning: _Count
    n_unpriced: _Count
    n_miscounted: _Count
    seconds: _Figure
    samples_known: _Count


class _RunDocument(_Part):
    run_id: str
    task: str
    model: str
    is_language_model: bool
    inner_model: str | None = None
    inner_is_language_model: bool | None = None
    isolation: str
    opaque: list[str]
    rng_seed: int
    rounds: Annotated[list[_Round], pydantic.Field(min_length=1)]
    initial_solution: _Measured
    seed_improver: _Measured
    best_of_n: _Measured
    improver: _Measured
    gain: _Gain
    gain_over_best_of_n: _Gain
    improvement_budget: dict[str, int]
    meta_budget: dict[str, int]
    budget: _Used
    spending: _Spent | None = None
    evaluations: _Count
    violations: list[_Tried]


def document_of(run: RunRecord) -> dict[str, Any] | None:
    """The document of a finished run, as it was recorded; None of one that is not finished.

    Raises:
        ConfigError: It is not what a run records.
    """
    if run.result is None:
        return None
    try:
        _RunDocument.model_validate(run.result)
    except pydantic.ValidationError as error:
        complaint = first_complaint(error, as_flag=False).removeprefix(": ")
        raise ConfigError(f"the result on record for {run.run_id} is not that of a run: {complaint}") from None
    return run.result


def proposers(document: Mapping[str, Any]) -> list[tuple[str, bool]]:
    """The model of a run or series, then the inner one if it has one: name, and whether it is a language model."""
    outer = (str(document["model"]), bool(document["is_language_model"]))
    inner = document.get("inner_model")  # runs of earlier versions do not say
    return [outer] if inner is None else [outer, (str(inner), bool(document["inner_is_language_model"]))]


def proposer(document: Mapping[str, Any], mark: str = "") -> str:
    """The models of a run or a series in a few words; `mark` follows the name of one that is no language model."""
    names = [name if is_language_model else f"{name}{mark}" for name, is_language_model in proposers(document)]
    return " with ".join(names) + (" inside" if len(names) > 1 else "")
