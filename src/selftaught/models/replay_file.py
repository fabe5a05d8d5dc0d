"""`replay:FILE`, the model of a recording: answers what the file answers, anywhere, also without a network.

What it is called and whether it is a language model is what the recording says: one of `gp` is still none.
"""

from __future__ import annotations

import os
import shlex
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from selftaught.budget import Budget
from selftaught.errors import ConfigError
from selftaught.models.answers_on_record import AskedBy, CameTo, samples_for
from selftaught.models.context import ModelContext, ModelMaker
from selftaught.models.language_model import LanguageModel, ModelInfo, Request
from selftaught.models.recording import Header, RecordedBudget, RecordedInfo, read_header, read_recording
from selftaught.models.replay import Refused, ReplayModel
from selftaught.settings import SETTINGS_OF_KIND, ModelSettings
from selftaught.source import one_line, printable

REPLAY_INFO = ModelInfo(
    name="replay:FILE",
    summary="answers of the recording FILE, which `export --recording` made: no key, no network",
    is_language_model=True,
    version="1",
    notice="The answers came from a recording: what gave them is what the file says.",
)

NOT_ASKED_BY = frozenset(
    {*ModelSettings.model_fields, "model", "inner_model", "workers", "isolation", "unsafe_no_isolation"}
)
"""Settings on which no request depends, but by the model that answers."""


class Recording:
    """The answers of a recording."""

    def __init__(self, path: Path, header: Header, came_to: Mapping[AskedBy, CameTo]) -> None:
        self._path = path
        self._header = header
        self._came_to = came_to
        self._in_place: dict[tuple[str, str, int], list[CameTo]] = defaultdict(list)
        for asked, answers in came_to.items():
            self._in_place[_place(asked)].append(answers)

    def find(self, request: Request) -> Sequence[str] | Refused | None:
        """The text of each sample for each message, in order; or that it was refused; None where nothing is known.

        An improver that is not in the recording gets what others got in its place, if they all got the same.
        """
        asked = AskedBy.of(request)
        came_to = self._came_to.get(asked)
        in_place = self._in_place.get(_place(asked), [])
        if came_to is None and in_place and all(other == in_place[0] for other in in_place):
            came_to = in_place[0]
        return samples_for(request, came_to)

    def why_missing(self, request: Request) -> str:
        """Why nothing is known of a request, in one sentence with the mend."""
        return one_line(
            f"the recording {self._path} has no answer for what {request.scope or 'an improver'} asks: it answers the "
            f"run that it is of, from the same programs and settings; type: {command_of(self._header, self._path)}"
        )


def _place(asked: AskedBy) -> tuple[str, str, int]:
    return asked.scope, asked.request_sha256, asked.ordinal


def command_of(header: Header, path: Path) -> str:
    """The command that asks for exactly what is in a recording. Names of improvers mean what they meant then."""
    tasks = ",".join(header.tasks)
    improvers = list(header.improvers)
    about = {
        "run": [tasks],
        "improve": [tasks],
        "transfer": ["IMPROVER", "--tasks", tasks],
        "compare": ["--improvers", ",".join(improvers), "--tasks", tasks],
    }[header.kind]
    words = ["selftaught", header.kind, *about, "--model", f"replay:{path}"]
    if len(header.models) > 1:
        words += ["--inner-model", f"replay:{path}"]
    fields = SETTINGS_OF_KIND[header.kind].model_fields
    for name, value in header.settings.items():
        if name in NOT_ASKED_BY or name not in fields or value is None or value == fields[name].default:
            continue
        words += [f"--{name.replace('_', '-')}", *([] if value is True else [str(value)])]
    return " ".join(shlex.quote(printable(word)) for word in words)


def replay_maker(name: str, argument: str) -> ModelMaker:
    """How to make the model of the recording that a person means.

    Raises:
        ConfigError: There is no such recording, or it cannot be used.
    """
    if not argument.strip():
        raise ConfigError("replay: needs a file, as in replay:FILE; `selftaught export RUN --recording FILE` makes one")
    path = Path(os.path.expanduser(argument))  # noqa: PTH111 - a name that no home has stays as it is
    read_header(path)

    def make(context: ModelContext) -> LanguageModel:
        header, came_to = read_recording(path)
        _check_fit(header, path, context)
        return ReplayModel(
            Recording(path, header, came_to),
            _info(header.models[-1 if context.is_inner else 0]),
            improvement_budget=_budget(header.improvement_budget),
            meta_budget=_budget(header.meta_budget),
        )

    return make


def _check_fit(header: Header, path: Path, context: ModelContext) -> None:
    """Nothing, if the recording may have the answers to what a run asks; found out before the run begins.

    Raises:
        ConfigError: It cannot have them.
    """
    made_with = header.settings.get("rng_seed")
    if made_with != context.rng_seed:
        raise ConfigError(
            one_line(
                f"the recording {path} was made with --rng-seed {made_with} and answers no other; "
                f"type: {command_of(header, path)}"
            )
        )
    for task, sha256 in context.tasks.items():
        if header.tasks.get(task, sha256) != sha256:
            raise ConfigError(
                one_line(
                    f"the task {task} is not the one that the recording {path} was made with (sha256 "
                    f"{header.tasks[task][:12]} there, {sha256[:12]} here), so it has no answers for it: "
                    "use the task as it was"
                )
            )


def _info(said: RecordedInfo) -> ModelInfo:
    return ModelInfo(
        name=said.name,
        summary=said.summary,
        is_language_model=said.is_language_model,
        version=said.version,
        notice=f"{said.notice} {REPLAY_INFO.notice}" if said.notice else REPLAY_INFO.notice,
    )


def _budget(recorded: RecordedBudget) -> Budget:
    return Budget(calls=recorded.calls, responses=recorded.responses, utility_calls=recorded.utility_calls)
