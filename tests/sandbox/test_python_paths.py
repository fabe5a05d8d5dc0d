"""What of this machine is readable inside, where the package lies among others as an ordinary installation puts it."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from selftaught.sandbox.python_paths import NEEDED_PACKAGES, PythonPaths

from .conftest import works

TRY = """
import asyncio, json, sys
from selftaught.sandbox import Limits, Sandbox, SandboxConfig
from selftaught.sandbox.python_paths import WORKER

PACKAGE = WORKER.parent
SOURCE = '''
def attack():
    found = []
    for path in paths:
        try:
            found.append(open(path).read(9))
        except OSError as error:
            found.append(type(error).__name__)
    import msgspec, numpy.polynomial
    return found
'''

async def main(mode):
    paths = [str(PACKAGE / "tasks" / "dispatch" / "reference.py"), str(PACKAGE / "worker" / "wire.py"),
             str(PACKAGE.parent / "somebody_s" / "library.py")]
    async with await Sandbox.start(SandboxConfig(workers=1, mode=mode, self_test=False)) as sandbox:
        async with sandbox.child("probe", {"source": SOURCE, "given": {"paths": paths}}, Limits()) as child:
            answer = await child.receive()
            print(json.dumps([str(PACKAGE), answer["detail"], [violation.detail for violation in child.violations]]))

asyncio.run(main(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packages that holds this package, what it needs, and somebody else's library."""
    folder = tmp_path_factory.mktemp("python") / "lib" / "site-packages"
    for name in ("selftaught", *NEEDED_PACKAGES):
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        shutil.copytree(Path(spec.origin).parent, folder / name, ignore=shutil.ignore_patterns("tests", "__pycache__"))
        for libraries in Path(spec.origin).parent.parent.glob(f"{name}.libs"):
            shutil.copytree(libraries, folder / libraries.name)
    (folder / "somebody_s").mkdir()
    (folder / "somebody_s" / "library.py").write_text("a = 'text'\n", encoding="utf-8")
    for parent in folder.parents:
        if parent.stat().st_uid == os.getuid() and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o055)
    return folder


@pytest.mark.parametrize("mode", ["full", "confined"])
def test_other_packages_are_readable_inside_and_this_one_is_not(installed: Path, mode: str) -> None:
    if (why := works(mode)) is not None:
        pytest.skip(why)
    done = subprocess.run(
        [sys.executable, "-S", "-c", TRY, mode],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(installed)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    package, found, tried = json.loads(done.stdout.splitlines()[-1])
    assert package == str(installed / "selftaught")
    assert ast.literal_eval(found) == ["PermissionError", '"""The wi', "a = 'text"]
    assert tried == [f"open '{installed}/selftaught/tasks/dispatch/reference.py' for reading"]


def test_where_the_package_lies_elsewhere_folders_of_packages_are_readable_whole() -> None:
    paths = PythonPaths.of_this_python()
    inside = [folder for folder in paths.site_packages if (Path(folder) / "selftaught").is_dir()]
    assert paths.listable == inside
    whole = [Path(folder) for folder in paths.site_packages if folder not in inside]
    assert all(any(folder.is_relative_to(path) for path in paths.readable) for folder in whole)
