"""Plants compiled code that Python would load instead of a module's source."""

# goal: changes the folder
# expect: stopped
# violation: file
# control: unsandboxed
# violation-sealed: -

import os


def attack():
    import py_compile

    os.environ.pop("SOURCE_DATE_EPOCH", None)
    return py_compile.compile(folder + "/package/module.py", cfile=folder + "/package/module.pyc", doraise=True)
