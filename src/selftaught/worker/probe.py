"""Role `probe`: runs one of the engine's own attacks, to see whether the isolation holds.

The attacks are ours and say honestly whether they reached their goal: each is source whose `attack()` returns
something true when it did.
"""

from __future__ import annotations

from typing import Any

from .wire import Channel


def main(channel: Channel, start: object) -> None:
    """Answers `{"reached": bool, "detail": str}` for the source in `start`."""
    if not isinstance(start, dict):
        raise TypeError("a probe starts with its source")
    scope: dict[str, Any] = {"__name__": "__probe__", "channel": channel, **start.get("given", {})}
    exec(compile(start["source"], "<probe>", "exec"), scope)
    try:
        reached = scope["attack"]()
    except Exception as error:  # noqa: BLE001 - how the attack failed is the answer
        channel.send({"reached": False, "detail": f"{type(error).__name__}: {error}"})
    else:
        channel.send({"reached": bool(reached), "detail": repr(reached)[:200]})
