"""`serve-model`: one of our models for other tools, over HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import warnings
from typing import Annotated

from cyclopts import Parameter

from selftaught.cli.output import print_json, stderr_console, stdout_console, untrusted
from selftaught.cli.parameters import Json
from selftaught.errors import ConfigError
from selftaught.ledger import Ledger
from selftaught.models import ModelContext, ModelInfo, find_model
from selftaught.recorded_run import opened_sandbox, run_budget
from selftaught.settings import CommonSettings, IsolationMode, ModelSettings, checked_settings
from selftaught.web.listening import address_of, bound_socket, is_loopback, serve
from selftaught.web.model_server import LOOPBACK_NAMES, Admission, ServedModel, make_app

MOST_REQUESTS = 64


def serve_model(
    model: str,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    api_key_variable: str | None = None,
    most_requests: int = MOST_REQUESTS,
    rng_seed: int | None = None,
    workers: int | None = None,
    isolation: IsolationMode = "auto",
    unsafe_no_isolation: bool = False,
    settings: Annotated[ModelSettings | None, Parameter(name="*")] = None,
    json: Json = False,
) -> int:
    """Serve a model to other tools, as an OpenAI-compatible server; Ctrl-C ends it.

    Args:
        model: The model, by name; `selftaught models` lists them.
        host: The address to listen at; with any but the default others can reach the server.
        port: The port; 0 for any that is free.
        api_key_variable: The environment variable with the key that a request has to show.
        most_requests: Requests that are answered at once; more are told to come back.
        rng_seed: What answers to requests without a seed are drawn from; by default one that nobody can guess.
        workers: Processes that run programs at the same time; by default one for each core.
        isolation: How untrusted programs are isolated: the strongest that works here, or one that you insist on.
        unsafe_no_isolation: Read prompts with your own rights.
    """
    find_model(model)
    if not 0 <= port < 2**16:
        raise ConfigError(f"--port should be between 0 and 65535, not {port}")
    if most_requests < 1:
        raise ConfigError(f"--most-requests should be 1 or more, not {most_requests}")
    given = settings.model_dump(exclude_unset=True) if settings else {}
    of_the_sandbox = {"isolation": isolation, "unsafe_no_isolation": unsafe_no_isolation, "workers": workers}
    checked = checked_settings(CommonSettings, model=model, rng_seed=rng_seed, **of_the_sandbox, **given)
    key = _key_of(api_key_variable)
    with contextlib.closing(bound_socket(host, port)) as bound:
        if not is_loopback(bound):
            _warn_of_others(key)
        names = LOOPBACK_NAMES | {host.lower()} if is_loopback(bound) else None
        admission = Admission(names=names, key=key, most_at_once=most_requests)
        asyncio.run(_serve(checked, bound, admission, json))
    return 0


def _key_of(variable: str | None) -> str | None:
    if variable is None:
        return None
    key = os.environ.get(variable, "").strip()
    if not key:
        raise ConfigError(f"--api-key-variable: the environment variable {variable} is empty; put a key into it")
    return key


def _warn_of_others(key: str | None) -> None:
    who = "whoever has the key" if key else "anybody"
    mend = "" if key else "; name a key with --api-key-variable"
    warnings.warn(
        f"{who} who can reach this address can use the model, and reads are not encrypted{mend}", stacklevel=2
    )


async def _serve(settings: CommonSettings, bound: socket.socket, admission: Admission, json: bool) -> None:
    ledger = Ledger(run_budget(settings))
    async with ledger.within_time(), opened_sandbox(settings) as sandbox:
        context = ModelContext(
            sandbox=sandbox,
            rng_seed=settings.rng_seed,
            settings=settings,
            ledger=ledger,
            on_wait=_tell_wait,
        )
        model = find_model(settings.model)(context)
        try:
            await model.open()
            app = make_app(ServedModel(model, settings.rng_seed), admission)
            await serve(app, bound, lambda: _tell_ready(model.info, f"{address_of(bound)}/v1", settings.rng_seed, json))
        finally:
            await model.close()


def _tell_ready(info: ModelInfo, url: str, rng_seed: int, json: bool) -> None:
    console = stdout_console()
    if json:
        print_json({"url": url, "model": info.name, "is_language_model": info.is_language_model, "rng_seed": rng_seed})
    else:
        console.print(untrusted(f"{info.name} at {url} (rng-seed {rng_seed}); Ctrl-C ends it."))
        if info.notice is not None:
            console.print(untrusted(info.notice))
    console.file.flush()


def _tell_wait(sentence: str | None) -> None:
    if sentence is not None:
        stderr_console().print(untrusted(sentence))
