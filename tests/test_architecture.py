"""The shape of the package: who may import whom, what an import does, and what is public."""

from __future__ import annotations

import ast
import graphlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import selftaught

PACKAGE = Path(selftaught.__file__).parent
PROGRAMS = ("tasks", "improvers")
"""Folders of programs that run isolated: text to the package, never imported."""

LAYERS = (
    ("_version", "errors", "validation", "interrupts", "single_flight", "statistics", "worker", "adapters"),
    ("ledger", "source", "function_source", "violations"),
    ("budget", "redaction"),
    ("telemetry",),
    ("event_log", "tracing"),
    ("settings", "sandbox", "store"),
    ("models", "task_definition"),
    ("python_task", "utility", "improver"),
    ("task_check", "engine"),
    ("meta_utility", "past"),
    ("recursion",),
    ("progress", "recorder"),
    ("names",),
    ("recorded_run",),
    ("experiment",),
    ("single", "analysis"),
    ("again",),
    ("api",),
    ("web",),
    ("cli",),
)
"""Each may import what stands above it, and itself. The order is that of `docs` and the issue: cli, web → recursion →
meta_utility → improver, utility → task, sandbox, models → budget, source, errors."""

SHARED_WITH_WORKERS = {"worker.wire", "worker.messages"}
"""What the engine may import of the worker's side: how they talk, and no more."""

ISOLATION = {"worker.zygote", "worker.landlock", "worker.seccomp"}
"""What the sandbox may import beside that: the constants of what it starts."""

WORKER_LIBRARIES = {"msgspec", "numpy", "markdown_it", *sys.stdlib_module_names}

LATE_IMPORTS = {
    ("store", "selftaught.store.store"),  # SQLAlchemy is slow to import, and `--help` does not need it
    ("store.database", "selftaught.store.migrate"),  # Alembic likewise
    ("worker.thread_pools", "multiprocessing"),  # few programs need it, and every fork would copy it
    ("models.served", "selftaught.models.openai_provider"),  # its client takes long to load, and few runs need it
    ("models.served", "selftaught.models.anthropic_provider"),  # an optional extra
    ("models.served", "selftaught.models.gemini_provider"),  # an optional extra
    ("models.prices", "genai_prices.data_snapshot"),  # a large table, which only paid models need
    ("api", "polars"),  # an optional extra
    ("cli.help", "selftaught.settings"),  # pydantic is slow to import, and the list of commands does not need it
    ("cli.observing", "selftaught.event_log"),  # structlog is slow to import, and few ask for a log
    ("tracing", "opentelemetry.exporter.otlp.proto.http.trace_exporter"),  # an optional extra
    ("tracing", "opentelemetry.sdk.resources"),
    ("tracing", "opentelemetry.sdk.trace"),
    ("tracing", "opentelemetry.sdk.trace.export"),
    ("analysis.plots", "matplotlib"),  # an optional extra
    ("analysis.plots", "matplotlib.figure"),
}
"""The imports inside functions that there may be."""

IMPORTS_BY_NAME = {"", "worker.zygote", "worker.wire"}
"""The modules that may call `importlib.import_module`."""

LONGEST_FUNCTION_LINES = 80
LONG_FUNCTION_LINES = 49
"""The 95th percentile of function lengths in code that reads well is below this."""

PUBLIC = [
    *(
        "BudgetExceeded",
        "ConfigError",
        "LanguageModelError",
        "SandboxError",
        "SelfTaughtError",
        "StoreError",
        "TaskError",
    ),
    *("Outcome", "Violation", "Improver", "Run", "RunSettings", "Series", "Task", "Transfer", "__version__"),
    *(
        "evaluate",
        "find_task",
        "improve",
        "replay",
        "resume",
        "series",
        "stop",
        "task",
        "task_from_callable",
        "task_from_functions",
    ),
    "transfer",
]


@dataclass(frozen=True)
class Import:
    """One import: by which module, of which, and where in it."""

    by: str
    target: str
    in_function: bool
    for_types_only: bool

    @property
    def own(self) -> str | None:
        """The module of ours that is imported, without the package's name; None for a library."""
        if self.target == "selftaught":
            return ""
        return self.target.removeprefix("selftaught.") if self.target.startswith("selftaught.") else None


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {
    name_of(path): path for path in sorted(PACKAGE.rglob("*.py")) if path.relative_to(PACKAGE).parts[0] not in PROGRAMS
}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}


def is_package(name: str) -> bool:
    return MODULES[name].name == "__init__.py"


def targets(node: ast.Import | ast.ImportFrom, by: str) -> Iterator[str]:
    """The full names of the modules that a statement imports."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
        return
    base = node.module or ""
    if node.level:
        parts = ["selftaught", *by.split(".")] if by else ["selftaught"]
        keep = len(parts) - node.level + is_package(by)
        base = ".".join([*parts[:keep], *filter(None, [node.module])])
    for alias in node.names:
        submodule = f"{base}.{alias.name}"
        yield submodule if submodule.removeprefix("selftaught.") in MODULES else base


def imports_of(name: str) -> Iterator[Import]:
    def visit(node: ast.AST, in_function: bool, for_types_only: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.Import, ast.ImportFrom)):
                for target in targets(child, name):
                    yield Import(name, target, in_function, for_types_only)
            is_function = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            is_for_types = isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"
            yield from visit(child, in_function or is_function, for_types_only or is_for_types)

    yield from visit(TREES[name], False, False)


IMPORTS = [found for name in MODULES for found in imports_of(name)]


def part_of(module: str) -> str:
    return module.split(".")[0]


def layer_of(module: str) -> int:
    return next(number for number, parts in enumerate(LAYERS) if part_of(module) in parts)


def test_every_module_has_a_place():
    placed = {part for parts in LAYERS for part in parts}
    assert {part_of(name) for name in MODULES} - {""} <= placed


@pytest.mark.parametrize("name", [name for name in MODULES if name])
def test_a_module_imports_only_what_stands_above_it(name):
    for found in IMPORTS:
        if found.by == name and found.own is not None and part_of(found.own) != part_of(name):
            assert found.own, f"{name} imports the package itself"
            assert layer_of(found.own) < layer_of(name), f"{name} imports {found.own}"


def test_the_package_itself_loads_nothing_but_errors():
    loaded = {found.own for found in IMPORTS if found.by == "" and found.own is not None and not found.for_types_only}
    assert loaded == {"_version", "errors"}


def test_there_are_no_cycles():
    graph = {name: set() for name in MODULES}
    for found in IMPORTS:
        if found.own in MODULES and not found.in_function and not found.for_types_only:
            graph[found.by].add(found.own)
    graphlib.TopologicalSorter(graph).prepare()


def test_workers_import_nothing_of_ours_but_themselves():
    for found in IMPORTS:
        if part_of(found.by) == "worker":
            assert found.own is None or part_of(found.own) == "worker", found
            assert found.own is not None or found.target.split(".")[0] in WORKER_LIBRARIES, found


def test_the_engine_imports_of_workers_only_how_they_talk():
    for found in IMPORTS:
        if part_of(found.by) != "worker" and found.own and part_of(found.own) == "worker":
            allowed = SHARED_WITH_WORKERS | (ISOLATION if part_of(found.by) == "sandbox" else set())
            assert found.own in allowed, found


def test_nobody_imports_a_program():
    assert not [found for found in IMPORTS if found.own and part_of(found.own) in PROGRAMS]


def test_imports_inside_functions_stand_only_where_they_must():
    assert {(found.by, found.target) for found in IMPORTS if found.in_function} <= LATE_IMPORTS


def test_imports_by_name_stand_only_where_they_must():
    calling = {
        name
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("importlib.import_module", "__import__")
    }
    assert calling <= IMPORTS_BY_NAME


def test_no_module_is_a_drawer_for_anything():
    parts = {part for name in MODULES for part in name.split(".")}
    assert parts.isdisjoint({"utils", "util", "manager", "base", "common", "misc", "helpers"})


def function_lengths() -> dict[str, int]:
    """Lines of each function, decorators and docstring included."""
    return {
        f"{name}:{node.lineno} {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    }


def test_no_function_is_long():
    assert {name: lines for name, lines in function_lengths().items() if lines > LONGEST_FUNCTION_LINES} == {}


def test_few_functions_are_of_some_length():
    lengths = sorted(function_lengths().values())
    assert lengths[int(0.95 * len(lengths))] <= LONG_FUNCTION_LINES


# ---------------------------------------------------------------- what an import does


def fresh(code: str, folder: Path) -> str:
    """What a new interpreter prints on the standard output; it says nothing else, and leaves nothing behind."""
    ended = subprocess.run([sys.executable, "-B", "-c", code], cwd=folder, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert list(folder.iterdir()) == []
    return ended.stdout


def test_importing_the_package_loads_nothing_heavy(tmp_path):
    heavy = ["sqlalchemy", "alembic", "numpy", "pydantic", "msgspec", "rich", "cyclopts", "markdown_it", "asyncio"]
    loaded = fresh("import selftaught, sys; print(*sys.modules)", tmp_path).split()
    assert set(loaded).isdisjoint(heavy)


def test_importing_any_module_has_no_effect(tmp_path):
    """No output, no file, no thread, no signal handler; `migrations` are run by Alembic alone."""
    names = [f"selftaught.{name}" for name in MODULES if name and not name.startswith("store.migrations")]
    code = (
        "import importlib, signal, sys, threading\n"
        "handlers = [signal.getsignal(number) for number in signal.valid_signals()]\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        "assert handlers == [signal.getsignal(number) for number in signal.valid_signals()]\n"
        "assert threading.active_count() == 1\n"
    )
    assert fresh(code, tmp_path) == ""


# ---------------------------------------------------------------- messages


def guarded_by(error: str, tree: ast.Module) -> set[ast.AST]:
    """All that stands in a `try` with a handler that names an exception."""
    tries = (node for node in ast.walk(tree) if isinstance(node, ast.Try))
    return {
        inner
        for node in tries
        if any(handler.type is not None and error in ast.unparse(handler.type) for handler in node.handlers)
        for statement in node.body
        for inner in ast.walk(statement)
    }


def test_whoever_reads_a_message_of_a_worker_heeds_that_it_may_be_none():
    read = {
        (name, node.lineno, node in guarded_by("msgspec.ValidationError", tree))
        for name, tree in TREES.items()
        if not name.startswith("worker")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "msgspec.convert"
    }
    assert len(read) >= 5
    assert [f"{name}, line {line}" for name, line, is_guarded in sorted(read) if not is_guarded] == []


# ---------------------------------------------------------------- what is public


def test_what_is_public_is_pinned():
    assert sorted(selftaught.__all__) == sorted(PUBLIC)


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_is_there_and_documented(name):
    value = getattr(selftaught, name)
    assert isinstance(value, str) or value.__doc__


def test_a_name_that_is_not_there_is_said_so():
    with pytest.raises(AttributeError, match="module 'selftaught' has no attribute 'stopp'"):
        _ = selftaught.stopp
