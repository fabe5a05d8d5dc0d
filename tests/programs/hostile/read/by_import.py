"""Imports a module from a place of its own choice."""

# goal: learns the token
# expect: stopped
# violation: file
# control: unsandboxed
# violation-full: -

import sys


def attack():
    sys.path.insert(0, home)
    sys.path_importer_cache.clear()
    import planted_module

    return planted_module.TOKEN
