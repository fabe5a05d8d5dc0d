"""Which names are findings, of which kind. Names are qualified: `system` of `from os import system` is `os.system`.

The longest rule that a name begins with decides, so a module's rule holds for all in it but what has one of its own;
`NOTHING` makes an exception. What a call returns is written `open()`, so a method of it is `open().read`.
"""

from __future__ import annotations

import re

NOTHING = ""
MAX_RULE_PARTS = 3


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _rules(kind: str, names: str, prefix: str = "") -> dict[str, str]:
    return {prefix + name: kind for name in names.split()}


QUALIFIED: dict[str, str] = {
    **_rules(
        "network",
        """
        socket ssl ftplib smtplib smtpd poplib imaplib nntplib telnetlib xmlrpc socketserver asyncore asynchat
        webbrowser http.client http.server http.cookiejar urllib.request urllib.robotparser urllib.urlopen urllib3
        requests httpx aiohttp websocket websockets paramiko pycurl dns scapy zmq grpc multiprocessing.connection
        asyncio.open_connection asyncio.open_unix_connection asyncio.start_server asyncio.start_unix_server
        logging.handlers.SocketHandler logging.handlers.DatagramHandler logging.handlers.HTTPHandler
        logging.handlers.SysLogHandler logging.handlers.SMTPHandler
        """,
    ),
    **_rules(
        "process", "subprocess multiprocessing pty concurrent.futures.ProcessPoolExecutor concurrent.futures.process"
    ),
    **_rules("process", "asyncio.create_subprocess_exec asyncio.create_subprocess_shell signal.pidfd_send_signal"),
    **_rules("process", "resource.setrlimit resource.prlimit _posixsubprocess pexpect psutil sh joblib.Parallel"),
    **_rules(
        "process",
        """
        system popen fork forkpty vfork execl execle execlp execlpe execv execve execvp execvpe spawnl spawnle
        spawnlp spawnlpe spawnv spawnve spawnvp spawnvpe posix_spawn posix_spawnp startfile kill killpg pidfd_open
        setsid setpgid setuid setgid setns unshare nice setpriority sched_setaffinity memfd_create wait waitpid
        wait3 wait4 waitid
        """,
        "os.",
    ),
    **_rules(NOTHING, "multiprocessing.cpu_count multiprocessing.pool.ThreadPool multiprocessing.dummy"),
    **_rules("native_code", "ctypes cffi mmap.PROT_EXEC numpy.ctypeslib numpy.f2py distutils pyximport llvmlite"),
    **_rules(
        "files",
        """
        builtins.open io.FileIO codecs.open shutil tempfile glob fileinput linecache zipfile tarfile gzip.open
        gzip.GzipFile bz2.open bz2.BZ2File lzma.open lzma.LZMAFile shelve dbm sqlite3.connect filecmp
        pkgutil.get_data py_compile compileall zipimport importlib.resources logging.FileHandler
        logging.handlers.RotatingFileHandler numpy.load numpy.save numpy.savez numpy.savez_compressed numpy.loadtxt
        numpy.savetxt numpy.genfromtxt numpy.fromfile numpy.memmap pandas.read_csv pandas.read_json
        pandas.read_pickle pandas.read_parquet joblib.dump
        """,
    ),
    **_rules(
        "files",
        """
        open remove unlink rename renames replace mkdir makedirs rmdir removedirs listdir scandir walk fwalk chmod
        chown lchown link symlink readlink truncate utime mkfifo mknod stat lstat statvfs access chdir fchdir chroot
        fchmod fchown setxattr getxattr listxattr removexattr path.exists path.lexists path.isfile path.isdir
        path.islink path.ismount path.getsize path.getmtime path.samefile
        """,
        "os.",
    ),
    **_rules("environment", "os.environ os.environb os.getenv os.getenvb os.putenv os.unsetenv os.getlogin"),
    **_rules("environment", "os.path.expanduser os.path.expandvars pwd grp spwd getpass keyring dotenv"),
    **_rules(
        "new_model",
        """
        openai anthropic litellm google.generativeai google.genai vertexai cohere mistralai groq together ollama
        replicate huggingface_hub transformers langchain langchain_openai llama_cpp vllm dspy
        """,
    ),
    **_rules("frames", "sys._getframe sys._current_frames sys.settrace sys.setprofile sys.monitoring"),
    **_rules(
        "frames", "inspect.currentframe inspect.stack inspect.trace inspect.getouterframes inspect.getinnerframes"
    ),
    **_rules("frames", "gc.get_objects gc.get_referrers gc.get_referents threading.settrace threading.setprofile"),
    **_rules("frames", "traceback.walk_stack traceback.walk_tb traceback.extract_stack"),
    **_rules(
        "dynamic_code",
        """
        builtins.exec builtins.eval builtins.compile importlib.import_module importlib.reload importlib.machinery
        importlib.util.module_from_spec importlib.util.spec_from_file_location importlib.util.spec_from_loader imp
        pickle.load pickle.loads pickle.Unpickler marshal.load marshal.loads dill cloudpickle joblib.load runpy code
        codeop types.CodeType types.FunctionType
        """,
    ),
    **_rules("patching", "unittest.mock mock"),
    **_rules("exit", "os._exit os.abort sys.exit builtins.exit"),
    **_rules("exit", "builtins.quit atexit signal.signal signal.sigaction"),
    **_rules("exit", "signal.set_wakeup_fd signal.setitimer signal.alarm signal.raise_signal signal.pthread_kill"),
    **_rules(
        "raw_descriptors",
        """
        read write dup dup2 close closerange pipe pipe2 fdopen lseek pread pwrite preadv pwritev readv writev
        sendfile splice ftruncate set_inheritable set_blocking copy_file_range eventfd
        """,
        "os.",
    ),
    **_rules("raw_descriptors", "socket.fromfd socket.send_fds socket.recv_fds fcntl termios tty"),
    **_rules("threads", "threading.Thread threading.Timer"),
    "_thread": "threads",
}

THE_SAME = {
    "posix": "os",
    "nt": "os",
    "posixpath": "os.path",
    "io.open": "builtins.open",
    "_io.open": "builtins.open",
    "_io.FileIO": "io.FileIO",
    "_socket": "socket",
    "_ssl": "ssl",
    "_ctypes": "ctypes",
    "_pickle": "pickle",
    "_signal": "signal",
    "_imp": "imp",
    "__builtin__": "builtins",
}
"""Other names of the same things."""

ATTRIBUTES: dict[str, str] = {
    **_rules("frames", "f_back f_locals f_globals f_builtins f_code tb_frame tb_next gi_frame cr_frame ag_frame"),
    **_rules("frames", "_getframe __traceback__"),
    **_rules("dunder", "__subclasses__ __globals__ __builtins__ __code__ __mro__ __bases__ __base__ __closure__"),
    **_rules("dunder", "__loader__ __getattribute__"),
}
"""Attributes that are findings whatever has them; `getattr(x, "name")` counts as one."""

NAMES = {"__builtins__": "dunder", "__loader__": "dunder"}
"""The same for bare names that nothing in the program binds."""

ATTRIBUTES_OF_UNKNOWN = {
    **_rules("files", "read_text write_text read_bytes write_bytes iterdir rglob"),
    "expanduser": "environment",
}
"""Attributes that are findings where nothing is known of what has them: elsewhere they mean something else."""

PATH_METHODS = _words("""
    open read_text write_text read_bytes write_bytes exists is_file is_dir is_symlink stat lstat iterdir glob rglob walk
    mkdir touch unlink rmdir rename replace chmod symlink_to hardlink_to readlink resolve samefile owner group
    """)
PATHS = ("pathlib.Path", "pathlib.PosixPath")
"""Making a path touches nothing; these methods of one do."""

DYNAMIC_IMPORTS = ("builtins.__import__", "importlib.import_module", "importlib.__import__")
WORTH_HIDING = _words("os sys builtins socket subprocess importlib ctypes shutil signal gc")
"""Modules of which a computed attribute is a finding: `getattr(os, name)`."""

OWN_OUTPUT = frozenset(("sys.stdout", "sys.stderr", "sys.stdin", "sys.__stdout__", "sys.__stderr__"))
"""Replacing these is how a program keeps its own output; it touches nobody else's."""

# ---------------------------------------------------------------- what improvers are given

UTILITY, MODEL = "@utility", "@language_model"
GIVEN = {
    **dict.fromkeys(("utility", "meta_utility", "utility_function", "utility_fn"), UTILITY),
    **dict.fromkeys(("language_model", "language_models"), MODEL),
}
"""Parameters and attributes with these names are taken for the utility and the language model."""

OFTEN_GIVEN = _words("u lm llm model m")
"""These may be them, so only what is set on them by its right name counts."""

ENTRY = "improve_algorithm"
BUDGET_ATTRIBUTES = _words("budget uses times_used max_responses_per_call max_responses increment_uses remaining")
TELLING_BUDGET_ATTRIBUTES = _words("times_used max_responses_per_call increment_uses")
"""These mean the interface whatever they are set on, unless it is `self`."""

# ---------------------------------------------------------------- switches of a sandbox

SANDBOX_ON = _words("use_sandbox sandbox sandboxed enable_sandbox sandbox_enabled run_in_sandbox exec_in_sandbox")
SANDBOX_OFF = _words("no_sandbox disable_sandbox skip_sandbox without_sandbox unsandboxed unsafe_no_isolation")
SANDBOX_FUNCTIONS = frozenset(("exec_in_sandbox",))
"""Rebinding one of these is a finding whatever the value."""

SANDBOX_OFF_IN_TEXT = re.compile(
    rf"\b(?:{'|'.join(sorted(SANDBOX_ON))})['\"]?\s{{0,9}}[=:]\s{{0,9}}(?:False|false|0)\b"
    rf"|\b(?:{'|'.join(sorted(SANDBOX_OFF))})['\"]?\s{{0,9}}[=:]\s{{0,9}}(?:True|true|1)\b"
)


def canonical(name: str) -> str:
    """The qualified name under which the rules know something."""
    parts = name.split(".")
    for length in range(min(len(parts), MAX_RULE_PARTS), 0, -1):
        same = THE_SAME.get(".".join(parts[:length]))
        if same is not None:
            return ".".join([same, *parts[length:]])
    return name


def kind_of(name: str) -> str:
    """The kind of finding that a qualified name is; `NOTHING` if none."""
    parts = name.split(".")
    if name.startswith(PATHS):
        return _kind_of_path(parts[-1].removesuffix("()"))
    for length in range(min(len(parts), MAX_RULE_PARTS), 0, -1):
        kind = QUALIFIED.get(".".join(parts[:length]).removesuffix("()"))
        if kind is not None:
            return kind
    return NOTHING


def _kind_of_path(method: str) -> str:
    if method in ("expanduser", "home"):
        return "environment"
    return "files" if method in PATH_METHODS else NOTHING
