"""Task folders in the layouts of other tools, as the texts and numbers of a task of ours.

An adapter only reads and arranges text. It decides nothing about a program by looking into it: what such a folder
holds is foreign, and is parsed and run by isolated workers alone. `task_definition` reads the files, strictly, makes
the `Task`, and finds out which layout a folder has.
"""
