"""What a Python inside the isolation must see of this machine, and nothing else: its library and shared libraries."""

from __future__ import annotations

import importlib.util
import os
import sys
from dataclasses import dataclass
from pathlib import Path

WORKER = Path(__file__).resolve().parent.parent / "worker"
NEEDED_PACKAGES = ("numpy", "msgspec", "markdown_it", "mdurl")
LIBRARY_FOLDERS = ("/usr/lib", "/usr/lib64", "/usr/lib32", "/lib", "/lib64", "/lib32", "/etc/ld.so.cache")


@dataclass(frozen=True, kw_only=True)
class PythonPaths:
    """Where the interpreter's parts are.

    Attributes:
        executable: The interpreter itself, not the link to it in a virtual environment.
        site_packages: What is put on `sys.path` in the zygote.
        readable: Everything that must be readable inside, shortest first, none below another.
    """

    executable: str
    site_packages: list[str]
    readable: list[str]

    @classmethod
    def of_this_python(cls) -> PythonPaths:
        """Returns the paths of the interpreter that runs this."""
        executable = str(Path(getattr(sys, "_base_executable", None) or sys.executable).resolve())
        packages = _site_packages()
        standard = str(Path(os.__file__).resolve().parent)
        base = Path(sys.base_prefix).resolve() / "lib"
        wanted = [
            executable,
            standard,
            *packages,
            str(WORKER),
            *LIBRARY_FOLDERS,
            *_mapped_libraries(),
            *_loose_libraries(base),
        ]
        return cls(executable=executable, site_packages=packages, readable=_outermost(wanted))

    def readable_by_others(self) -> bool:
        """Returns whether an unprivileged user could read all of it, as far as the permission bits tell."""
        return all(_open_to_others(Path(path)) for path in (self.executable, *self.readable))


def _site_packages() -> list[str]:
    found = [entry for entry in sys.path if Path(entry).name in ("site-packages", "dist-packages")]
    for name in NEEDED_PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            found.append(str(Path(spec.origin).parent.parent))
    return list(dict.fromkeys(str(Path(entry).resolve()) for entry in found if Path(entry).is_dir()))


def _mapped_libraries() -> list[str]:
    """The shared libraries that this process uses, wherever they are."""
    try:
        lines = Path("/proc/self/maps").read_text().splitlines()
    except OSError:
        return []
    files = {line.split(maxsplit=5)[5] for line in lines if line.count("/") and ".so" in line}
    return sorted(str(Path(file).resolve()) for file in files if Path(file).is_file())


def _loose_libraries(folder: Path) -> list[str]:
    """Shared libraries in the interpreter's own `lib`, such as those that conda puts there."""
    return sorted(str(file) for file in folder.glob("*.so*") if file.is_file())


def _outermost(paths: list[str]) -> list[str]:
    kept: list[str] = []
    for path in sorted({path for path in paths if Path(path).exists()}, key=len):
        if not any(path == other or path.startswith(f"{other}/") for other in kept):
            kept.append(path)
    return kept


def _open_to_others(path: Path) -> bool:
    try:
        wanted = 0o5 if path.is_dir() else 0o4
        return path.stat().st_mode & wanted == wanted and all(parent.stat().st_mode & 0o1 for parent in path.parents)
    except OSError:
        return False
