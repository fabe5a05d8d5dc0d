"""Which isolation this machine can give: found by trying, never by what is installed."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from selftaught.errors import SandboxError
from selftaught.sandbox.limits import Mode
from selftaught.sandbox.python_paths import PythonPaths
from selftaught.sandbox.zygote_process import Plan, ZygoteProcess, ZygoteRefused
from selftaught.worker.seccomp import Files

MODES: tuple[Mode, ...] = ("full", "confined", "sealed")
FILES: dict[Mode, tuple[Files, ...]] = {
    "full": (Files.BY_KERNEL,),
    "confined": (Files.BY_ENGINE, Files.BY_KERNEL),
    "sealed": (Files.CLOSED,),
    "unsandboxed": (Files.BY_KERNEL,),
}
"""Who may carry out calls on files, the better first."""
NOBODY = 65534

NOT_INSTALLED = "bubblewrap is not installed"
IN_THE_LIBRARY = "this package lies in the system's library, which programs may read"
_MENDS = (
    (IN_THE_LIBRARY, "install selftaught in a virtual environment"),
    (NOT_INSTALLED, "install bubblewrap 0.8 or newer (`apt install bubblewrap`, `dnf install bubblewrap`)"),
    ("nknown option", "install bubblewrap 0.8 or newer"),
    (
        "ermission",
        "let bwrap use unprivileged user namespaces (Ubuntu 24.04: an AppArmor profile for it, or "
        "`sysctl kernel.apparmor_restrict_unprivileged_userns=0`; a container: a seccomp profile that allows them)",
    ),
    (
        "andlock",
        "use Linux 5.13 or newer with Landlock among its security modules (`lsm=landlock,...` on its command line)",
    ),
)
_GENERAL_MEND = "see `selftaught doctor`"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The isolation that works here.

    Attributes:
        plan: How zygotes are started.
        zygote: The first one, started to find out.
        causes: Why each stronger mode does not work here.
        why_paths_show: Why programs can find out which paths exist; None where they cannot, or nothing is isolated.
    """

    plan: Plan
    zygote: ZygoteProcess
    causes: dict[Mode, str] = field(default_factory=dict)
    why_paths_show: str | None = None

    @property
    def warning(self) -> str | None:
        """One sentence with cause and mend; None in the mode `full`."""
        if self.plan.mode == "full":
            return None
        if self.plan.mode == "unsandboxed":
            return "programs run without isolation and can do whatever you can; mend: leave out --unsafe-no-isolation"
        shows = f" (programs can find out which paths exist: {self.why_paths_show})" if self.why_paths_show else ""
        isolation = f"the isolation is {self.plan.mode}{shows}, not full"
        if not self.causes:
            return f"{isolation}, because that was asked for; mend: ask for `auto`"
        causes = "; ".join(self.causes.values())
        return f"{isolation}: {causes}; mend: {mend_of(next(iter(self.causes.values())))}"


async def choose(mode: Literal["auto", "full", "confined", "sealed", "unsandboxed"]) -> Choice:
    """Returns the strongest isolation that can be set up here, or the one asked for.

    Raises:
        SandboxError: None can be set up, or not the one asked for.
    """
    if sys.platform != "linux":
        raise SandboxError(
            "the isolation needs Linux; on Windows use WSL2, on macOS a Linux virtual machine or container"
        )
    causes: dict[Mode, str] = {}
    why_paths_show: str | None = None
    for plan in plans(mode):
        cause = missing(plan)
        if cause is None:
            try:
                zygote = await ZygoteProcess.start(plan)
            except ZygoteRefused as error:
                cause = str(error)
            else:
                causes.pop(plan.mode, None)
                shows = plan.mode == "confined" and plan.files is Files.BY_KERNEL
                return Choice(plan=plan, zygote=zygote, causes=causes, why_paths_show=why_paths_show if shows else None)
        causes[plan.mode] = cause
        why_paths_show = cause if plan.files is Files.BY_ENGINE else why_paths_show
    told = "; ".join(f"{tried}: {cause}" for tried, cause in causes.items())
    raise SandboxError(f"programs cannot be isolated here ({told}); mend: {mend_of(next(reversed(causes.values())))}")


def plans(mode: str) -> Iterator[Plan]:
    """Yields what to try, the strongest first; as root another user first, where that user can read Python."""
    paths = PythonPaths.of_this_python()
    bubblewrap = shutil.which("bwrap") or ""
    modes: tuple[Mode, ...] = (
        ("unsandboxed",) if mode == "unsandboxed" else tuple(m for m in MODES if mode in ("auto", m))
    )
    users = [NOBODY, None] if os.geteuid() == 0 and paths.readable_by_others() and mode != "unsandboxed" else [None]
    for tried in modes:
        for files in FILES[tried]:
            for uid in users:
                yield Plan(mode=tried, files=files, uid=uid, bubblewrap=bubblewrap, paths=paths)


def missing(plan: Plan) -> str | None:
    """Returns what is plainly not there for a plan, so that it need not be tried."""
    if plan.mode == "full" and not plan.bubblewrap:
        return NOT_INSTALLED
    if plan.mode in ("full", "confined") and plan.paths.exposes_package():
        return IN_THE_LIBRARY
    return None


def mend_of(cause: str) -> str:
    """Returns what a person can do about a cause."""
    return next((mend for sign, mend in _MENDS if sign in cause), _GENERAL_MEND)
