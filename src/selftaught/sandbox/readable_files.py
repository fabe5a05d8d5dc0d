"""What lies below the paths that a child may read, found by the engine; of everything else nothing is ever looked at.

A path is followed here one name at a time, each below a descriptor of the folder before it and never through a link.
Where a link leads is read, and followed from the start again: it too must lie below what may be read. So what is
found never depends on anything outside, and neither does how long it takes.
"""

from __future__ import annotations

import itertools
import os
import posixpath
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from errno import EACCES, EINVAL, ELOOP, ENOENT

MAX_LINKS = 40
MAX_COMPONENTS = 64
"""How deep a path is looked at; nothing that Python needs is deeper."""

_PLACE = os.O_PATH | os.O_CLOEXEC
_SEARCH, _READ = 0o1, 0o4


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Whose rights count where the engine, being root, could read everything.

    Attributes:
        uid: The user that children run as.
        groups: Their groups.
    """

    uid: int
    groups: frozenset[int]

    def may(self, want: int, status: os.stat_result) -> bool:
        """Returns whether the permission bits of a file give them what is wanted (`0o4` read, `0o1` search)."""
        shift = 6 if status.st_uid == self.uid else 3 if status.st_gid in self.groups else 0
        return status.st_mode >> shift & want == want


class ReadableFiles:
    """The files below some paths, and folders of which only the names may be read.

    Args:
        readable: Files and folders; all that lies below is found.
        listable: Folders that are found themselves.
        reader: Whose rights count; None where they are the engine's own, and the kernel decides.
    """

    def __init__(self, readable: Iterable[str], listable: Iterable[str], reader: Reader | None) -> None:
        self._roots = frozenset(name for path in readable for name in (path, os.path.realpath(path)))
        self._listable = frozenset(listable)
        self._reader = reader

    @contextmanager
    def place(self, path: str, *, follow: bool) -> Iterator[int]:
        """A descriptor that stands for a file, without the right to read it; it is closed when the block is left.

        Args:
            path: Absolute, without `.` and `..`.
            follow: Whether a link at its end is followed.

        Raises:
            OSError: There is no such file; the same error for whatever lies outside.
        """
        descriptor = self._find(path, follow=follow)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def status(self, path: str, *, follow: bool) -> os.stat_result:
        """Returns what `stat` tells of a file.

        Raises:
            OSError: There is no such file.
        """
        with self.place(path, follow=follow) as place:
            return os.fstat(place)

    def target(self, path: str) -> bytes:
        """Returns where a link leads, as it is written there.

        Raises:
            OSError: There is no such file, or it is no link.
        """
        with self.place(path, follow=False) as place:
            if not stat.S_ISLNK(os.fstat(place).st_mode):
                raise OSError(EINVAL, os.strerror(EINVAL))
            return os.readlink(b"", dir_fd=place)

    def require_access(self, path: str, mode: int, *, follow: bool) -> None:
        """Returns if a file can be used as `access` is asked; nothing can be written.

        Raises:
            OSError: There is no such file, or it cannot be used so.
        """
        with self.place(path, follow=follow) as place:
            self._require(mode & (_READ | _SEARCH), place)
            if mode & os.W_OK or not os.access(_name_of(place), mode, effective_ids=True):
                raise OSError(EACCES, os.strerror(EACCES))

    def open(self, path: str, flags: int) -> int:
        """Returns a descriptor for reading a regular file, or for listing a folder; the caller closes it.

        Args:
            path: Absolute, without `.` and `..`.
            flags: Of these `O_DIRECTORY` and `O_NOFOLLOW` count.

        Raises:
            OSError: There is no such file, or it may not be read.
        """
        with self.place(path, follow=not flags & os.O_NOFOLLOW) as place:
            kind = stat.S_IFMT(os.fstat(place).st_mode)
            if kind == stat.S_IFLNK:
                raise OSError(ELOOP, os.strerror(ELOOP))
            if kind not in (stat.S_IFREG, stat.S_IFDIR):  # opening a pipe or a device can have effects, or wait
                raise OSError(EACCES, os.strerror(EACCES))
            self._require(_READ, place)
            return os.open(_name_of(place), os.O_RDONLY | os.O_CLOEXEC | flags & os.O_DIRECTORY)

    def _find(self, path: str, *, follow: bool) -> int:
        for _ in range(MAX_LINKS):
            root = self._root_of(path)
            names = [name for name in path[len(root) :].split("/") if name]
            found = self._walk(root, names, follow=follow)
            if isinstance(found, int):
                return found
            path = found
        raise OSError(ELOOP, os.strerror(ELOOP))

    def _root_of(self, path: str) -> str:
        """The readable path that a path lies below, by its text alone."""
        is_listed = False
        for above in folders_of(path):
            if above in self._roots or (above == path and above in self._listable):
                return above
            is_listed = is_listed or above in self._listable
        error = EACCES if is_listed else ENOENT
        raise OSError(error, os.strerror(error))

    def _walk(self, root: str, names: list[str], *, follow: bool) -> int | str:
        """A descriptor of what lies there; or, where a link is on the way, the path that it makes of this one."""
        place = os.open(root, _PLACE)
        try:
            for index, name in enumerate(names):
                self._require(_SEARCH, place)
                above, place = place, os.open(name, _PLACE | os.O_NOFOLLOW, dir_fd=place)
                os.close(above)
                is_last = index + 1 == len(names)
                if (follow or not is_last) and stat.S_ISLNK(os.fstat(place).st_mode):
                    led = normalised(root, *names[:index], os.readlink("", dir_fd=place), *names[index + 1 :])
                    os.close(place)
                    return led
        except BaseException:
            os.close(place)
            raise
        return place

    def _require(self, want: int, place: int) -> None:
        if self._reader is not None and not self._reader.may(want, os.fstat(place)):
            raise OSError(EACCES, os.strerror(EACCES))


def folders_of(path: str) -> Iterator[str]:
    """Yields every folder on the way to a path, and the path itself, the outermost first."""
    parts = path.split("/", MAX_COMPONENTS)[1:MAX_COMPONENTS]
    return itertools.accumulate(parts, lambda folder, part: f"{folder}/{part}", initial="")


def normalised(folder: str, *names: str) -> str:
    """Returns the absolute path that names below a folder make, by their text alone."""
    return posixpath.normpath("/" + posixpath.join(folder, *names).lstrip("/"))


def _name_of(descriptor: int) -> str:
    return f"/proc/self/fd/{descriptor}"
