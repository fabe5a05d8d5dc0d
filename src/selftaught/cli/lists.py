"""`tasks`, `improvers`, `doctor`: what there is."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

from selftaught.cli.output import print_json, stdout_console, untrusted
from selftaught.cli.parameters import Json, StorePath, store_to_read
from selftaught.cli.stores import open_store
from selftaught.improver import bundled_improver, bundled_improver_names
from selftaught.sandbox import Diagnosis, diagnose
from selftaught.source import sha256_of
from selftaught.task_definition import BUNDLED_TASKS, bundled_task_names, load_task


def tasks(*, json: Json = False) -> int:
    """List the bundled tasks."""
    listed = []
    for name in bundled_task_names():
        task = load_task(BUNDLED_TASKS / name)
        reference = {"best": task.reference_best, "trivial": task.reference_trivial}
        listed.append(
            {
                "name": task.name,
                "entry": task.entry,
                "summary": task.summary,
                "seed_solution": task.seed_solution,
                "reference": reference,
                "instances": {"validation": task.n_validation, "test": task.n_test},
                "limits": {"cpu_seconds": task.cpu_seconds, "memory_bytes": task.memory_bytes},
            }
        )
    return _show(listed, json)


def improvers(*, json: Json = False) -> int:
    """List the bundled improvers."""
    listed = []
    for name in bundled_improver_names():
        source = bundled_improver(name)
        summary = source.split('"""')[1].strip()
        listed.append({"name": name, "summary": summary, "source": source, "sha256": sha256_of(source)})
    return _show(listed, json)


def doctor(*, store: StorePath = None, json: Json = False) -> int:
    """Say which isolation this machine has, why, and the mend; with --store, whether that store is whole too."""
    diagnosis = asyncio.run(diagnose())
    problems: list[str] | None = None
    if store is not None:
        with open_store(store_to_read(store), read_only=True) as records:
            problems = records.problems()
    if json:
        stated = {} if problems is None else {"store": {"location": store, "problems": problems}}
        print_json({**dataclasses.asdict(diagnosis), **stated})
    else:
        _print_diagnosis(diagnosis)
        _print_problems(store, problems)
    return 0 if diagnosis.mode is not None and not problems else 1


def _print_problems(store: str | None, problems: list[str] | None) -> None:
    if problems is None:
        return
    console = stdout_console()
    console.print(untrusted(f"store: {store}: {'has come to harm' if problems else 'whole'}"))
    for problem in problems:
        console.print(untrusted(f"  {problem}"))
    if problems:
        console.print("mend: go on with a copy that is whole; `selftaught export RUN` saves what can still be read")


def _print_diagnosis(diagnosis: Diagnosis) -> None:
    console = stdout_console()
    console.print(f"isolation: {diagnosis.mode or 'none, programs would be refused'}; workers run as {diagnosis.user}")
    for mode, reason in diagnosis.modes.items():
        console.print(f"  mode {mode:9} {'can be had' if reason is None else f'cannot be had: {reason}'}")
    for layer in diagnosis.layers:
        console.print(f"  {layer.name:14} {'works' if layer.works else 'does not work'}: {layer.reason}")
    for attempt in diagnosis.attacks:
        if attempt.reached:
            console.print(f"  attack reached its goal: {attempt.name}: {attempt.detail}")
    if diagnosis.mend is not None:
        console.print(f"mend: {diagnosis.mend}")


def _show(listed: list[dict[str, Any]], json: bool) -> int:
    if json:
        print_json(listed)
        return 0
    console = stdout_console()
    width = max((len(item["name"]) for item in listed), default=0)
    for item in listed:
        console.print(f"{item['name']:{width}}  {item['summary']}")
    return 0
