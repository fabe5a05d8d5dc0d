"""The commands by name. Each loads its module when it is called, so that `--help` stays quick."""

from __future__ import annotations

import signal
import sys
import warnings
from collections.abc import Sequence

import cyclopts

from selftaught._version import __version__
from selftaught.cli.help import MainFlagsFirst
from selftaught.cli.sources import NotTyped, set_by
from selftaught.cli.streams import Unwritten, own_streams
from selftaught.errors import ConfigError, SelfTaughtError
from selftaught.interrupts import Interrupted
from selftaught.source import nearest, printable
from selftaught.validation import ValidationError, first_complaint

EXIT_DONE, EXIT_FAILED, EXIT_WRONG_CALL = 0, 1, 2
EXIT_UNREAD = 128 + signal.SIGPIPE
"""As a shell tells of who died of a closed pipe, git and cat too: 0 would say that all was told, 1 that work failed."""

COMMANDS = {
    "run": ("selftaught.cli.run:run", "Let an improver improve itself on one or more tasks (STOP)."),
    "improve": ("selftaught.cli.run:improve", "Apply one improver to one task; writes the better solution."),
    "evaluate": ("selftaught.cli.evaluate:evaluate", "Measure a solution on fresh instances of a task."),
    "transfer": ("selftaught.cli.run:transfer", "Measure an improver on tasks it never saw (the paper's Table 1)."),
    "compare": ("selftaught.cli.compare:compare", "Compare improvers on tasks, at equal budgets."),
    "runs": ("selftaught.cli.records:runs", "List the recorded runs."),
    "show": ("selftaught.cli.records:show", "Show a run, a series of runs, or what another command recorded."),
    "resume": ("selftaught.cli.again:resume", "Go on with a run that was killed, interrupted or stopped."),
    "replay": ("selftaught.cli.again:replay", "Do a run again without its model, and say whether the same came of it."),
    "audit": (
        "selftaught.cli.audit:audit",
        "Show what the programs of a run tried and may not; or count how often generated improvers get out (Table 2).",
    ),
    "strategies": (
        "selftaught.cli.strategies:strategies",
        "Show which strategies improvers use, of a run too.",
    ),
    "export": ("selftaught.cli.records:export", "Write everything that is recorded of a run or a series."),
    "plot": ("selftaught.cli.records:plot", "Draw the improvement per round of runs and series of runs."),
    "curves": ("selftaught.cli.curves:curves", "Show series of runs beside each other, round by round."),
    "tasks": ("selftaught.cli.lists:tasks", "List the bundled tasks."),
    "improvers": ("selftaught.cli.lists:improvers", "List the bundled improvers."),
    "models": ("selftaught.cli.models:models", "List the models, which of them can be used now, and what is missing."),
    "serve-model": ("selftaught.cli.serve:serve_model", "Serve a model to other tools, as OpenAI's API does."),
    "doctor": ("selftaught.cli.lists:doctor", "Say which isolation this machine has, why, and the mend."),
}


def make_app(called: str = "") -> cyclopts.App:
    """The command line as cyclopts knows it; most flags may also come from the environment or from selftaught.toml.

    Args:
        called: The command that is called: its help is its whole docstring, and not only the line of the list.
    """
    app = cyclopts.App(
        name="selftaught",
        help="The Self-Taught Optimizer: improvers that improve solutions, and themselves.",
        version=__version__,
        help_format="plaintext",
        help_formatter=MainFlagsFirst(),
        default_parameter=cyclopts.Parameter(negative=""),
        config=[NotTyped(commands=list(COMMANDS))],
        result_action="return_value",
        print_error=False,
        exit_on_error=False,
        suppress_keyboard_interrupt=False,
    )
    for name, (path, summary) in COMMANDS.items():
        app.command(path, name=name, help=None if name == called else summary)
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Nothing; runs the command line and exits with 0 (done), 1 (the work failed) or 2 (the call was wrong)."""
    sys.exit(call(sys.argv[1:] if arguments is None else list(arguments)))


def call(arguments: Sequence[str]) -> int:
    """The exit code of a call; an error is one sentence on stderr, and output that nobody reads is 141."""
    with own_streams():
        try:
            code = _call(arguments)
            sys.stdout.flush()
            return code
        except Unwritten as unwritten:
            if unwritten.is_unread:
                return EXIT_UNREAD
            mend = "send it elsewhere, or make room; what a run has done is stored, see `selftaught runs`"
            return _say(f"the output could not be written: {unwritten}; {mend}", EXIT_FAILED)


def _call(arguments: Sequence[str]) -> int:
    called = arguments[0] if arguments and arguments[0] in COMMANDS else ""
    warnings.showwarning = _show_warning
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return make_app(called)(list(arguments)) or EXIT_DONE
    except cyclopts.CycloptsError as error:
        return _say(_complaint(error, called), EXIT_WRONG_CALL)
    except ConfigError as error:
        return _say(str(error), EXIT_WRONG_CALL)
    except SelfTaughtError as error:
        return _say(str(error), EXIT_FAILED)
    except Interrupted as interrupted:
        return _say(_how_to_go_on(interrupted), EXIT_FAILED)
    except KeyboardInterrupt:
        return _say("interrupted; what a run has done is stored, see `selftaught runs`", EXIT_FAILED)


def _how_to_go_on(interrupted: Interrupted) -> str:
    if not interrupted.runs:
        return "interrupted before anything was recorded"
    run_id = interrupted.runs[0]
    if run_id not in interrupted.resumes:
        return f"interrupted; what was done is stored as {run_id}, but cannot be gone on with: type the command again"
    return f"interrupted; all that was done is stored, and `{interrupted.resumes[run_id]}` goes on from there"


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    _tell(f"selftaught: warning: {message}")


def _complaint(error: cyclopts.CycloptsError, called: str) -> str:
    if isinstance(error.__cause__, ValidationError):
        complaint = first_complaint(error.__cause__, as_flag=True)
        where = set_by(error, complaint.partition(":")[0])
        return complaint if where is None else f"{complaint}; mend it in {where}"
    where = f"`selftaught {called} --help`" if called else "`selftaught --help`"
    if isinstance(error, cyclopts.UnknownCommandError):
        word = error.unused_tokens[0] if error.unused_tokens else ""
        return f"there is no command {word!r:.200}{nearest(word, list(COMMANDS))}"
    text = str(error).strip().removeprefix(f'Command "{called}" parameter ')
    if isinstance(error, cyclopts.MissingArgumentError) and error.keyword is None and error.argument is not None:
        missing = error.argument
        name = missing.name.lstrip("-")
        text = f"{called} needs {f'{name.upper()} (--{name})' if missing.index is not None else missing.name}"
    if "--help" in text:
        return text
    return f"{text.rstrip('.')}{'' if text.endswith('?') else ';'} {where} lists what there is"


def _say(message: str, code: int) -> int:
    # A message may quote what a program of a task folder said.
    _tell(f"selftaught: {' '.join(message.split())}")
    return code


def _tell(line: str) -> None:
    print(printable(line), file=sys.stderr)
