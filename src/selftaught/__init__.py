"""The Self-Taught Optimizer as software that people use. Importing has no effect; names load when first used.

import selftaught as st

run = st.stop("dispatch", model="gp", rounds=4, rng_seed=0)
print(run.improver.source)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from selftaught._version import __version__
from selftaught.errors import (
    BudgetExceeded,
    ConfigError,
    LanguageModelError,
    Outcome,
    SandboxError,
    SelfTaughtError,
    StoreError,
    TaskError,
    Violation,
)

if TYPE_CHECKING:
    from selftaught.api import (
        Improver,
        Run,
        Series,
        Transfer,
        evaluate,
        improve,
        replay,
        resume,
        series,
        stop,
        transfer,
    )
    from selftaught.python_task import task, task_from_callable, task_from_functions
    from selftaught.settings import RunSettings
    from selftaught.task_definition import Task, find_task

_LOADED_WHEN_USED = {
    "Improver": "selftaught.api",
    "Run": "selftaught.api",
    "RunSettings": "selftaught.settings",
    "Series": "selftaught.api",
    "Task": "selftaught.task_definition",
    "Transfer": "selftaught.api",
    "evaluate": "selftaught.api",
    "find_task": "selftaught.task_definition",
    "improve": "selftaught.api",
    "replay": "selftaught.api",
    "resume": "selftaught.api",
    "series": "selftaught.api",
    "stop": "selftaught.api",
    "task": "selftaught.python_task",
    "task_from_callable": "selftaught.python_task",
    "task_from_functions": "selftaught.python_task",
    "transfer": "selftaught.api",
}

__all__ = [
    "BudgetExceeded",
    "ConfigError",
    "Improver",
    "LanguageModelError",
    "Outcome",
    "Run",
    "RunSettings",
    "SandboxError",
    "SelfTaughtError",
    "Series",
    "StoreError",
    "Task",
    "TaskError",
    "Transfer",
    "Violation",
    "__version__",
    "evaluate",
    "find_task",
    "improve",
    "replay",
    "resume",
    "series",
    "stop",
    "task",
    "task_from_callable",
    "task_from_functions",
    "transfer",
]


def __getattr__(name: str) -> Any:
    if name in _LOADED_WHEN_USED:
        return getattr(importlib.import_module(_LOADED_WHEN_USED[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
