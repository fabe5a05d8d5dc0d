"""Bundled tasks, a folder each; their files are read, copied and executed in isolation, never imported from here."""
