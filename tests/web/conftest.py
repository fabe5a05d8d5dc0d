"""Servers as clients meet them: on a port, over HTTP."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from selftaught.models import LanguageModel
from selftaught.web.model_server import LOOPBACK_NAMES, Admission, ServedModel, make_app
from served.servers import Served, ServerProcess, served_by_a_thread, server_process


@pytest.fixture(scope="session")
def gp_server(tmp_path_factory) -> Iterator[ServerProcess]:
    """`serve-model gp`, for all tests of a worker."""
    with server_process("gp", "--rng-seed", "7", "--workers", "2", folder=tmp_path_factory.mktemp("served")) as server:
        yield server


@pytest.fixture
def start_server(tmp_path) -> Iterator[Callable[..., ServerProcess]]:
    """`start_server("gp", "--rng-seed", "1", NAME="value")`: another server process, with variables."""
    with contextlib.ExitStack() as stack:
        yield lambda *arguments, **environment: stack.enter_context(
            server_process(*arguments, folder=tmp_path, **environment)
        )


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """`serve(model)`: a server of a model that lives in this process."""
    stack = contextlib.ExitStack()

    def serve(model: LanguageModel, *, key: str | None = None, most_at_once: int = 4, rng_seed: int = 0) -> Served:
        admission = Admission(names=LOOPBACK_NAMES, key=key, most_at_once=most_at_once)
        app = make_app(ServedModel(model, rng_seed), admission, clock=lambda: 12.0)
        return stack.enter_context(served_by_a_thread(app))

    with stack:
        yield serve
