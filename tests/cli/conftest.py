"""Calls the command line as a person does: a process of its own, in a folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

SELFTAUGHT = Path(sys.executable).with_name("selftaught")


@dataclass(frozen=True, kw_only=True)
class Call:
    """How a call of the command line ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> Any:
        """What it printed, read as strict JSON."""

        def refuse(text: str) -> None:
            raise ValueError(f"{text} is not JSON")

        return json.loads(self.stdout, parse_constant=refuse)


@pytest.fixture
def selftaught(tmp_path: Path) -> Callable[..., Call]:
    """Runs the command line in a temporary folder, or one below it, with variables of its own, by what starts it."""

    def call(
        *arguments: object,
        folder: str = ".",
        variables: Mapping[str, str] | None = None,
        starter: Sequence[str] = (),
    ) -> Call:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SELFTAUGHT_")}
        finished = subprocess.run(
            [*starter, str(SELFTAUGHT), *map(str, arguments)],
            cwd=tmp_path / folder,
            env=environment | dict(variables or {}),
            capture_output=True,
            text=True,
            check=False,
        )
        return Call(code=finished.returncode, stdout=finished.stdout, stderr=finished.stderr)

    return call


@pytest.fixture
def solution(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a solution to a file."""

    def write(source: str) -> Path:
        path = tmp_path / "solution.py"
        path.write_text(source, encoding="utf-8")
        return path

    return write
