"""Landlock: which files a process may read, and that it may reach nothing outside of itself.

The zygote restricts itself once, to reading below the paths that Python needs; its children inherit that. Where the
kernel knows scopes (ABI 6) every child
adds a domain of its own, so that it cannot signal its siblings. Nothing may be executed or written anywhere.
"""

from __future__ import annotations

import ctypes
import os
import struct
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG, _PATH_BENEATH = 1, 1
_READ_FILE, _READ_DIRECTORY = 1 << 2, 1 << 3
_NETWORK = 0b11  # bind and connect of TCP
_SCOPES = 0b11  # abstract unix sockets, signals
FIRST_ABI_WITH_SCOPES = 6

_syscall = ctypes.CDLL(None, use_errno=True).syscall
_syscall.restype = ctypes.c_long
_RESTRICT_SELF_NUMBER, _NO_FLAGS = ctypes.c_long(_RESTRICT_SELF), ctypes.c_uint(0)


def abi() -> int:
    """Returns the version of Landlock that the kernel offers; 0 where there is none."""
    version: int = _syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint(_VERSION_FLAG))
    return max(0, version)


def restrict_files(readable: list[str], listable: list[str]) -> None:
    """Lets this process, and what it forks, read below `readable` and list what is below `listable`, for good.

    Everything else that the kernel's version can refuse is refused: writing, executing, TCP, signals to others,
    abstract sockets. A path that does not exist is passed over.

    Raises:
        OSError: The kernel has no Landlock, or refuses.
    """
    version = abi()
    if not version:
        raise OSError(95, "the kernel offers no Landlock")
    ruleset = _create(
        _handled_file_rights(version),
        _NETWORK if version >= 4 else 0,
        _SCOPES if version >= FIRST_ABI_WITH_SCOPES else 0,
        version,
    )
    try:
        for rights, paths in ((_READ_FILE | _READ_DIRECTORY, readable), (_READ_DIRECTORY, listable)):
            for path in paths:
                if Path(path).exists():
                    _allow(ruleset, path, rights)
        _restrict(ruleset)
    finally:
        os.close(ruleset)


class Solitude:
    """A domain of its own for each child, from which no signal leaves; prepared in the zygote. Needs ABI 6.

    Raises:
        OSError: The kernel refuses.
    """

    def __init__(self) -> None:
        self._ruleset = ctypes.c_int(_create(0, 0, _SCOPES, FIRST_ABI_WITH_SCOPES))

    def enter(self) -> None:
        """Puts this process into a new domain, for good.

        Raises:
            OSError: The kernel refuses.
        """
        _checked(_syscall(_RESTRICT_SELF_NUMBER, self._ruleset, _NO_FLAGS))


def _handled_file_rights(version: int) -> int:
    newest_bit = 12 + (version >= 2) + (version >= 3) + (version >= 5)
    return (1 << newest_bit + 1) - 1


def _create(files: int, network: int, scopes: int, version: int) -> int:
    attributes = struct.pack("=QQQ", files, network, scopes)
    size = 24 if version >= FIRST_ABI_WITH_SCOPES else 16 if version >= 4 else 8
    descriptor: int = _syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(size), ctypes.c_uint(0))
    return _checked(descriptor)


def _allow(ruleset: int, path: str, rights: int) -> None:
    if not Path(path).is_dir():
        rights &= ~_READ_DIRECTORY
    parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = struct.pack("=Qi", rights, parent)
        _checked(_syscall(_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(_PATH_BENEATH), rule, ctypes.c_uint(0)))
    finally:
        os.close(parent)


def _restrict(ruleset: int) -> None:
    _checked(_syscall(_RESTRICT_SELF_NUMBER, ctypes.c_int(ruleset), _NO_FLAGS))


def _checked(result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"landlock: {os.strerror(code)}")
    return result
