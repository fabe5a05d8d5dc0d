"""Runs every hostile program in every mode that this machine has, and all controls; prints the results as Markdown.

    .venv/bin/python benchmarks/hostile_programs.py
    .venv/bin/python benchmarks/hostile_programs.py --write docs/security.md --user tester

It exits with 1, and says why on stderr, if any program did not end as its file declares, left another record, or is a
dud without isolation.

With `--write FILE` the results replace what stands between `<!-- table:begin -->` and `<!-- table:end -->` in a file.
As root, `--user NAME` runs all of it again as that user (`--user -` does not; without the option a user called
`tester`, else `nobody`, is taken). That user needs a Python that it can read, with the package's dependencies:
`--python PATH` names one; else a virtual environment is made for it in a temporary folder, from `--base-python`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import pwd
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from hostility import runs  # noqa: E402 - it stands beside the tests
from hostility.corpus import Program  # noqa: E402
from hostility.table import CONTROL, UserRuns, markdown, surprises  # noqa: E402
from selftaught.sandbox import diagnose  # noqa: E402

BEGIN, END = "<!-- table:begin -->", "<!-- table:end -->"
COPIED = ("src", "tests", "requirements", "pyproject.toml", "Makefile", "README.md", "LICENSE")
USERS = ("tester", "nobody")


def main() -> int:
    """The exit code: 0 if every program ended as its file declares; prints or writes the results in any case."""
    order = _arguments()
    own = run_all()
    if order.json:
        print(json.dumps(own.to_plain()))
        return 0
    everyone = [own]
    user = order.user or next((name for name in USERS if _exists(name)), "-")
    if os.geteuid() == 0 and user != "-":
        everyone.append(run_as(user, order.python, order.base_python))
    return report(runs.runnable(), everyone, order.write)


def report(programs: list[Program], everyone: list[UserRuns], path: Path | None) -> int:
    """Prints or writes the results; says what is not as declared on stderr, and returns 1 if anything is not."""
    text = markdown(programs, everyone)
    if path:
        write_between_markers(path, text)
    else:
        print(text)
    unexpected = surprises(programs, everyone)
    for line in unexpected:
        print(line, file=sys.stderr)
    return 1 if unexpected else 0


def run_all() -> UserRuns:
    """Every mode and all controls, as the user that this is."""
    results, missing = {CONTROL: runs.run_controls()}, {}
    for mode in runs.MODES:
        why = runs.why_not(mode)
        if why is None:
            results[mode] = runs.run_mode(mode)
        else:
            missing[mode] = why
    user = pwd.getpwuid(os.geteuid()).pw_name
    return UserRuns(user=user, machine=_machine(), results=results, missing=missing)


def run_as(user: str, python: str | None, base_python: str) -> UserRuns:
    """The same as another user, in a process of theirs."""
    with tempfile.TemporaryDirectory(prefix="hostile-programs-") as folder:
        Path(folder).chmod(0o755)
        copy = Path(folder) / "copy"
        copy.mkdir()
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(source, copy / name)
        (copy / "benchmarks").mkdir()
        shutil.copy2(__file__, copy / "benchmarks")
        entry = pwd.getpwnam(user)
        for path in (copy, *copy.rglob("*")):
            os.chown(path, entry.pw_uid, entry.pw_gid)
        if python is None:
            _as(user, ["make", "--silent", "setup", f"PYTHON={base_python}"], copy)
            python = str(copy / ".venv" / "bin" / "python")
        ran = _as(user, [python, "benchmarks/hostile_programs.py", "--json"], copy)
        return UserRuns.from_plain(json.loads(ran.splitlines()[-1]))


def _as(user: str, command: list[str], folder: Path) -> str:
    entry = pwd.getpwnam(user)
    ran = subprocess.run(
        command,
        cwd=folder,
        user=entry.pw_uid,
        group=entry.pw_gid,
        extra_groups=[],
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(folder / "src"), **_settings()},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return ran.stdout


def _settings() -> dict[str, str]:
    """What the user's `make setup` may need to know of package indexes and proxies."""
    return {
        name: value for name, value in os.environ.items() if name.startswith("PIP_") or name.lower().endswith("_proxy")
    }


def write_between_markers(path: Path, text: str) -> None:
    """Nothing; replaces what stands between the markers of a file."""
    before, begin, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        sys.exit(f"{path} has no {BEGIN} followed by {END}")
    path.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def _machine() -> str:
    diagnosis = asyncio.run(diagnose())
    layers = ", ".join(f"{layer.name} ({layer.reason})" for layer in diagnosis.layers)
    return f"Linux {platform.release()} on {platform.machine()}, Python {platform.python_version()}; {layers}"


def _exists(user: str) -> bool:
    return any(entry.pw_name == user for entry in pwd.getpwall())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", type=Path, metavar="FILE", help="replace the section between the markers of a file")
    parser.add_argument("--user", help="as root: run everything once more as this user; `-` for nobody else")
    parser.add_argument("--python", metavar="PATH", help="the Python of that user, with the dependencies")
    parser.add_argument("--base-python", metavar="PATH", default="/usr/bin/python3", help="else make one from this one")
    parser.add_argument("--json", action="store_true", help="print the results of this user as plain data")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
