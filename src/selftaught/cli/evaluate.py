"""`evaluate`: one solution, measured."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Literal

from selftaught.cli.output import figure, print_caveats, print_json, print_violations, stdout_console, untrusted
from selftaught.cli.parameters import Json
from selftaught.errors import ConfigError
from selftaught.recorded_run import Document
from selftaught.settings import CommonSettings, IsolationMode, checked_settings
from selftaught.single import evaluate as evaluate_once
from selftaught.source import read_file
from selftaught.task_definition import find_task


def evaluate(
    task: str,
    solution: Path,
    *,
    split: Literal["validation", "test"] = "test",
    rng_seed: int | None = None,
    isolation: IsolationMode = "auto",
    unsafe_no_isolation: bool = False,
    json: Json = False,
) -> int:
    """Measure a solution on a draw of instances of a task.

    Args:
        task: A bundled task or a task folder.
        solution: The file with the solution.
        split: Which split to draw from.
        rng_seed: Which draw; by default one that the solution cannot guess.
        isolation: How the solution is isolated: the strongest that works here, or one that you insist on.
        unsafe_no_isolation: Run the solution with your own rights.
    """
    found = find_task(task)
    try:
        source = read_file(solution, errors="surrogateescape")
    except OSError as error:
        raise ConfigError(f"the solution {solution} cannot be read: {error.strerror}") from None
    drawn = {} if rng_seed is None else {"rng_seed": rng_seed}
    settings = checked_settings(CommonSettings, isolation=isolation, unsafe_no_isolation=unsafe_no_isolation, **drawn)
    document = asyncio.run(evaluate_once(found, source, split, settings))
    if json:
        print_json(document)
    else:
        _print(document)
    return 0 if document["outcome"] == "ok" else 1


def _print(document: Document) -> None:
    console = stdout_console()
    if document["outcome"] == "ok":
        spread = f"{figure(document['low'])} to {figure(document['high'])} over {document['n']} instances"
        console.print(
            f"{document['task']}, {document['split']} split: {figure(document['value'])} "
            f"({spread if document['n'] > 1 else 'one instance, so no interval'}; rng-seed {document['rng_seed']})"
        )
    else:
        console.print(untrusted(f"{document['task']}: no value, {document['outcome']}: {document['message']}"))
    print_caveats(document)
    print_violations(document["violations"])
