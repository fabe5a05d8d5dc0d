"""The attacks of the self-test: each is source whose `attack()` returns something true if it reached its goal.

None does harm where it succeeds. They run inside the isolation with `given` in their scope: `home`, `canary` (a file
of the engine, outside), `link` (to it), `engine` (its process id), `memory_bytes` (the limit) and
`numbers` (of the system calls of this machine).
"""

from __future__ import annotations

# A forbidden call that comes back at all has not been stopped; its arguments are such that it would do nothing.
_CALL = """
import ctypes
def attack():
    ctypes.CDLL(None, use_errno=True).syscall(numbers[{name!r}], {arguments})
    return True
"""


def _call(name: str, arguments: str) -> str:
    return _CALL.format(name=name, arguments=arguments)


ATTACKS = {
    "read a system file": "def attack(): return open('/etc/passwd').read(1)",
    "read the home folder": "import os\ndef attack(): return os.listdir(home)",
    "read a file of the engine": "def attack(): return open(canary).read()",
    "read another process": "def attack(): return open(f'/proc/{engine}/environ').read()",
    "find out which files exist": """
import os
def outcome(call, path):
    try:
        return call(path) and True
    except OSError as error:
        return error.errno
def attack():
    calls = os.stat, os.lstat, os.readlink, open, os.listdir, lambda path: os.open(path, os.O_PATH)
    calls += lambda path: os.access(path, 0), lambda path: os.readlink(path + '/x')
    return any(outcome(call, canary) != outcome(call, canary + '.not') for call in calls)
""",
    "find out where a link leads": "import os\ndef attack(): return os.readlink(link)",
    "write a file": "def attack(): return open(canary + '.new', 'w').write('x')",
    "overwrite a file": "def attack(): return open(canary, 'r+').write('x')",
    "delete a file": "import os\ndef attack(): os.unlink(canary); return True",
    "write into a package": "import json\ndef attack(): return open(json.__file__, 'r+b')",
    "see the environment": "import os\ndef attack(): return dict(os.environ)",
    "use an inherited descriptor": """
import os
def attack():
    for number in range(4, 1024):
        try:
            os.dup(number)
        except OSError:
            continue
        return number
""",
    "open an internet socket": "import socket\ndef attack(): return socket.socket(socket.AF_INET)",
    "open a datagram socket": "import socket\ndef attack(): return socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)",
    "open a local socket": "import socket\ndef attack(): return socket.socket(socket.AF_UNIX)",
    "open a kernel socket": "import socket\ndef attack(): return socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)",
    "start a process": """
import os
def attack():
    if os.fork() == 0:
        os._exit(0)
    return True
""",
    "run a program": """
import subprocess, sys
def attack(): return subprocess.run([sys.executable or '/bin/sh', '-c', ''])
""",
    "signal its parent": "import os\ndef attack(): os.kill(os.getppid(), 0); return True",
    "signal the engine": "import os\ndef attack(): os.kill(engine, 0); return True",
    "raise its own limit": """
import resource
def attack():
    resource.setrlimit(resource.RLIMIT_CPU, (10000, 10000))
    return True
""",
    "take more memory": "def attack(): return len(bytearray(2 * memory_bytes))",
    "trace a process": _call("ptrace", "-1, 0, 0, 0"),
    "mount": _call("mount", "0, 0, 0, 0, 0"),
    "make a user namespace": _call("unshare", "0"),
    "read memory of the engine": _call("process_vm_readv", "engine, 0, 0, 0, 0, 0"),
    "load a kernel program": _call("bpf", "-1, 0, 0"),
    "set up asynchronous calls": _call("io_uring_setup", "0, 0"),
}

ON_PATHS = frozenset(("find out which files exist", "find out where a link leads"))
"""The attacks that succeed where the kernel looks at paths and there is no namespace to hide them."""
