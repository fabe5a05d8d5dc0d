"""Does the work of root once more as an ordinary user, whose isolation is set up otherwise: in a copy of this folder.

    .venv/bin/python tests/hostility/other_user.py nobody -m pytest tests/sandbox

That user needs a Python that it can read, with the package's dependencies: the one that runs this, if that can be read;
else another of the same version, with the packages of this one; else a virtual environment that is made for it. If none
can be had, that is an error, and nothing is left out.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
NOT_COPIED = shutil.ignore_patterns(".venv", ".git", "__pycache__", ".*_cache", ".hypothesis", "*.db")
BASE_PYTHONS = ("/usr/bin/python3", "/usr/local/bin/python3")
WORKS = """
import encodings, sys
if not encodings.__file__.startswith(sys.base_prefix):
    sys.exit("it finds another library than its own")
import markdown_it, msgspec, numpy, pytest, sqlalchemy, xdist
"""
"""Ends well in a Python that its user can read, and that has what the tests need."""


@dataclass(frozen=True, kw_only=True)
class OtherUser:
    """An ordinary user, with a copy of this folder and a Python.

    Attributes:
        name: Who it is.
        folder: The copy, which is theirs.
        python: Their Python; empty while there is none.
        packages: Where it finds packages beside its own; None where it needs no other.
    """

    name: str
    folder: Path
    python: str = ""
    packages: Path | None = None

    def run(self, arguments: Sequence[str], **how: Any) -> subprocess.CompletedProcess[str]:
        """How their Python ended on some arguments, in their folder."""
        return self.call([self.python, *arguments], **how)

    def call(self, command: Sequence[str], **how: Any) -> subprocess.CompletedProcess[str]:
        """How a command ended, in their folder."""
        entry = pwd.getpwnam(self.name)
        paths = [str(path) for path in (self.folder / "src", self.packages) if path is not None]
        return subprocess.run(
            command,
            cwd=self.folder,
            user=entry.pw_uid,
            group=entry.pw_gid,
            extra_groups=[],
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.folder),
                "PYTHONPATH": os.pathsep.join(paths),
                **_settings(),
            },
            text=True,
            check=False,
            **how,
        )

    def why_not(self, script: str) -> str:
        """Why they cannot work with their Python; empty if they can, and `script` ends well in it."""
        try:
            ended = self.run(["-c", script], stderr=subprocess.PIPE)
        except OSError as error:
            return str(error)
        return (ended.stderr.strip() or f"exit code {ended.returncode}") if ended.returncode else ""


@contextlib.contextmanager
def other_user(name: str, *, python: str | None = None, base_python: str | None = None) -> Iterator[OtherUser]:
    """An ordinary user, who is there while the block lasts.

    Args:
        name: Their name.
        python: Their Python, with the dependencies; by default this one if they can read it.
        base_python: What their Python is made from, if it has to be made.

    Raises:
        SystemExit: There is no Python for them.
    """
    with tempfile.TemporaryDirectory(prefix="other-user-") as temporary:
        Path(temporary).chmod(0o755)
        user = OtherUser(name=name, folder=Path(temporary) / "copy")
        shutil.copytree(ROOT, user.folder, ignore=NOT_COPIED, symlinks=True)
        entry = pwd.getpwnam(name)
        for path in (user.folder, *user.folder.rglob("*")):
            os.chown(path, entry.pw_uid, entry.pw_gid, follow_symlinks=False)
        yield replace(user, python=python) if python else _with_python(user, base_python)


def _with_python(user: OtherUser, base_python: str | None) -> OtherUser:
    """The user with the first Python that works for them."""
    causes = []
    packages = Path(sysconfig.get_path("purelib"))
    same_version = [
        replace(user, python=f"{base}.{sys.version_info.minor}", packages=packages) for base in BASE_PYTHONS
    ]
    for found in [] if base_python else [replace(user, python=sys.executable), *same_version]:
        problem = found.why_not(WORKS)
        if not problem:
            return found
        causes.append(f"{found.python}: {problem}")
    for base in [base_python] if base_python else BASE_PYTHONS:
        if shutil.which(base) and user.call(["make", "--silent", "setup", f"PYTHON={base}"]).returncode == 0:
            return replace(user, python=str(user.folder / ".venv" / "bin" / "python"))
        causes.append(f"{base}: `make setup` with it does not work")
    sys.exit(f"there is no Python for {user.name}: {'; '.join(causes)}")


def _settings() -> dict[str, str]:
    """What a user's `make setup` may need to know of package indexes and proxies, and tests of where they run."""
    return {
        name: value
        for name, value in os.environ.items()
        if name == "CI" or name.startswith("PIP_") or name.lower().endswith("_proxy")
    }


def main() -> int:
    """The exit code of what the user did."""
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    name, *arguments = sys.argv[1:]
    if os.geteuid() != 0:
        sys.exit("only root can be another user")
    with other_user(name) as user:
        print(f"as {name}, with {user.python}: {' '.join(arguments)}", file=sys.stderr, flush=True)
        return user.run(arguments).returncode


if __name__ == "__main__":
    sys.exit(main())
