"""What goes to stdout and stderr. Text from untrusted programs is escaped before a person sees it."""

from __future__ import annotations

import contextlib
import errno
import json
import math
import os
import shutil
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from selftaught.errors import ConfigError, SelfTaughtError
from selftaught.ledger import usd
from selftaught.models import model_info
from selftaught.names import command_on
from selftaught.settings import UNSANDBOXED
from selftaught.source import one_line, printable

SCREEN_COLUMNS = 80


def stdout_console() -> Console:
    """A console for results."""
    return Console(file=sys.stdout, highlight=False, markup=False, emoji=False, soft_wrap=not sys.stdout.isatty())


def stderr_console() -> Console:
    """A console for progress."""
    return Console(file=sys.stderr, highlight=False, markup=False, emoji=False, soft_wrap=not sys.stderr.isatty())


def check_writable(path: Path) -> None:
    """Nothing, if a file can be made at `path`; asked before anything is spent on what goes into it.

    Raises:
        ConfigError: Its folder is not there, or not ours to write.
    """
    if path.is_dir() or not os.access(path.parent, os.W_OK | os.X_OK):
        raise ConfigError(f"{path} cannot be written; name a file in a folder that can be, with --output")


@contextlib.contextmanager
def writing(path: Path, flag: str = "--output") -> Iterator[None]:
    """Nothing; within it, what the disk refuses is one sentence, and of a new file or folder nothing is left then.

    Raises:
        ConfigError: It could not be written.
        SelfTaughtError: There is no room for it.
    """
    is_new = not os.path.lexists(path)
    try:
        yield
    except OSError as error:
        if is_new and not isinstance(error, FileExistsError):  # then it is somebody else's
            _remove(path)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):  # the call was right
            mend = f"free some space on its disk, or name another with {flag}"
            raise SelfTaughtError(f"{path} cannot be written: {error.strerror}; {mend}") from None
        raise ConfigError(f"{path} cannot be written: {error.strerror or error}; name another with {flag}") from None


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
        return
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def recalling(command: str, location: str) -> str:
    """A command that finds what is in the store at `location`, for a sentence."""
    return f"`{command_on(location, command)}`"


def print_json(document: Any) -> None:
    """Nothing; prints one document to stdout as JSON that any reader takes (no NaN, no infinity)."""
    print(json.dumps(_plain(document), indent=2, ensure_ascii=True, allow_nan=False))


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def untrusted(text: str, style: str = "") -> Text:
    """Text from an untrusted program, for a console: control characters escaped, no markup."""
    return Text(printable(text), style=style)


def figure(value: float | None) -> str:
    """A value with three decimals; a dash where there is none."""
    return "-" if value is None else f"{value:.3f}"


def interval(document: dict[str, Any]) -> str:
    """A mean with its 95 % interval and the number of repeats."""
    return f"{document['mean']:.3f} ({document['low']:.3f} to {document['high']:.3f})"


def verdict_lines(verdict: str) -> str:
    """A verdict for the screen: what is said of each comparison begins a line, and its figures the next."""
    lines: list[str] = []
    for sentence in one_line(verdict).replace(". Against ", ".\nAgainst ").splitlines():
        finding, bracket, figures = sentence.partition(" (95 %")
        if len(sentence) <= SCREEN_COLUMNS:
            lines.append(sentence)
            continue
        lines += within_screen(finding).splitlines()
        lines += within_screen(f"{bracket}{figures}".lstrip(), indent="  ").splitlines()
    return "\n".join(lines)


def within_screen(text: str, indent: str = "") -> str:
    """A sentence in lines that fit the screen, the later ones indented by two more."""
    return textwrap.fill(
        text, SCREEN_COLUMNS, initial_indent=indent, subsequent_indent=f"{indent}  ", break_on_hyphens=False
    )


def short(number: int) -> str:
    """A count in six characters at most, up to ten million millions: `12,345`, `1,234k`, `123.4M`."""
    if abs(number) < 100_000:
        return f"{number:,}"
    suffix, size = next(unit for unit in (("k", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12)) if number < 9999.5 * unit[1])
    decimals = 1 if suffix != "k" and number < 999.95 * size else 0
    return f"{number / size:,.{decimals}f}{suffix}"


def spent_sentence(document: dict[str, Any]) -> str:
    """What a document says of tokens and money, in a few words; empty where nothing is counted."""
    spending = document.get("spending")  # runs of earlier versions do not say
    if spending is None or not (spending["tokens_in"] or spending["tokens_out"] or spending["samples_known"]):
        return ""
    known = f" ({spending['samples_known']:,} samples were known already)" if spending["samples_known"] else ""
    return f"{spending['tokens_in']:,} tokens sent, {spending['tokens_out']:,} received, {cost(spending)}{known}"


def cost(spending: dict[str, Any]) -> str:
    """What was spent, in money; what is not known is said to be unknown, and never 0."""
    if spending["cost_usd"] is not None:
        return usd(spending["cost_usd"])
    known = f", beside {usd(spending['cost_usd_known'])}" if spending["cost_usd_known"] else ""
    return f"cost of {spending['n_unpriced']:,} exchanges unknown{known}"


def print_caveats(document: dict[str, Any]) -> None:
    """Nothing; prints what must be known of a result wherever it is shown: isolation, opaque tasks, the model."""
    if document["isolation"] == "unsandboxed":
        stdout_console().print(f"{UNSANDBOXED}: programs ran with your rights and could make up any figure.")
    opaque = _opaque_tasks(document)
    if opaque:
        claim = "scores beside the candidate (opaque): its score is a claim"
        claims = "score beside the candidate (opaque): their scores are claims"
        stdout_console().print(untrusted(f"{', '.join(opaque)} {claim if len(opaque) == 1 else claims}."))
    notices = [*_notices(document), *_notices(document, "inner_")]
    for notice in dict.fromkeys(notices):
        stdout_console().print(untrusted(one_line(notice)))


def _notices(document: dict[str, Any], which: str = "") -> list[str]:
    """What must be known of a document's model; a model that is not known any more may have been no language model.

    What a document says of its model is a claim, and takes nothing away from what is known of a model of that name.
    """
    embedded = document.get(f"{which}is_language_model") is False
    model = document.get(f"{which}model", "gp" if embedded else "")
    info = model_info(model) if isinstance(model, str) else None
    known = info.notice if info is not None else None
    if known is None and embedded:
        known = f"{model} is not a language model: it edits programs at random, by general rules."
    stated = document.get(f"{which}notice")
    if not isinstance(stated, str):
        return [] if known is None else [known]
    return [stated] if known is None or known in stated else [known, stated]


def _opaque_tasks(document: dict[str, Any]) -> list[str]:
    """The tasks whose scores are claims, however a document says so: of its one task, by a list, or in its rows."""
    opaque = document.get("opaque", False)
    if isinstance(opaque, list):
        return opaque
    if opaque:
        return [str(document["task"])]
    return [row["task"] for row in document.get("tasks", ()) if isinstance(row, dict) and row.get("opaque")]


MAX_VIOLATIONS_SHOWN = 5
ORDINARY_KINDS = ("budget", "read_only_view")
"""What programs do without any wish to get out is listed last."""


def print_violations(violations: list[dict[str, Any]], where_all_are: str = "") -> None:
    """Nothing; prints how often programs tried what they may not, and what; nothing where they did not."""
    if not violations:
        return
    console = stdout_console()
    times = sum(violation["count"] for violation in violations)
    kinds: Counter[str] = Counter()
    for violation in violations:
        kinds[violation["kind"]] += violation["count"]
    by_kind = ", ".join(f"{kind} {count:,}" for kind, count in kinds.most_common())
    console.print(f"Programs tried what they may not {times:,} time{'' if times == 1 else 's'} ({by_kind}):")
    n_shown = MAX_VIOLATIONS_SHOWN if where_all_are else len(violations)
    in_order = sorted(violations, key=lambda violation: (violation["kind"] in ORDINARY_KINDS, -violation["count"]))
    for violation in in_order[:n_shown]:
        console.print(untrusted(one_line(f"  {violation['count']:,} x {violation['kind']}: {violation['detail']}")))
    if len(violations) > n_shown:
        console.print(f"  and {len(violations) - n_shown:,} more; all of them: `{where_all_are}`")
