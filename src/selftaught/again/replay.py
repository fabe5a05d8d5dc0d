"""Replay: the whole run again without its model, everything measured anew, and whether the same came of it.

What the model answered is on record; what programs are worth is not taken from there. So a replay shows that a run's
figures follow from its answers, and which do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from selftaught.again.carry_out import carry_out
from selftaught.again.differences import compare_runs
from selftaught.again.recorded import RecordedModel, improvers_of, kind_of, models_of, settings_of, tasks_of
from selftaught.errors import ConfigError
from selftaught.models import LanguageModel, ModelContext, ModelMaker
from selftaught.models.answers_on_record import AnswersOnRecord
from selftaught.models.replay import AnswerMissing, ReplayModel
from selftaught.names import resume_command
from selftaught.progress import Progress
from selftaught.recorded_run import Again, Document, IsReplayed, said_of
from selftaught.settings import ReplaySettings
from selftaught.store import RunRecord, Store
from selftaught.task_definition import Task


async def replay(
    record: RunRecord, store: Store, progress: Progress, settings: ReplaySettings, *, tasks: Sequence[Task] = ()
) -> Document:
    """The document of a replay: whether it came to the same, where it did not, and its own figures.

    Args:
        record: The run.
        store: Where it is, and where the replay is recorded as a run of its own.
        progress: What a person is shown of it.
        settings: How it is done.
        tasks: Its tasks, where they are not found where they were.

    Raises:
        ConfigError: It cannot be replayed.
        SelfTaughtError: The work failed for a reason that is not the run's.
    """
    check_replayable(record, store)
    asked_for = settings_of(record, **settings.given())
    found = tasks_of(record, tasks)
    replaying = _Replaying(record=record, store=store)
    again = Again(
        record=record,
        improvers=improvers_of(record, store),
        how=IsReplayed(makers=replaying.makers(), on_open=replaying.opened, conclude=replaying.concluded),
    )
    try:
        return await carry_out(found, asked_for, store, progress, again)
    except AnswerMissing as missing:
        document = {**replaying.concluded(replaying.run_id, {}), "same": False, "ended": str(missing)}
        store.finish_run(replaying.run_id, status="failed", message=str(missing), result=document)
        await store.committed()
        return document


def check_replayable(record: RunRecord, store: Store) -> None:
    """Nothing, if there is a whole run to replay.

    Raises:
        ConfigError: There is not; one sentence with the mend.
    """
    kind_of(record)
    if record.status == "running":
        raise ConfigError(f"{record.run_id} is still running: replay it when it is finished")
    if record.status != "finished":
        raise ConfigError(
            f"{record.run_id} is not finished ({record.status}: {record.message}), so its answers end before it does: "
            f"`{resume_command(record.run_id, store)}` goes on with it"
        )


@dataclass(kw_only=True)
class _Replaying:
    """A replay under way."""

    record: RunRecord
    store: Store
    run_id: str = ""

    def makers(self) -> list[ModelMaker]:
        """How what answers is made, in place of each of the run's models."""
        answers = AnswersOnRecord(self.store, self.record.run_id)
        return [partial(_model, model, answers) for model in models_of(self.record)]

    def opened(self, run_id: str) -> None:
        """Notes the id of the run that does it again."""
        self.run_id = run_id

    def concluded(self, run_id: str, document: Document) -> Document:
        """What is recorded of the replay."""
        now = self.store.run(run_id)
        comparison = compare_runs(self.record, now, document, self.store)
        return {
            "run_id": run_id,
            "kind": "replay",
            "of": self.record.run_id,
            "of_kind": now.config["of_kind"],
            "task": ",".join(now.config["tasks"]),
            **said_of([model.info for model in models_of(self.record)]),
            "isolation": now.isolation,
            "opaque": now.opaque,
            "rng_seed": now.config["rng_seed"],
            **comparison.document(),
            "ended": "",
            "document": document,
        }


def _model(model: RecordedModel, answers: AnswersOnRecord, _: ModelContext) -> LanguageModel:
    return ReplayModel(answers, model.info, improvement_budget=model.improvement_budget, meta_budget=model.meta_budget)
