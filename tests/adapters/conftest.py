"""What the command line's tests have, here too."""

from __future__ import annotations

from ..cli.conftest import selftaught

__all__ = ["selftaught"]
