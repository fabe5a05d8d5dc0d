"""A `secret_utility.py` written for the paper's released code, run whole beside the candidate that it scores.

Such a scorer imports modules of that code (`helpers`, `config`, `language_model`) and libraries (`pebble`, `tqdm`,
`multiprocess`). What of those makes sense here is provided; the rest can be imported and says so when it is used.
"""

from __future__ import annotations

import inspect
import math
import random
import sys
import threading
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn, Self

import numpy as np

from . import program
from .code_blocks import extract_code
from .messages import Failure
from .thread_pools import ThreadPool

SCORER = "secret_utility.py"
CALLS, RESPONSES = 4, 6
"""The budgets of the released configuration. A scorer may read them; what is enforced, the engine enforces."""
CONFIG = {
    "language_model_call_budget": CALLS,
    "max_responses_per_call": RESPONSES,
    "utility_budget": CALLS * RESPONSES + 1,
    "meta_utility_budget": CALLS * RESPONSES + 1,
    "meta_utility_tests": 5,
    "n_iterations": 6,
    "join_pools": False,
    "use_timeout_in_improver": False,
    "use_language_model_cache": False,
}


def utility_of(candidate: str, files: Mapping[str, str], mode: str, rng_seed: int, wall_seconds: float) -> float:
    """What the scorer among `files` makes of a candidate's text, higher is better.

    Args:
        candidate: The solution.
        files: The texts of a task's folder by name.
        mode: `val` or `test`; a scorer that has no such parameter is not told.
        rng_seed: What the global random generators start from.
        wall_seconds: How long the scorer may take by the clock; without that one that sleeps would be waited for.

    Raises:
        ProgramError: The scorer failed, or gave anything but a finite number.
    """
    _provide_modules(files)
    random.seed(rng_seed)
    np.random.seed(rng_seed % 2**32)
    ended: list[float | program.ProgramError] = []

    def score() -> None:
        try:
            ended.append(_number(_call_scorer(candidate, files[SCORER], mode)))
        except program.ProgramError as error:
            ended.append(error)
        except BaseException as error:  # the scorer's code, or the candidate's, may raise anything  # noqa: BLE001
            ended.append(program.ProgramError(program.failure_of(error, f"{SCORER} failed: ")))

    thread = threading.Thread(target=score, daemon=True)
    thread.start()
    thread.join(wall_seconds)
    if not ended:
        raise _failed("raised", f"took more than {wall_seconds:g} s by the clock")
    if isinstance(ended[0], program.ProgramError):
        raise ended[0]
    return ended[0]


def _call_scorer(candidate: str, scorer: str, mode: str) -> Any:
    try:
        utility = program.load(scorer, "__secret_utility__").get("utility")
    except program.ProgramError as error:
        raise program.ProgramError(
            Failure(outcome=error.failure.outcome, message=f"{SCORER} failed: {error.failure.message}")
        ) from None
    if not callable(utility):
        raise _failed("invalid_source", "does not define the function utility")
    return utility(candidate, mode=mode) if _takes_mode(utility) else utility(candidate)


def _takes_mode(utility: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(utility).parameters.values()
    except (TypeError, ValueError):
        return False
    return any(parameter.name == "mode" or parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)


def _number(value: Any) -> float:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise _failed("bad_output", f"gave {type(value).__name__} instead of a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _failed("bad_output", f"gave {number} instead of a finite number")
    return number


def _failed(outcome: Any, what: str) -> program.ProgramError:
    return program.ProgramError(Failure(outcome=outcome, message=f"{SCORER} {what}"))


def _provide_modules(files: Mapping[str, str]) -> None:
    """Makes what a scorer imports of the released code importable."""

    def read_file_as_str(path: Any) -> str:
        name = Path(path).name
        if name not in files:
            raise FileNotFoundError(2, f"of a task's folder there are {', '.join(sorted(files))}", name)
        return files[name]

    no_process = "processes cannot be started here; threads can"
    helpers = {"extract_code": extract_code, "temp_override": program.function_of, "read_file_as_str": read_file_as_str}
    contents: dict[str, tuple[dict[str, Any], str]] = {
        "helpers": (helpers, "a scorer has no files and no language model here"),
        "language_model": ({}, "a scorer has no language model here"),
        "config": ({"config": dict(CONFIG), "n": RESPONSES, "m": CALLS}, "the configuration is in config['…']"),
        "pebble": ({"ThreadPool": ThreadPool}, no_process),
        "multiprocess": ({}, no_process),
        "tqdm": ({"tqdm": _Silent, "trange": _silent_range}, "there is no terminal here"),
    }
    for name, (offered, why_not) in contents.items():
        sys.modules[name] = _Module(name, offered, why_not)


class _Module(types.ModuleType):
    """A module in place of another: all names can be imported from it, those that it does not offer fail when used."""

    def __init__(self, name: str, offered: dict[str, Any], why_not: str) -> None:
        super().__init__(name)
        self.__dict__.update(offered)
        self._why_not = why_not

    def __getattr__(self, name: str) -> Callable[..., NoReturn]:
        if name.startswith("__"):
            raise AttributeError(name)
        called, why_not = f"{self.__name__}.{name}", self.__dict__["_why_not"]

        def refuse(*_arguments: object, **_keywords: object) -> NoReturn:
            raise NotImplementedError(f"{called} is not to be had: {why_not}")

        return refuse


class _Silent:
    """`tqdm` without a bar."""

    def __init__(self, iterable: Iterable[Any] = (), *_options: object, **_more_options: object) -> None:
        self._iterable = iterable

    def __iter__(self) -> Iterator[Any]:
        return iter(self._iterable)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        return None

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_arguments, **_keywords: None


def _silent_range(*bounds: int, **_options: object) -> _Silent:
    return _Silent(range(*bounds))
