"""Opening the store that a command means: one that can never be used is a wrong call, one that is busy is not."""

from __future__ import annotations

from pathlib import Path

from selftaught.errors import ConfigError, StoreError, StoreUnavailable
from selftaught.store import Store
from selftaught.store.clock import now


def open_store(location: str | Path, *, read_only: bool = False) -> Store:
    """The store at `location`, which is closed at the end of its `with`.

    Raises:
        ConfigError: No store can be there, or what is there is none, or it may not be written.
        StoreUnavailable: It is locked by another process, or there is no room for it.
    """
    try:
        return Store.open(location, read_only=read_only, clock=now)
    except StoreUnavailable:
        raise
    except StoreError as error:
        raise ConfigError(str(error)) from error
