"""What is on record of a run, read back so that the run can be done again.

A store may come from anywhere, so all is checked, and nothing in it can switch the isolation off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from selftaught.budget import Budget
from selftaught.errors import ConfigError
from selftaught.experiment import improvers_of_run
from selftaught.models import ModelInfo, model_info
from selftaught.settings import SETTINGS_OF_KIND, CommonSettings, checked_settings
from selftaught.store import RunRecord, Store
from selftaught.task_definition import BUNDLED_TASKS, Task, bundled_task_names, find_task, load_task

PARTS_OF = {
    "run": {"seed", "best_of_n"},
    "improve": {"improver"},
    "transfer": {"seed_improver", "best_of_n", "improver"},
    "compare": set[str](),
}
"""What parts improvers have in a run of each kind; a comparison names them as the person did."""


@dataclass(frozen=True, kw_only=True)
class RecordedModel:
    """What is on record of a run's model.

    Attributes:
        info: What a person should know of it.
        improvement_budget: What one improvement of a solution may use, where the user says nothing.
        meta_budget: What one improvement of an improver may use, where the user says nothing.
    """

    info: ModelInfo
    improvement_budget: Budget
    meta_budget: Budget


def kind_of(record: RunRecord, *, is_series_allowed: bool = False) -> str:
    """The kind of a run, if runs of that kind can be done again; a series is of the kind of its runs.

    Raises:
        ConfigError: They cannot.
    """
    kind = str(record.config.get("kind"))
    if kind == "series" and is_series_allowed:
        return "run"
    if kind == "series":
        raise ConfigError(
            f"{record.run_id} is a series of runs: name one of them; `selftaught show {record.run_id}` lists them"
        )
    if kind == "replay":
        raise ConfigError(
            f"{record.run_id} is a replay: do it again with `selftaught replay {record.config.get('of')!s:.40}`"
        )
    if kind not in SETTINGS_OF_KIND:
        raise ConfigError(
            f"{record.run_id} is of the kind {kind!r:.40}, which can be neither resumed nor replayed, only "
            f"{', '.join(SETTINGS_OF_KIND)} can; its own command with its --rng-seed asks no model twice"
        )
    return kind


def settings_of(record: RunRecord, **changes: Any) -> CommonSettings:
    """The settings of a run on record, checked; those that are given now win. The isolation is on unless given as off.

    Args:
        record: The run.
        changes: What is given now, by the names of settings.

    Raises:
        ConfigError: They cannot be used.
    """
    kind = SETTINGS_OF_KIND[kind_of(record, is_series_allowed=True)]
    recorded = {name: value for name, value in record.config.items() if name in kind.model_fields}
    try:
        return checked_settings(kind, **{**recorded, "unsafe_no_isolation": False, **changes})
    except ConfigError as error:
        raise ConfigError(f"the settings on record for {record.run_id} cannot be used: {error}") from None


def tasks_of(record: RunRecord, given: Sequence[Task] = ()) -> list[Task]:
    """The tasks of a run on record, found again where they were, unless they are given.

    Args:
        record: The run.
        given: Where a person says that they are now.

    Raises:
        ConfigError: One is not found, or is another than it was.
    """
    by_name = {task.name: task for task in given}
    names = _texts(record, "tasks")
    for name in by_name.keys() - set(names):
        raise ConfigError(f"{record.run_id} is not about the task {name!r:.80}, but about {', '.join(names)}")
    tasks = [by_name.get(name) or _found_again(record, name) for name in names]
    then = record.versions.get("tasks")
    for task in tasks:
        before = then.get(task.name) if isinstance(then, dict) else None
        if before != task.sha256:
            raise ConfigError(
                f"the task {task.name} has changed since {record.run_id} (sha256 {before!r:.14}... then, "
                f"{task.sha256[:12]} now), so nothing would come out the same: "
                "name a copy of it as it was with --tasks DIR, or start a new run"
            )
    return tasks


def _found_again(record: RunRecord, name: str) -> Task:
    folders = record.config.get("task_folders")
    folder = folders.get(name) if isinstance(folders, dict) else None
    if isinstance(folder, str):
        try:
            return find_task(folder)
        except ConfigError as error:
            raise ConfigError(
                f"the task {name!r:.80} of {record.run_id} is not where it was: {error}; "
                "say where it is now with --tasks DIR"
            ) from None
    if name in bundled_task_names():
        return load_task(BUNDLED_TASKS / name)
    raise ConfigError(
        f"the task {name!r:.80} of {record.run_id} is not bundled and no folder is on record for it: "
        "say where it is with --tasks DIR, or, if it was made in Python, do the run again from there"
    )


def improvers_of(record: RunRecord, store: Store) -> dict[str, str]:
    """The sources of the improvers that a run on record was given, by their parts in it.

    Raises:
        ConfigError: They are not on record.
    """
    named = record.config.get("improvers")
    if isinstance(named, dict) and named and PARTS_OF[kind_of(record, is_series_allowed=True)] <= named.keys():
        return {str(part): store.program(str(sha256)).source for part, sha256 in named.items()}
    if record.config.get("kind") == "run":  # of an older version, which did not write them down
        rounds = store.rounds(record.run_id)
        if rounds:
            return {**improvers_of_run("seed", store), "seed": store.program(rounds[0].improver).source}
    raise ConfigError(
        f"the improvers that {record.run_id} was given are not on record, as it is from an older selftaught; "
        "start the same run again with its --rng-seed"
    )


def models_of(record: RunRecord) -> list[RecordedModel]:
    """What is on record of a run's model, and of its inner model if it had one.

    Raises:
        ConfigError: It is not on record.
    """
    given = record.config.get("models")
    n_models = 1 if record.config.get("inner_model") is None else 2
    try:
        models = [_recorded_model(each) for each in given] if isinstance(given, list) else _models_of_result(record)
        if len(models) != n_models:
            raise ValueError("there are more models, or fewer, than the settings name")
        return models
    except (KeyError, TypeError, ValueError, ConfigError):
        raise ConfigError(
            f"what is on record for the model of {record.run_id} cannot be used, its budgets are missing or odd: "
            "start the same run again with its --rng-seed"
        ) from None


def _recorded_model(given: Mapping[str, Any]) -> RecordedModel:
    return RecordedModel(
        info=_model_info(given["info"]),
        improvement_budget=Budget(**_numbers(given["improvement_budget"])),
        meta_budget=Budget(**_numbers(given["meta_budget"])),
    )


def _models_of_result(record: RunRecord) -> list[RecordedModel]:
    """The same, of a run of an older version, from the budgets in its result."""
    result = record.result or {}
    budget = Budget(**_numbers(result["improvement_budget"]))
    name = str(record.config["model"])
    unknown = ModelInfo(name=name, summary="not known any more", is_language_model=True, version="?")
    meta_budget = Budget(**_numbers(result.get("meta_budget", result["improvement_budget"])))
    return [RecordedModel(info=model_info(name) or unknown, improvement_budget=budget, meta_budget=meta_budget)]


def _model_info(given: Mapping[str, Any]) -> ModelInfo:
    notice = given["notice"]
    return ModelInfo(
        name=str(given["name"]),
        summary=str(given["summary"]),
        is_language_model=given["is_language_model"] is not False,
        version=str(given["version"]),
        notice=None if notice is None else str(notice),
    )


def _numbers(given: Mapping[str, Any]) -> dict[str, int]:
    numbers = {field.name: given[field.name] for field in fields(Budget)}
    if any(type(number) is not int for number in numbers.values()):
        raise TypeError("a budget is whole numbers")
    return numbers


def _texts(record: RunRecord, name: str) -> list[str]:
    given = record.config.get(name)
    if not isinstance(given, list) or not given or not all(isinstance(text, str) for text in given):
        raise ConfigError(f"no {name} are on record for {record.run_id}: use a copy of the store that is whole")
    return given
