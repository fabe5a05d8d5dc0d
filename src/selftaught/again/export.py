"""A recording of a run: its answers in one file, with what they belong to."""

from __future__ import annotations

from pathlib import Path

from selftaught.again.recorded import improvers_of, models_of, settings_of
from selftaught.again.replay import check_replayable
from selftaught.models.answers_on_record import AnswersOnRecord
from selftaught.models.recording import Header, RecordedBudget, RecordedInfo, write_recording
from selftaught.models.replay_file import NOT_ASKED_BY, command_of
from selftaught.recorded_run import Document
from selftaught.source import sha256_of
from selftaught.store import RunRecord, Store
from selftaught.store.documents import escape


def export_recording(record: RunRecord, store: Store, path: Path) -> Document:
    """What was written, after all answers of a run were, to a file that does not exist yet.

    Raises:
        ConfigError: There is no whole run to make a recording of.
        OSError: The file cannot be written.
    """
    check_replayable(record, store)
    came_to = dict(AnswersOnRecord(store, record.run_id).all())
    header = _header(record, store, n_requests=len(came_to))
    write_recording(path, header, sorted(came_to.items(), key=lambda item: item[0]))
    return {
        "run_id": record.run_id,
        "file": str(path),
        "requests": len(came_to),
        "bytes": path.stat().st_size,
        "command": command_of(header, path),
    }


def _header(record: RunRecord, store: Store, *, n_requests: int) -> Header:
    models = models_of(record)
    settings = settings_of(record).model_dump()
    infos = [RecordedInfo(**vars(model.info)) for model in models]
    return Header(
        version=1,
        made_by=f"selftaught {record.versions.get('selftaught')}",
        run_id=record.run_id,
        kind=record.config["kind"],
        models=infos,
        improvement_budget=RecordedBudget(**vars(models[-1].improvement_budget)),
        meta_budget=RecordedBudget(**vars(models[0].meta_budget)),
        settings={
            name: escape(value) if isinstance(value, str) else value
            for name, value in settings.items()
            if name not in NOT_ASKED_BY
        },
        tasks={str(name): str(sha256) for name, sha256 in record.versions["tasks"].items()},
        improvers={escape(part): sha256_of(source) for part, source in improvers_of(record, store).items()},
        requests=n_requests,
    )
