"""Runs a command, and says which processes outlive it.

Every process below it that loses its parent becomes a child of this one, in whatever session or process group it is, so
nothing can hide. On its first line of output is the process id of the command, on its second, as JSON: the exit code of
the command, and the command lines of the processes that were still there so many seconds after its end.

    python left_behind.py SECONDS COMMAND ...
"""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import time
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36


def main() -> None:
    """Nothing; does what the module says."""
    seconds, *command = sys.argv[1:]
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "this process cannot become the parent of orphans")
    process = subprocess.Popen(command)
    print(process.pid, flush=True)
    code = process.wait()
    deadline = time.monotonic() + float(seconds)
    while (left := _children()) and time.monotonic() < deadline:
        time.sleep(0.02)
    print(json.dumps([code, [_command_line(pid) for pid in left]]), flush=True)


def _children() -> list[int]:
    """The children of this process that have not ended; those that have are buried."""
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                break
        except ChildProcessError:
            return []
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    return [int(pid) for pid in children.split()]


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return f"process {pid}"


if __name__ == "__main__":
    main()
