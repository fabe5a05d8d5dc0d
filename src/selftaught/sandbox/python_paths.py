"""What a Python inside the isolation must see of this machine, and nothing else: its library and shared libraries."""

from __future__ import annotations

import importlib.util
import os
import sys
from dataclasses import dataclass
from pathlib import Path

WORKER = Path(__file__).resolve().parent.parent / "worker"
NEEDED_PACKAGES = ("numpy", "msgspec", "markdown_it", "mdurl")
PACKAGE_FOLDERS = ("site-packages", "dist-packages")
LIBRARY_FOLDERS = ("/usr/lib", "/usr/lib64", "/usr/lib32", "/lib", "/lib64", "/lib32", "/etc/ld.so.cache")


@dataclass(frozen=True, kw_only=True)
class PythonPaths:
    """Where the interpreter's parts are.

    Attributes:
        executable: The interpreter itself, not the link to it in a virtual environment.
        site_packages: What is put on `sys.path` in the zygote.
        readable: Everything whose content must be readable inside, shortest first, none below another. Where this
            package, which holds reference solutions, lies in a folder of packages, it is all else in that folder.
        listable: Those folders, of which only the names need be there.
        searched: Where the interpreter looks beyond that, in vain, for libraries and for the files of a build of its
            own; no sign of a bad intent.
    """

    executable: str
    site_packages: list[str]
    readable: list[str]
    listable: list[str]
    searched: list[str]

    @classmethod
    def of_this_python(cls) -> PythonPaths:
        """Returns the paths of the interpreter that runs this."""
        executable = str(Path(getattr(sys, "_base_executable", None) or sys.executable).resolve())
        packages = _site_packages()
        standard = str(Path(os.__file__).resolve().parent)
        listable = [folder for folder in (standard, *packages) if _holds_this_package(folder)]
        whole = [folder for folder in (standard, *packages) if folder not in listable]
        base = Path(sys.base_prefix).resolve() / "lib"
        wanted = [
            executable,
            *whole,
            *(entry for folder in listable for entry in _entries(folder)),
            str(WORKER),
            *LIBRARY_FOLDERS,
            *_mapped_libraries(),
            *_loose_libraries(base),
        ]
        return cls(
            executable=executable,
            site_packages=packages,
            readable=_outermost(wanted),
            listable=listable,
            searched=[str(base), str(Path(executable).parent / "Modules")],
        )

    @property
    def visible(self) -> list[str]:
        """The folders and files that hold all of it, none below another."""
        return _outermost([*self.readable, *self.listable])

    def exposes_package(self) -> bool:
        """Returns whether programs could read this package's own files, the reference solutions of tasks among them."""
        tasks = str(WORKER.parent / "tasks")
        return any(_lies_in(tasks, path) for path in map(os.path.realpath, self.readable))

    def readable_by_others(self) -> bool:
        """Returns whether an unprivileged user could read all of it, as far as the permission bits tell."""
        return all(_open_to_others(Path(path)) for path in (self.executable, *self.readable, *self.listable))


def _site_packages() -> list[str]:
    found = [entry for entry in sys.path if Path(entry).name in PACKAGE_FOLDERS]
    for name in NEEDED_PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            found.append(str(Path(spec.origin).parent.parent))
    return list(dict.fromkeys(str(Path(entry).resolve()) for entry in found if Path(entry).is_dir()))


def _holds_this_package(folder: str) -> bool:
    """Whether this package lies in a folder, or in a folder of packages in it; each child pays for what is listed."""
    return any((Path(folder) / place / "selftaught").is_dir() for place in ("", *PACKAGE_FOLDERS))


def _entries(folder: str) -> list[str]:
    """What lies in the library or in a folder of packages, without this package and the folders that may hold it."""
    entries = [entry for entry in Path(folder).iterdir() if entry.name not in PACKAGE_FOLDERS]
    return [str(entry) for entry in entries if not entry.name.startswith("selftaught")]


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
        if not any(_lies_in(path, other) for other in kept):
            kept.append(path)
    return kept


def _lies_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


def _open_to_others(path: Path) -> bool:
    try:
        wanted = 0o5 if path.is_dir() else 0o4
        return path.stat().st_mode & wanted == wanted and all(parent.stat().st_mode & 0o1 for parent in path.parents)
    except OSError:
        return False
