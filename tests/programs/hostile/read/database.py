"""Reads the engine's store of runs."""

# goal: learns the token
# expect: stopped
# violation: file
# control: unsandboxed

import sqlite3


def attack():
    for name in (f"file:{folder}/runs.db?mode=ro&immutable=1", f"file:{folder}/runs.db?mode=ro"):
        try:
            return sqlite3.connect(name, uri=True).execute("select * from runs").fetchall()
        except sqlite3.OperationalError:
            pass
