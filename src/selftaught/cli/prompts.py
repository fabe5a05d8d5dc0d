"""`show --prompts`: what a run sent to its models, and what came back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from selftaught.cli.output import print_caveats, print_json, stdout_console, untrusted
from selftaught.errors import ConfigError
from selftaught.source import nearest, one_line
from selftaught.store import ModelCallRecord, RunRecord, Store

MOST_CALLS = 5
MOST_LINES = 40
MOST_CHARACTERS = 4_000
MOST_ANSWER_CHARACTERS = 100


def show_prompts(records: Store, record: RunRecord, *, of: str, full: bool, json: bool) -> None:
    """Nothing; prints the calls of a run, in the order in which they were answered.

    Args:
        records: Where the run is recorded.
        record: The run.
        of: Whose calls are shown: an improvement, with those that were made to value what it proposed; empty for all.
        full: Show all calls, each whole; otherwise the first few, cut.
        json: Print one document, in which everything is whole.

    Raises:
        ConfigError: It is a series, or has no such improvement.
    """
    if record.config.get("kind") == "series":
        raise ConfigError(
            f"{record.run_id} is a series of runs: name one of them; `selftaught show {record.run_id}` lists them"
        )
    improvements = {made.id: made for made in records.improvements(record.run_id)}
    if of and not any(_is_of(made.path, of) for made in improvements.values()):
        names = sorted({made.path.partition("/")[0] for made in improvements.values()})
        raise ConfigError(f"{record.run_id} has no improvement {of!r:.200}{nearest(of, names)}")
    calls = [
        (improvements[call.improvement_id].path, call)
        for call in records.model_calls(record.run_id)
        if call.improvement_id is not None and _is_of(improvements[call.improvement_id].path, of)
    ]
    if json:
        print_json({"run_id": record.run_id, "prompts": [_document(name, call) for name, call in calls]})
        return
    for line in _lines(calls, full):
        stdout_console().print(untrusted(line), soft_wrap=True)
    models = {name: record.config.get(name) for name in ("model", "inner_model")}
    print_caveats({"isolation": record.isolation, **models})


def _is_of(name: str, of: str) -> bool:
    """Whether an improvement is the one that is meant, or belongs to it."""
    return not of or name == of or name.startswith(f"{of.rstrip('/')}/")


def _document(name: str, call: ModelCallRecord) -> dict[str, Any]:
    return {
        "improvement": name,
        "model": call.model,
        "system_message": call.expertise,
        "message": call.message,
        "n_responses": call.n_responses,
        "temperature": call.temperature,
        "ordinal": call.ordinal,
        "answers": list(call.answers),
        "seconds": call.seconds,
    }


def _lines(calls: Sequence[tuple[str, ModelCallRecord]], full: bool) -> Iterator[str]:
    """What is shown, in pieces of a prompt each."""
    shown = calls if full else calls[:MOST_CALLS]
    for number, (name, call) in enumerate(shown, 1):
        yield "\n".join([f"prompt {number:,} of {len(calls):,}: {_about(name, call)}", *_texts(call, full), ""])
    left_out = len(calls) - len(shown)
    if not calls:
        yield "No model was asked."
    elif left_out:
        yield f"And {left_out:,} more prompts; --full shows everything, --of NAME one improvement, as in --of round-1."
    elif not full:
        yield "Long texts are cut; --full shows everything."


def _about(name: str, call: ModelCallRecord) -> str:
    answers = f"{call.n_responses} answer{'' if call.n_responses == 1 else 's'}"
    about = f"{name}, to {call.model}, temperature {call.temperature:g}, {answers}, {call.seconds:.1f} s"
    return one_line(about)


def _texts(call: ModelCallRecord, full: bool) -> Iterator[str]:
    yield from _text("system message", call.expertise, full)
    yield from _text("message", call.message, full)
    for place, answer in enumerate(call.answers, 1):
        if full:
            yield from _text(f"answer {place}", answer, full)
        else:
            yield f"  answer {place} ({len(answer):,} characters): {_in_short(answer)}"


def _text(title: str, text: str, full: bool) -> Iterator[str]:
    lines = text.splitlines() or [""]
    kept = lines if full else text[:MOST_CHARACTERS].splitlines()[:MOST_LINES] or [""]
    yield f"  {title} ({len(text):,} characters):"
    for line in kept:
        yield f"  | {line}"
    if len(kept) < len(lines):
        yield f"  … {len(lines) - len(kept):,} more lines"
    elif kept != lines:
        yield "  … the rest of the line"


def _in_short(answer: str) -> str:
    line = " ".join(answer.split())
    return line if len(line) <= MOST_ANSWER_CHARACTERS else f"{line[:MOST_ANSWER_CHARACTERS]}…"
