"""`runs`, `show`, `export`, `plot`: what is recorded."""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from selftaught.again.export import export_recording
from selftaught.analysis.curves import members_of, read_curves, series_document
from selftaught.analysis.plots import plot_curves, plot_rounds
from selftaught.analysis.run_ledger import Level, figures_by_model, ledger_of
from selftaught.cli.again import print_replay
from selftaught.cli.audit import MOST_PROGRAMS, print_bypass
from selftaught.cli.compare import print_comparison
from selftaught.cli.curves import print_series
from selftaught.cli.ledger import print_ledgers
from selftaught.cli.output import (
    figure,
    print_caveats,
    print_json,
    print_violations,
    recalling,
    stdout_console,
    untrusted,
    verdict_lines,
    writing,
)
from selftaught.cli.parameters import Json, StorePath, store_location, store_to_read
from selftaught.cli.prompts import show_prompts
from selftaught.cli.run import print_improvement, print_transfer
from selftaught.cli.stores import open_store
from selftaught.errors import ConfigError
from selftaught.settings import DEFAULT_STORE, UNSANDBOXED
from selftaught.source import one_line, unified_diff
from selftaught.store import RoundRecord, RunRecord, RunSummary, Store
from selftaught.violations import violations_document


def runs(*, store: StorePath = None, json: Json = False) -> int:
    """List the recorded runs, the newest first."""
    location = store_location(store)
    summaries: list[RunSummary] = []
    if store is not None or location != DEFAULT_STORE or Path(DEFAULT_STORE).exists():
        with open_store(store_to_read(store), read_only=True) as records:
            summaries = records.runs()
    if json:
        print_json([_summary(summary) for summary in summaries])
        return 0
    console = stdout_console()
    if not summaries:
        console.print("No run is recorded yet; `selftaught run dispatch` makes one.")
    for summary in summaries:
        tasks = ",".join(summary.config.get("tasks", []))
        line = (
            f"{summary.run_id}  {summary.status:11}  {_kind(summary)} {tasks}  "
            f"{_models(summary)}  rng-seed {summary.config.get('rng_seed', '')}"
            f"{'  in ' + summary.config['series'] if 'series' in summary.config else ''}"
            f"{'  ' + UNSANDBOXED if summary.isolation == 'unsandboxed' else ''}"
            f"{'  ' + summary.message if summary.message else ''}"
        )
        console.print(untrusted(line))
    return 0


def _kind(summary: RunSummary) -> str:
    kind = str(summary.config.get("kind", ""))
    return f"{kind} of {summary.config['runs']} runs" if kind == "series" else kind


def _models(run: RunSummary) -> str:
    inner = run.config.get("inner_model")
    return f"{run.config.get('model', '')}{f' with {inner} inside' if inner is not None else ''}"


def _summary(summary: RunSummary) -> dict[str, Any]:
    return {
        "run_id": summary.run_id,
        "kind": summary.config.get("kind"),
        "task": ",".join(summary.config.get("tasks", [])),
        "model": summary.config.get("model"),
        "inner_model": summary.config.get("inner_model"),
        "rng_seed": summary.config.get("rng_seed"),
        "status": summary.status,
        "message": summary.message,
        "isolation": summary.isolation,
        "rounds": summary.rounds,
        "series": summary.config.get("series"),
        "runs_asked": summary.config.get("runs"),
        "created_at": summary.created_at.isoformat(),
        "finished_at": summary.finished_at.isoformat() if summary.finished_at else None,
    }


def show(
    run: str,
    *,
    prompts: bool = False,
    of: str = "",
    full: bool = False,
    ledger: bool = False,
    level: Level = "improver",
    store: StorePath = None,
    json: Json = False,
) -> int:
    """Show a run: rounds, lineage, and what changed in the improver; of a series, what its runs come to.

    Of what improve, transfer, compare, replay and audit --bypass recorded, what they printed.

    Args:
        run: The run's id, or its beginning; `selftaught runs` lists them.
        prompts: Show what was sent to the model, the engine's own words included, and what came back.
        of: With --prompts: only those of one improvement and what belongs to it, as in round-1.
        full: With --prompts: show all, each whole; by default the first few, cut. With --json all is there anyway.
        ledger: Show what each part of the run used and spent instead.
        level: How far down the ledger goes on the screen; with --json it always goes down to the calls.
    """
    if not prompts and (of or full):
        raise ConfigError(f"--{'of' if of else 'full'} is for --prompts; add that, or leave it out")
    with open_store(store_to_read(store), read_only=True) as records:
        record = records.run(run)
        if prompts:
            show_prompts(records, record, of=of, full=full, json=json)
            return 0
        if ledger:
            _show_ledger(records, record, level, json)
            return 0
        if record.config.get("kind") == "series":
            _show_series(records, record, json)
            return 0
        notices = records.notices(record.run_id)
        if json:
            told = [{"kind": notice.kind, "detail": notice.detail, "at": str(notice.created_at)} for notice in notices]
            print_json({**_summary(record), **(record.result or {}), "notices": told})
            return 0
        if record.result is None or not _print_result(records, record):
            _print_run(records, record)
        for notice in notices:
            line = f"{notice.created_at:%Y-%m-%d %H:%M:%S} {notice.kind}: {notice.detail}"
            stdout_console().print(untrusted(one_line(line)), soft_wrap=True)
        if record.status == "interrupted":
            again = recalling(f"selftaught resume {record.run_id}", records.location)
            stdout_console().print(f"It can go on where it ended: {again}")
    return 0


def _show_ledger(records: Store, record: RunRecord, level: Level, json: bool) -> None:
    """Nothing; shows the ledger of a run, or of each run of a series."""
    members = members_of(record, records)
    ledgers = [(ledger_of(member, records), figures_by_model(member, records)) for member in members]
    if not json:
        print_ledgers(ledgers, level)
        print_caveats({"opaque": record.opaque, **(record.result or {}), "isolation": record.isolation})
        return
    documents = [
        {
            **_summary(member),
            "ledger": ledger.document(),
            "models": {model: figures.document() for model, figures in by_model.items()},
        }
        for member, (ledger, by_model) in zip(members, ledgers, strict=True)
    ]
    is_series = record.config.get("kind") == "series"
    print_json({**_summary(record), "runs": documents} if is_series else documents[0])


def _print_result(records: Store, record: RunRecord) -> bool:
    """Whether it was no run of the recursion, and its result is printed as by the command that made it."""
    document = {**_summary(record), **(record.result or {})}
    match record.config.get("kind"):
        case "improve":
            print_improvement(document, None, records.location)
        case "transfer":
            print_transfer(document)
        case "compare":
            print_comparison(document)
        case "bypass":
            print_bypass(document, records.location, MOST_PROGRAMS)
        case "replay":
            print_replay(document, records.location)
        case _:
            return False
    return True


def _show_series(records: Store, record: RunRecord, json: bool) -> None:
    document = series_document(record, records)
    if json:
        print_json({**_summary(record), **document})
        return
    if record.status != "finished":
        state = {
            "running": "is still running",
            "interrupted": "was interrupted",
            "failed": f"failed: {record.message}",
        }[record.status]
        stdout_console().print(untrusted(f"This series {state}; what was finished of it:"))
    print_series(document, records.location)


def _print_run(records: Store, record: RunRecord) -> None:
    console = stdout_console()
    console.print(untrusted(f"{record.run_id}: {record.status}{f' ({record.message})' if record.message else ''}"))
    tasks = ",".join(record.config.get("tasks", []))
    about = f"{record.config.get('kind')} {tasks}, model {_models(record)}, isolation {record.isolation}"
    console.print(untrusted(about))
    rounds = records.rounds(record.run_id)
    for made in rounds:
        console.print(_round_line(made))
    for made in rounds:
        if made.accepted and made.parent is not None and made.parent != made.improver:
            before, after = records.program(made.parent).source, records.program(made.improver).source
            names = (f"round {made.round - 1} ({made.parent[:12]})", f"round {made.round} ({made.improver[:12]})")
            console.print()
            console.print(untrusted(unified_diff(before, after, *names)), soft_wrap=True)
    violations = violations_document(records.violations(record.run_id))
    if violations:
        console.print()
        print_violations(violations, f"selftaught audit {record.run_id}")
    if record.result is not None and "verdict" in record.result:
        console.print(untrusted(f"\n{verdict_lines(str(record.result['verdict']))}"))
    print_caveats({"opaque": record.opaque, **(record.result or {}), "isolation": record.isolation})


def _round_line(made: RoundRecord) -> str:
    test = f"test {figure(made.test_mean)} ({figure(made.test_low)} to {figure(made.test_high)})"
    lineage = made.improver[:12] if made.parent is None else f"{made.parent[:12]} {_proposal(made)}"
    return f"  round {made.round}  {test}  {lineage}"


def _proposal(made: RoundRecord) -> str:
    """What the improver of a round proposed, and what became of that."""
    if made.candidate is None:
        return "proposed nothing"
    if made.candidate == made.parent:
        return "proposed itself"
    return f"proposed {made.candidate[:12]}, {'accepted' if made.accepted else 'rejected'}"


def export(
    run: str,
    *,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    recording: Path | None = None,
    store: StorePath = None,
    json: Json = False,
) -> int:
    """Write everything that is recorded of a run: one JSON document, or a folder of files; of a series, all its runs.

    Args:
        run: The run's id, or its beginning.
        output: A file that ends in .json, or a folder that does not exist yet; by default RUN.json in this folder.
        recording: Instead of all that: a file for all answers of its model, from which anyone does the same run again
            with `--model replay:FILE`. Compressed if it ends in .gz.
    """
    if recording is not None:
        return _export_recording(run, recording, output, store, json)
    with open_store(store_to_read(store), read_only=True) as records:
        record = records.run(run)
        document = records.export(record.run_id)
        members = members_of(record, records)
        if members != [record]:
            document["series"] = [records.export(member.run_id) for member in members]
    if json:
        print_json(document)
        return 0
    path = output or Path(f"{document['run']['run_id']}.json")
    if path.exists():
        raise ConfigError(f"{path} exists already; name another with --output")
    with writing(path):
        if path.suffix == ".json":
            path.write_text(json_format.dumps(document, indent=1), encoding="utf-8")
        else:
            _write_folder(path, document)
    stdout_console().print(f"Written to {path}.")
    return 0


def _export_recording(run: str, path: Path, output: Path | None, store: str | None, json: bool) -> int:
    if output is not None:
        raise ConfigError("--recording and --output exclude each other; leave one of them out")
    if path.exists():
        raise ConfigError(f"{path} exists already; name another with --recording")
    with open_store(store_to_read(store), read_only=True) as records, writing(path, "--recording"):
        document = export_recording(records.run(run), records, path)
    if json:
        print_json(document)
        return 0
    console = stdout_console()
    console.print(untrusted(f"Written to {path}: what came of {document['requests']:,} requests. To do the run again:"))
    console.print(untrusted(document["command"]), soft_wrap=True)
    return 0


def plot(run: str, *others: str, output: Path | None = None, store: StorePath = None, json: Json = False) -> int:
    """Draw the improvement per round of a run; of series, or of several, the mean over runs.

    Args:
        run: A run or a series; or the beginning of its id.
        others: More of them, on the same task, for the same figure.
        output: A file that ends in .svg, .pdf or .png; by default RUN.svg in this folder.
    """
    with open_store(store_to_read(store), read_only=True) as records:
        record = records.run(run)
        found = read_curves([run, *others], records)
    path = output or Path(f"{record.run_id}.svg")
    with writing(path):
        if len(found) == 1 and record.config.get("kind") == "run":
            plot_rounds(found[0].document["runs"][0], path)
        else:
            plot_curves(found, path)
    if json:
        print_json({"run_id": record.run_id, "runs": [curve.document["run_id"] for curve in found], "file": str(path)})
    else:
        stdout_console().print(f"Written to {path}.")
    return 0


def _write_folder(folder: Path, document: dict[str, Any]) -> None:
    for member in document.get("series", []):
        _write_folder(folder / member["run"]["run_id"], member)
    programs = folder / "programs"
    programs.mkdir(parents=True)
    for program in document["programs"]:
        source = program["source"].encode("utf-8", "surrogatepass")
        (programs / f"{program['sha256']}.py").write_bytes(source)
    for name, rows in document.items():
        if name not in ("programs", "series"):
            (folder / f"{name}.json").write_text(json_format.dumps(rows, indent=1), encoding="utf-8")
