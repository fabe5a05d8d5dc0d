"""Isolation and limits: where untrusted programs run, what they may use, and how they ended.

    Sandbox ── Zygote (one per worker) ── Child (one per job) ══ socket ══ role in `selftaught.worker`

`Sandbox.start` finds the strongest isolation that works here (`modes`), attacks it once (`self_test`), and refuses if
it does not hold.
"""

from selftaught.sandbox.child import Child, ChildEnded, WorkerLost
from selftaught.sandbox.doctor import Diagnosis, Layer, diagnose
from selftaught.sandbox.limits import Limits, SandboxConfig
from selftaught.sandbox.losses import despite_losses
from selftaught.sandbox.sandbox import Sandbox

__all__ = [
    "Child",
    "ChildEnded",
    "Diagnosis",
    "Layer",
    "Limits",
    "Sandbox",
    "SandboxConfig",
    "WorkerLost",
    "despite_losses",
    "diagnose",
]
