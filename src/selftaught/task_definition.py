"""Tasks: what is to be solved, from a folder or from Python. Task code is text here; only a worker runs it.

A folder has `task.toml`, `seed_solution.py`, `utility.py`, `README.md` and perhaps `reference.py`;
`docs/tasks.md` says what goes where.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Literal

import pydantic

from selftaught.adapters import released_layout
from selftaught.errors import ConfigError
from selftaught.source import MAX_PROGRAM_BYTES, nearest, printable, read_file, sha256_of, why_unusable
from selftaught.validation import first_complaint

BUNDLED_TASKS = Path(__file__).parent / "tasks"
MIB = 1024 * 1024
DEFAULT_ANSWER_MIB = 4
"""What a hostile answer of this size costs the engine to read is bounded: some 3 s and 500 MiB."""
LONGEST_MESSAGE = 1000
MAX_SETTINGS_BYTES = 16 * 1024
"""The largest `task.toml`; reading one can take the square of its length."""

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
        shown_source: What the model is shown in place of it, all of it; only foreign layouts have two texts.
        reference_source: A module `reference` that the utility may import: solutions to compare with, which would
            give the answer away and are not shown. None where there is none.
        reference_best: What scores 1.
        reference_trivial: What scores 0.
        lowest: What no score can be below, where that is known. Nothing enforces it: `audit` reports what is.
        highest: What no score can be above, where that is known; the same holds.
        n_validation: Instances in one use of the utility on the validation split.
        n_test: Instances in one use on the test and fresh splits.
        cpu_seconds: CPU time for all instances of one use on the validation split together, the use that a model is
            told of; `cpu_seconds_on` says what other splits have.
        memory_bytes: Memory that a solution may ask for.
        answer_bytes: What its answers to all instances of one use may take together, as they are sent.
        is_opaque: Whether the score is made beside the candidate, so that it is a claim rather than a fact.
        uses_clock: Whether the score may depend on a clock, so that it need not come out the same twice.
        folder: Where it was found; None if it is bundled, or was made in Python.
    """

    name: str
    entry: str | None
    summary: str
    seed_solution: str
    utility_source: str
    shown_source: str | None = None
    reference_source: str | None = None
    reference_best: str = "not known"
    reference_trivial: str = "not known"
    lowest: float | None = None
    highest: float | None = None
    n_validation: int = 1
    n_test: int = 1
    cpu_seconds: float = 2.0
    memory_bytes: int = 256 * MIB
    answer_bytes: int = DEFAULT_ANSWER_MIB * MIB
    is_opaque: bool = False
    uses_clock: bool = False
    folder: str | None = field(default=None, compare=False)
    sha256: str = field(init=False)

    def __post_init__(self) -> None:
        texts = {"seed solution": self.seed_solution, "utility": self.utility_source}
        if self.reference_source is not None:
            texts["reference"] = self.reference_source
        if self.shown_source is not None:
            texts["shown utility"] = self.shown_source
        for what, text in texts.items():
            problem = why_unusable(text)
            if problem:
                raise ConfigError(f"the {what} of task {self.name} cannot be used: {problem}")
        for name in ("n_validation", "n_test", "cpu_seconds", "memory_bytes", "answer_bytes"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"{name} of task {self.name} should be more than 0, not {getattr(self, name)}")
        if self.lowest is not None and self.highest is not None and not self.lowest < self.highest:
            raise ConfigError(f"lowest of task {self.name} should be less than highest, {self.highest:g}")
        programs = [self.seed_solution, self.utility_source, self.reference_source]
        if self.shown_source is not None:
            programs.append(self.shown_source)
        numbers = (self.n_validation, self.n_test, self.cpu_seconds, self.memory_bytes, self.answer_bytes)
        sha256 = sha256_of("\x1f".join(map(str, (self.name, self.entry, *programs, *numbers))))
        object.__setattr__(self, "sha256", sha256)

    def n_instances(self, split: Split) -> int:
        """The number of instances in one use on a split."""
        return self.n_validation if split == "validation" else self.n_test

    def cpu_seconds_on(self, split: Split) -> float:
        """The CPU time of one use on a split: for each instance as much as on validation, and no less in all."""
        return self.cpu_seconds * max(1.0, self.n_instances(split) / self.n_validation)


class _Strict(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, strict=True)


_Score = Annotated[float, pydantic.Field(allow_inf_nan=False)]


class _Reference(_Strict):
    best: str = "not known"
    trivial: str = "not known"
    lowest: _Score | None = None
    highest: _Score | None = None


class _Instances(_Strict):
    validation: Annotated[int, pydantic.Field(ge=1, le=100_000)] = 10
    test: Annotated[int, pydantic.Field(ge=1, le=100_000)] = 20


class _TaskLimits(_Strict):
    cpu_seconds: Annotated[float, pydantic.Field(gt=0, le=3600)] = 2.0
    memory_mib: Annotated[int, pydantic.Field(ge=1, le=65_536)] = 256
    answer_mib: Annotated[int, pydantic.Field(ge=1, le=128)] = DEFAULT_ANSWER_MIB


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
        reference_source=_read_text(folder, "reference.py") if os.path.lexists(folder / "reference.py") else None,
        reference_best=settings.reference.best,
        reference_trivial=settings.reference.trivial,
        lowest=settings.reference.lowest,
        highest=settings.reference.highest,
        n_validation=settings.instances.validation,
        n_test=settings.instances.test,
        cpu_seconds=settings.limits.cpu_seconds,
        memory_bytes=settings.limits.memory_mib * MIB,
        answer_bytes=settings.limits.answer_mib * MIB,
    )


def load_released_task(folder: Path) -> Task:
    """The task in a folder of the paper's released layout; opaque.

    Raises:
        ConfigError: A file is missing or cannot be used.
    """
    found = released_layout.read_released_task(folder, lambda name: _read_text(folder, name))
    return Task(
        name=found.name,
        entry=None,
        summary=found.summary,
        seed_solution=found.seed_solution,
        utility_source=found.utility_source,
        shown_source=found.shown,
        cpu_seconds=released_layout.CPU_SECONDS,
        memory_bytes=released_layout.MEMORY_MIB * MIB,
        is_opaque=True,
        uses_clock=True,
    )


def _load_folder(folder: Path) -> Task:
    """The task in a folder of either layout; `task.toml` decides."""
    if os.path.lexists(folder / "task.toml"):
        return load_task(folder)
    if released_layout.is_released_layout(folder):
        return load_released_task(folder)
    raise _refusal(
        f"the task folder {folder} has neither task.toml nor, as in the paper's released code, {released_layout.SCORER}"
    )


def _read_settings(folder: Path) -> _TaskFile:
    path = folder / "task.toml"
    text = _read_text(folder, "task.toml", MAX_SETTINGS_BYTES)
    try:
        return _TaskFile.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise _refusal(f"{path} is not valid TOML: {error}") from None
    except pydantic.ValidationError as error:
        raise _refusal(f"{path}: {_complaint(error)}") from None
    except RecursionError:
        raise _refusal(f"{path} is nested too deeply") from None
    except ValueError as error:  # a whole number of thousands of digits
        raise _refusal(f"{path} cannot be read: {error}") from None


def _complaint(error: pydantic.ValidationError) -> str:
    try:
        return first_complaint(error, as_flag=False)
    except ValueError:
        return "a whole number has too many digits"


def _read_text(folder: Path, name: str, max_bytes: int = MAX_PROGRAM_BYTES) -> str:
    path = folder / name
    try:
        # Links are followed within the folder only: the model is shown what these files say.
        if folder.parent != BUNDLED_TASKS and not path.resolve().is_relative_to(folder.resolve()):
            raise _refusal(f"{path} leads out of the task's folder; put a copy of the file there")
        return read_file(path, max_bytes=max_bytes, errors="strict")
    except FileNotFoundError:
        raise _refusal(f"the task folder {folder} has no {name}") from None
    except OSError as error:
        raise _refusal(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RuntimeError) as error:  # no text, a null character in the path; links that lead in a circle
        raise _refusal(f"{path} cannot be read: {error}") from None


def _refusal(message: str) -> ConfigError:
    """Returns an error of one line; paths, and keys in a file, may hold anything."""
    line = printable(message).replace("\n", "\\n").replace("\t", "\\t")
    return ConfigError(
        line if len(line) <= LONGEST_MESSAGE else f"{line[: LONGEST_MESSAGE // 2]} ... {line[-LONGEST_MESSAGE // 4 :]}"
    )


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
        return replace(_load_folder(Path(name)), folder=os.path.abspath(name))  # noqa: PTH100 - keeps symbolic links
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
