"""Runs every hostile program in every mode that this machine has, and all controls; prints the results as Markdown.

    .venv/bin/python benchmarks/hostile_programs.py
    .venv/bin/python benchmarks/hostile_programs.py --write docs/security.md --user tester

It exits with 1, and says why on stderr, if any program did not end as its file declares, left another record, or is a
dud without isolation.

With `--write FILE` the results replace what stands between `<!-- table:begin -->` and `<!-- table:end -->` in a file.
As root, `--user NAME` runs all of it again as that user (`--user -` does not; without the option a user called
`tester`, else `nobody`, is taken). That user needs a Python that it can read, with the package's dependencies:
`--python PATH` names one; else this one is taken if that user can read it; else a virtual environment is made for it in
a temporary folder, from `--base-python`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import pwd
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from hostility import runs  # noqa: E402 - it stands beside the tests
from hostility.corpus import Program  # noqa: E402
from hostility.other_user import other_user  # noqa: E402
from hostility.table import CONTROL, UserRuns, markdown, surprises  # noqa: E402
from selftaught.sandbox import diagnose  # noqa: E402

BEGIN, END = "<!-- table:begin -->", "<!-- table:end -->"
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


def run_as(user: str, python: str | None, base_python: str | None) -> UserRuns:
    """The same as another user, in a process of theirs."""
    with other_user(user, python=python, base_python=base_python) as them:
        ran = them.run(["benchmarks/hostile_programs.py", "--json"], stdout=subprocess.PIPE)
        if ran.returncode != 0:
            sys.exit(f"as {user} it ended with exit code {ran.returncode}")
        return UserRuns.from_plain(json.loads(ran.stdout.splitlines()[-1]))


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
    parser.add_argument("--base-python", metavar="PATH", help="else make one from this one")
    parser.add_argument("--json", action="store_true", help="print the results of this user as plain data")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
