"""`models`: what may be named after `--model`, what of it can be used now, and what is missing for the rest."""

from __future__ import annotations

import asyncio
import dataclasses

from selftaught.cli.output import print_json, stdout_console, untrusted
from selftaught.cli.parameters import Json
from selftaught.models.usable import Usable, usable_models

_WORDS = {True: "usable", False: "no", None: "-"}


def models(*, json: Json = False) -> int:
    """List the models, which of them can be used now, and what is missing.

    Keys are looked for in the environment, and model servers on this machine alone.
    """
    listed = asyncio.run(usable_models())
    if json:
        print_json([_document(usable) for usable in listed])
        return 0
    console = stdout_console()
    width = max(len(usable.info.name) for usable in listed)
    for usable in listed:
        missing = f"; {usable.missing}" if usable.missing else ""
        words = _WORDS[usable.usable]
        console.print(untrusted(f"{usable.info.name:{width}}  {words:6}  {usable.info.summary}{missing}"))
        for served in usable.served:
            console.print(untrusted(f"  {served.name}{f' ({served.notice})' if served.notice else ''}"))
    return 0


def _document(usable: Usable) -> dict[str, object]:
    return {
        **dataclasses.asdict(usable.info),
        "usable": usable.usable,
        "missing": usable.missing,
        "served": [dataclasses.asdict(served) for served in usable.served],
    }
