"""Models, improvers and stores by the names that a person gives them."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from selftaught.errors import ConfigError
from selftaught.improver import find_improver
from selftaught.models import find_model, find_unasked
from selftaught.settings import DEFAULT_STORE, CommonSettings, ImproveSettings, RunSettings
from selftaught.store import Store


def check_names(settings: CommonSettings, *, are_asked: bool = True) -> None:
    """Nothing; finds out before a store is opened whether model and improver are names that mean something.

    Args:
        settings: Those of the run.
        are_asked: Whether the models will be; if not, their keys may be missing.

    Raises:
        ConfigError: One does not.
    """
    for name in model_names(settings):
        find_model(name) if are_asked else find_unasked(name)
    if isinstance(settings, ImproveSettings) and not names_a_run(settings.improver):
        find_improver(settings.improver)


def model_names(settings: CommonSettings) -> list[str]:
    """The name of the model, and that of the inner model where there is one."""
    inner = settings.inner_model if isinstance(settings, RunSettings) else None
    return [settings.model, *([inner] if inner is not None else [])]


def names_a_run(improver: str) -> bool:
    """Whether an improver is named by a run, or by `RUN:round`, and so only a store can tell which it is."""
    if improver.startswith("r-"):
        return not os.path.isfile(improver)  # noqa: PTH113 - a name that no file can have is no error here
    run, _, number = improver.rpartition(":")
    return bool(run) and number.isdecimal()


def command_on(location: str, command: str) -> str:
    """A command with what it needs to find the store at `location`, as it can be copied from the screen."""
    usual = Path(os.environ.get("SELFTAUGHT_STORE") or DEFAULT_STORE).absolute()
    return command if Path(location) == usual else f"{command} --store {shlex.quote(location)}"


def resume_command(run_id: str, store: Store) -> str:
    """What a person types to go on with a run."""
    return command_on(store.location, f"selftaught resume {run_id}")


def resolve_improver(name: str, store: Store) -> str:
    """The source of an improver named by a bundled name, a file, a run (its last round) or `RUN:round`.

    Raises:
        ConfigError: There is none of that name.
    """
    if not names_a_run(name):
        return find_improver(name)
    run, _, number = name.rpartition(":")
    record = store.run(run if number.isdecimal() else name)
    improvers = {made.round: made.improver for made in store.rounds(record.run_id)}
    if record.config.get("kind") == "series":
        raise ConfigError(
            f"{record.run_id} is a series of runs: name one of them; `selftaught show {record.run_id}` lists them"
        )
    if not improvers:
        raise ConfigError(
            f"{record.run_id} has no round, so no improver (it is of the kind {record.config.get('kind')!r}, "
            f"{record.status}); `selftaught runs` lists what there is"
        )
    wanted = int(number) if number.isdecimal() else max(improvers)
    if wanted not in improvers:
        raise ConfigError(f"run {record.run_id} has no round {wanted}; it has 0 to {max(improvers)}")
    return store.program(improvers[wanted]).source
