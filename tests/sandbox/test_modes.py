"""Which mode is taken, what is said about it, and that an isolation that does not hold is refused."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from selftaught.errors import SandboxError
from selftaught.sandbox import Sandbox, SandboxConfig, attacks, diagnose, self_test
from selftaught.sandbox.modes import mend_of
from selftaught.sandbox.python_paths import PythonPaths


def start(mode: str = "auto", *, tested: bool = False) -> tuple[str, str | None]:
    """Returns the mode of a sandbox and its warning."""

    async def run() -> tuple[str, str | None]:
        config = SandboxConfig(workers=1, mode=mode, self_test=tested)  # type: ignore[arg-type]
        async with await Sandbox.start(config) as sandbox:
            return sandbox.mode, sandbox.warning

    return asyncio.run(run())


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which passed self-tests are remembered, in a folder of this test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "selftaught" / "self-test.json"


def without_bubblewrap(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder))


def test_without_bubblewrap_the_next_mode_is_taken_and_the_warning_names_cause_and_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_bubblewrap(tmp_path, monkeypatch)
    mode, warning = start()
    assert mode in ("confined", "sealed")
    assert warning is not None
    assert "bubblewrap is not installed" in warning
    assert "mend: install bubblewrap" in warning


def test_a_bubblewrap_that_does_not_work_counts_as_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
    fake.chmod(0o755)
    without_bubblewrap(tmp_path, monkeypatch)
    mode, warning = start()
    assert mode in ("confined", "sealed")
    assert warning is not None
    assert "setting up uid map: Permission denied" in warning
    assert "let bwrap use unprivileged user namespaces" in warning


def test_a_mode_that_is_asked_for_is_taken_or_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_bubblewrap(tmp_path, monkeypatch)
    with pytest.raises(SandboxError, match=r"full: bubblewrap is not installed\); mend: install"):
        start("full")


def test_an_isolation_that_does_not_hold_is_refused(mode: str, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(attacks.ATTACKS, "count", "def attack(): return 1 + 1")
    with pytest.raises(SandboxError, match=r"does not hold in the mode \w+: count \(2\)"):
        start(mode, tested=True)
    assert not cache.exists()


def test_an_isolation_in_which_nothing_runs_is_refused(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(self_test, "HONEST", "def attack(): return False")
    with pytest.raises(SandboxError, match="an honest program does not run"):
        start(tested=True)


def test_a_passed_test_is_remembered_until_something_changes(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start(tested=True)
    assert len(json.loads(cache.read_text())) == 1
    monkeypatch.setitem(attacks.ATTACKS, "count", "def attack(): return 1 + 1")
    start(tested=True)
    cache.chmod(0o666)
    with pytest.raises(SandboxError, match="does not hold"):
        start(tested=True)
    cache.chmod(0o600)
    cache.write_text("[")
    with pytest.raises(SandboxError, match="does not hold"):
        start(tested=True)


def test_a_home_that_cannot_be_written_is_no_hindrance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    start(tested=True)


def test_every_attack_fails_in_every_mode(mode: str) -> None:
    async def run() -> list[self_test.Attempt]:
        config = SandboxConfig(workers=2, mode=mode, self_test=False)  # type: ignore[arg-type]
        async with await Sandbox.start(config) as sandbox:
            return await self_test.run(sandbox, sandbox.plan)

    attempts = asyncio.run(run())
    assert len(attempts) >= 15
    assert [attempt for attempt in attempts if attempt.reached] == []


def test_the_diagnosis_says_mode_layers_and_attacks() -> None:
    diagnosis = asyncio.run(diagnose())
    assert diagnosis.mode == start()[0]
    assert [layer.name for layer in diagnosis.layers] == ["bubblewrap", "landlock", "seccomp", "self-test"]
    assert all(layer.reason for layer in diagnosis.layers)
    assert len(diagnosis.attacks) == len(attacks.ATTACKS)
    assert (diagnosis.mend is None) == all(cause is None for cause in diagnosis.modes.values())
    assert (shutil.which("bwrap") is None) <= (diagnosis.mode != "full")


def test_unknown_causes_have_a_mend_too() -> None:
    assert mend_of("something new") == "see `selftaught doctor`"


def test_the_paths_hold_neither_the_virtual_environment_nor_home() -> None:
    paths = PythonPaths.of_this_python()
    for readable in map(Path, paths.readable):
        assert not Path.home().is_relative_to(readable)
        assert not (readable / "pyvenv.cfg").exists()
        assert not (readable / "pip.conf").exists()
    assert any(str(path).endswith("worker") for path in paths.readable) or any(
        "site-packages" in p for p in paths.readable
    )
