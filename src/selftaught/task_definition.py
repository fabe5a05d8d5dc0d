"""Tasks: what is to be solved, from a folder or from Python. Task code is text here; only a worker runs it.

A folder has `task.toml`, `seed_solution.py`, `utility.py`, `README.md` and perhaps `reference.py`;
`docs/tasks.md` says what goes where.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import pydantic

from selftaught.errors import ConfigError
from selftaught.source import nearest, sha256_of, why_unusable
from selftaught.validation import first_complaint

BUNDLED_TASKS = Path(__file__).parent / "tasks"
MIB = 1024 * 1024

Split = Literal["validation", "test", "fresh"]
"""Which draws of instances: improvers see validation, reported figures come from the other two."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """A task: programs, numbers and limits.

    Attributes:
        name: What it is called.
        entry: The function that a solution defines; None if the scorer takes the solution's source text.
        summary: One line for lists.
        seed_solution: The solution that improvement starts from.
        utility_source: The code that makes instances and scores answers; the model is shown this very text.
        reference_source: A module `reference` that the utility may import: solutions to compare with, which would
            give the answer away and are not shown. None where there is none.
        reference_best: What scores 1.
        reference_trivial: What scores 0.
        n_validation: Instances in one use of the utility on the validation split.
        n_test: Instances in one use on the test and fresh splits.
        cpu_seconds: CPU time for all instances of one use together.
        memory_bytes: Memory that a solution may ask for.
        is_opaque: Whether the score is made beside the candidate, so that it is a claim rather than a fact.
    """

    name: str
    entry: str | None
    summary: str
    seed_solution: str
    utility_source: str
    reference_source: str | None = None
    reference_best: str = "not known"
    reference_trivial: str = "not known"
    n_validation: int = 1
    n_test: int = 1
    cpu_seconds: float = 2.0
    memory_bytes: int = 256 * MIB
    is_opaque: bool = False
    sha256: str = field(init=False)

    def __post_init__(self) -> None:
        for what, text in (("seed solution", self.seed_solution), ("utility", self.utility_source)):
            problem = why_unusable(text)
            if problem:
                raise ConfigError(f"the {what} of task {self.name} cannot be used: {problem}")
        for name in ("n_validation", "n_test", "cpu_seconds", "memory_bytes"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"{name} of task {self.name} should be more than 0, not {getattr(self, name)}")
        programs = (self.seed_solution, self.utility_source, self.reference_source)
        numbers = (self.n_validation, self.n_test, self.cpu_seconds, self.memory_bytes)
        sha256 = sha256_of("\x1f".join(map(str, (self.name, self.entry, *programs, *numbers))))
        object.__setattr__(self, "sha256", sha256)

    def n_instances(self, split: Split) -> int:
        """The number of instances in one use on a split."""
        return self.n_validation if split == "validation" else self.n_test


class _Strict(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)


class _Reference(_Strict):
    best: str = "not known"
    trivial: str = "not known"


class _Instances(_Strict):
    validation: Annotated[int, pydantic.Field(ge=1, le=100_000)] = 10
    test: Annotated[int, pydantic.Field(ge=1, le=100_000)] = 20


class _TaskLimits(_Strict):
    cpu_seconds: Annotated[float, pydantic.Field(gt=0, le=3600)] = 2.0
    memory_mib: Annotated[int, pydantic.Field(ge=1, le=65_536)] = 256


class _TaskFile(_Strict):
    """What `task.toml` may say."""

    name: Annotated[str, pydantic.Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
    entry: Annotated[str, pydantic.Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=100)]
    summary: Annotated[str, pydantic.Field(min_length=1, max_length=300)]
    reference: _Reference = _Reference()
    instances: _Instances = _Instances()
    limits: _TaskLimits = _TaskLimits()


def load_task(folder: Path) -> Task:
    """The task in a folder.

    Raises:
        ConfigError: A file is missing or says something that it may not.
    """
    settings = _read_settings(folder)
    return Task(
        name=settings.name,
        entry=settings.entry,
        summary=settings.summary,
        seed_solution=_read_text(folder, "seed_solution.py"),
        utility_source=_read_text(folder, "utility.py"),
        reference_source=_read_text(folder, "reference.py") if (folder / "reference.py").exists() else None,
        reference_best=settings.reference.best,
        reference_trivial=settings.reference.trivial,
        n_validation=settings.instances.validation,
        n_test=settings.instances.test,
        cpu_seconds=settings.limits.cpu_seconds,
        memory_bytes=settings.limits.memory_mib * MIB,
    )


def _read_settings(folder: Path) -> _TaskFile:
    path = folder / "task.toml"
    try:
        return _TaskFile.model_validate(tomllib.loads(_read_text(folder, "task.toml")))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from None
    except pydantic.ValidationError as error:
        raise ConfigError(f"{path}: {first_complaint(error, as_flag=False)}") from None


def _read_text(folder: Path, name: str) -> str:
    path = folder / name
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"the task folder {folder} has no {name}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from None


def bundled_task_names() -> list[str]:
    """The names of the bundled tasks, sorted."""
    return sorted(path.parent.name for path in BUNDLED_TASKS.glob("*/task.toml"))


def find_task(name: str) -> Task:
    """The task that a person means: the name of a bundled one, or the path of a folder.

    Raises:
        ConfigError: There is no such task; the nearest names are in the message.
    """
    names = bundled_task_names()
    if name in names:
        return load_task(BUNDLED_TASKS / name)
    if os.path.isdir(name):  # noqa: PTH112 - a name that no file can have is no error here
        return load_task(Path(name))
    raise ConfigError(f"there is no task or task folder {name!r:.200}{nearest(name, names)}")


def find_tasks(names: str | Iterable[str | Task] | Task) -> list[Task]:
    """The tasks that a person means by a name, a comma-separated list of names, or tasks as they are."""
    if isinstance(names, Task):
        return [names]
    parts = [part.strip() for part in names.split(",")] if isinstance(names, str) else list(names)
    tasks = [part if isinstance(part, Task) else find_task(part) for part in parts if part]
    if not tasks:
        raise ConfigError("name at least one task; `selftaught tasks` lists them")
    duplicates = {task.name for task in tasks if sum(other.name == task.name for other in tasks) > 1}
    if duplicates:
        raise ConfigError(f"task {duplicates.pop()} is named twice")
    return tasks
