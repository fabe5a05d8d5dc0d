"""The command line: what is asked for goes to the engine, what comes out is shown. No decision is made here."""

from selftaught.cli.app import main

__all__ = ["main"]
