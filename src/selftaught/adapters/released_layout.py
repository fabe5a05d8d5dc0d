"""Task folders as the paper's released code has them: `tasks/NAME/` of https://github.com/microsoft/stop.

`utility.py` is what the language model is shown, `secret_utility.py` is what scores, `seed_algorithm.py` is the program
to start from. The scorer takes a solution's text and returns a number, so it can only run whole, beside the candidate:
such a task is opaque. `worker/released_layout.py` is what it meets there, `docs/published-code.md` what differs.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SHOWN, SCORER, SEED = "utility.py", "secret_utility.py", "seed_algorithm.py"
CPU_SECONDS = 60.0
"""For one use of the utility; the released scorers call a candidate 10 to 100 times, with 0.1 to 2 s for each call."""
WALL_SECONDS = 120.0
MEMORY_MIB = 512
MAX_NAME_CHARACTERS = 40

_FRAME = """
FILES = {files!r}
WALL_SECONDS = {wall_seconds!r}
MODES = {{"validation": "val"}}  # whatever else is measured, is measured on the other instances that there are

Answer = float


def instances(split, rng, n):
    return [((MODES.get(split, "test"), rng.getrandbits(32)), None) for _ in range(n)]


def drive(candidate, mode, rng_seed):
    from selftaught.worker.released_layout import utility_of

    return utility_of(candidate, FILES, mode, rng_seed, WALL_SECONDS)


def score(arguments, hidden, answer):
    return answer
"""


@dataclass(frozen=True, kw_only=True)
class ReleasedTask:
    """A folder in the released layout, as a `Task` has it.

    Attributes:
        name: The folder's name, and `_released`, so that it is not taken for a bundled task.
        summary: One line for lists.
        seed_solution: What `seed_algorithm.py` says.
        shown: What `utility.py` says.
        utility_source: The scorer in a frame that runs it beside a candidate.
    """

    name: str
    summary: str
    seed_solution: str
    shown: str
    utility_source: str


def is_released_layout(folder: Path) -> bool:
    """Whether a folder has one of the two files that only this layout has."""
    return any(os.path.lexists(folder / name) for name in (SCORER, SEED))


def read_released_task(folder: Path, read: Callable[[str], str]) -> ReleasedTask:
    """The task in a folder of this layout; `read` gives the text of a file in it, or raises."""
    files = {name: read(name) for name in (SHOWN, SCORER, SEED)}
    name = _name_of(folder)
    return ReleasedTask(
        name=f"{name}_released",
        summary=f"{name}, scored by its own code, in the layout of the paper's released code",
        seed_solution=files[SEED],
        shown=files[SHOWN],
        utility_source=_FRAME.format(files=files, wall_seconds=WALL_SECONDS),
    )


def _name_of(folder: Path) -> str:
    words = re.sub(r"[^a-z0-9]+", "_", folder.resolve().name.lower()).strip("_")[:MAX_NAME_CHARACTERS]
    return words if words[:1].isalpha() else f"task_{words}".rstrip("_")
