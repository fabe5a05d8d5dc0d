"""Changes the engine's store of runs."""

# goal: changes the folder
# expect: stopped
# violation: file
# control: unsandboxed

import sqlite3


def attack():
    database = sqlite3.connect(folder + "/runs.db")
    database.execute("delete from runs")
    database.commit()
    return True
