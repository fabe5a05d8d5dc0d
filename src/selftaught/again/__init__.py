"""Runs on record, done again: replayed without a model, or taken up where they ended.

recorded.py      what is on record of a run: settings, tasks, improvers, model
carry_out.py     the same kind of run with the same settings
replay.py        the whole run without its model, and whether the same came of it
differences.py   where two runs differ, and why that can be
"""
